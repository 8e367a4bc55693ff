use safe_state::{resumable, step};

fn note<L: Extend<u32>>(logs: Vec<L>) -> usize {
    logs.into_iter().map(|mut log| log.extend([1])).count()
}

#[resumable]
fn count<L: Extend<u32>>(rows: Vec<u32>, logs: Vec<L>) -> std::io::Result<usize> {
    let count = step!("noted", note(logs));
    for row in rows {
        println!("{row}");
    }
    Ok(count)
}

fn main() {
    drop(count::<Vec<u32>>(Vec::new(), Vec::new()));
}
