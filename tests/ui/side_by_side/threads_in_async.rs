#[safe_state::resumable(threads = 4)]
async fn send(mails: Vec<u32>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
