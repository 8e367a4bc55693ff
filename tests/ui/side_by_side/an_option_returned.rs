#[safe_state::resumable(threads = 4)]
fn send(mails: Vec<u32>) -> Option<u32> {
    for mail in mails {
        mail.checked_sub(1)?;
    }
    Some(0)
}

fn main() {}
