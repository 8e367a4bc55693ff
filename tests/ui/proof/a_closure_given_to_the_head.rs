use safe_state::{cursor, resumable};

fn rows_after(row: Option<u64>) -> std::ops::Range<u64> {
    row.map_or(0, |row| row + 1)..9
}

#[resumable(cursor = |row| *row)]
fn export() -> u64 {
    let mut seen = 0;
    let count = |_: &u64| seen += 1;
    for row in rows_after(cursor!()).inspect(count) {
        println!("{row}");
    }
    seen
}

fn main() {
    export();
}
