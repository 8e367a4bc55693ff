#[safe_state::resumable(threads = 4096)]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
