use safe_state::{cursor, resumable};

#[derive(Default)]
struct Stats(u64);

impl Stats {
    fn note(&mut self, row: u64) {
        self.0 += row;
    }
}

fn rows_after(row: Option<u64>) -> std::ops::Range<u64> {
    row.map_or(0, |row| row + 1)..9
}

#[resumable(cursor = |row| *row)]
fn export() -> u64 {
    let mut stats = Stats::default();
    let note = |row: &u64| stats.note(*row);
    for row in rows_after(cursor!()).inspect(note) {
        println!("{row}");
    }
    stats.0
}

fn main() {
    export();
}
