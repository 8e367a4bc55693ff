#[safe_state::resumable(concurrency = 4, threads = 4)]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
