use safe_state::{checkpoint, resumable};

macro_rules! info {
    ($text:literal, $total:ident) => {
        $total += 1
    };
}

#[resumable(manual, carry(total))]
fn count() -> u64 {
    let mut total: u64 = 0;
    info!("from {}", total);
    while total < 10 {
        total += 1;
        checkpoint!();
    }
    total
}

fn main() {
    count();
}
