use safe_state::{ahead, resumable};

#[resumable(threads = 2)]
fn send(mails: Vec<u32>) {
    for mail in mails {
        let text = ahead!(if mail == 7 { break } else { mail.to_string() });
        println!("{text}");
    }
}

fn main() {}
