use safe_state::resumable;

#[resumable(carry(batch))]
fn send(rows: &[u64]) {
    let mut batch = Vec::with_capacity(100);
    for row in rows {
        batch.push(*row);
        if batch.len() == batch.capacity() {
            println!("{} of {}", batch.len(), batch.capacity());
            batch.clear();
        }
    }
}

struct Sender {
    batch: String,
}

impl Sender {
    #[resumable(carry(self.batch))]
    fn send(&mut self, rows: &[&str]) {
        for row in rows {
            assert!(self.batch.capacity() > row.len());
            self.batch.push_str(row);
        }
    }
}

fn main() {
    send(&[]);
    Sender { batch: String::new() }.send(&[]);
}
