use safe_state::resumable;

struct Log(Vec<u64>);

impl Log {
    fn note(&mut self, number: u64) {
        self.0.push(number);
    }
}

#[resumable(max_attempts = 2)]
fn note(numbers: &[u64]) -> Result<usize, String> {
    let mut log = Log(Vec::new());
    for number in numbers {
        log.note(*number);
    }
    Ok(log.0.len())
}

fn main() {
    note(&[1]).unwrap();
}
