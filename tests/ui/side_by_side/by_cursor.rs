#[safe_state::resumable(threads = 4, cursor = |mail| *mail)]
fn send(mails: Vec<u32>) {
    for mail in mails.into_iter().skip_while(|mail| Some(*mail) <= safe_state::cursor!()) {
        println!("{mail}");
    }
}

fn main() {}
