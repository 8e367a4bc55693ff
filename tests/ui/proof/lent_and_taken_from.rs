use safe_state::resumable;

trait Taken {
    fn taken_mut(&mut self) -> std::vec::Drain<'_, u64>;
}

impl Taken for Vec<u64> {
    fn taken_mut(&mut self) -> std::vec::Drain<'_, u64> {
        self.drain(..)
    }
}

#[resumable(carry(rows))]
fn ship(mut rows: Vec<u64>) -> std::io::Result<()> {
    for row in rows.taken_mut() {
        std::fs::write(row.to_string(), "")?;
    }
    Ok(())
}

fn main() {
    ship(vec![1, 2]).unwrap();
}
