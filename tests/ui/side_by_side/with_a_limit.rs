#[safe_state::resumable(threads = 4, item_timeout = "5s")]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
