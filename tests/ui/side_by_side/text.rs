#[safe_state::resumable(threads = "all")]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
