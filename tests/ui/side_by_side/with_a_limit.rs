#[safe_state::resumable(threads = 4, timeout = "5s")]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

#[safe_state::resumable(threads = 4, item_timeout = "5s", carry(sum))]
fn sum_ahead(mails: Vec<u32>) -> u32 {
    let mut sum = 0;
    for mail in mails {
        let words = safe_state::ahead!(mail + 1);
        sum += words;
    }
    sum
}

fn main() {}
