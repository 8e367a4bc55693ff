use safe_state::{cursor, resumable};

fn rows_after(last: Option<u64>) -> impl Iterator<Item = u64> {
    last.map_or(0, |last| last + 1)..3
}

#[resumable(cursor = |row| *row)]
fn count() -> u64 {
    let mut seen = 0;
    for row in rows_after(cursor!()).inspect(|_| seen += 1) {
        println!("{row}");
    }
    seen
}

fn main() {
    count();
}
