use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(count), key = |row| row)]
fn rows() -> u32 {
    let mut count = 0;
    while count < 3 {
        count += 1;
        checkpoint!();
    }
    count
}

fn main() {}
