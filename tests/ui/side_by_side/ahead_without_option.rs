use safe_state::{ahead, resumable};

#[resumable]
fn send(mails: Vec<u32>) {
    for mail in mails {
        let text = ahead!(mail.to_string());
        println!("{text}");
    }
}

fn main() {}
