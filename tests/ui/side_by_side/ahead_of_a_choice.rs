use safe_state::{ahead, resumable};

#[resumable(threads = 2)]
fn send(mails: Vec<u32>) {
    for mail in mails {
        let text = if mail == 7 { String::new() } else { ahead!(mail.to_string()) };
        println!("{mail}: {text}");
    }
}

fn main() {}
