#[safe_state::resumable(threads = 4)]
fn send(mails: Vec<u32>) -> Result<(), Box<dyn std::error::Error>> {
    for mail in mails {
        if mail == 7 {
            return Err("seven".into());
        }
    }
    Ok(())
}

fn main() {}
