use std::fs::File;
use std::io::Write;

use safe_state::resumable;

#[resumable]
fn print(numbers: &[u64]) -> std::io::Result<()> {
    if let Ok(log) = File::create("log") {
        for number in numbers {
            writeln!(&log, "{number}")?;
        }
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
