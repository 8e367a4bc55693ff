use safe_state::resumable;

struct Row {
    number: u64,
    is_done: bool,
}

struct Table {
    rows: Vec<Row>,
    total: u64,
}

impl Table {
    #[resumable(carry(self.total))]
    fn add(&mut self) {
        for row in self.rows.iter_mut() {
            row.is_done = true;
            self.total += row.number;
        }
    }
}

fn main() {
    Table { rows: vec![Row { number: 1, is_done: false }], total: 0 }.add();
}
