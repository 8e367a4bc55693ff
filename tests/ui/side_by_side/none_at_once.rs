#[safe_state::resumable(threads = 0)]
fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
