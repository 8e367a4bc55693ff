use std::io::Write;

use safe_state::resumable;

#[resumable(reconnect(out))]
fn write(numbers: &[u64], out: &mut dyn Write) {
    for number in numbers {
        writeln!(out, "{number}").unwrap();
    }
}

#[resumable(reconnect(out))]
fn write_any(numbers: &[u64], out: &mut impl Write) {
    for number in numbers {
        writeln!(out, "{number}").unwrap();
    }
}

fn main() {
    write(&[1], &mut Vec::new());
    write_any(&[1], &mut Vec::new());
}
