use std::rc::Rc;

#[safe_state::resumable(threads = 4, check = |mail| **mail)]
fn send(mails: Vec<Rc<u32>>) {
    for mail in mails {
        println!("{mail}");
    }
}

fn main() {}
