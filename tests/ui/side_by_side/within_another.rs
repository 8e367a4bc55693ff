use safe_state::resumable;

#[resumable]
fn send(lists: Vec<Vec<u32>>) {
    #[resume(threads = 2)]
    for list in lists {
        #[resume]
        for mail in list {
            println!("{mail}");
        }
    }
}

fn main() {}
