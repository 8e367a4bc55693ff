use safe_state::resumable;

struct Popped<'a>(&'a mut Vec<u64>);

impl Iterator for Popped<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for Popped<'_> {}

trait Taken {
    fn taken_mut(&mut self) -> Popped<'_>;
}

impl Taken for Vec<u64> {
    fn taken_mut(&mut self) -> Popped<'_> {
        Popped(self)
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
