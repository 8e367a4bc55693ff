use safe_state::resumable;

#[resumable(carry(header))]
fn write(rows: &[u64]) {
    let mut header = Some("id");
    for row in rows {
        if let Some(header) = header.take() {
            println!("{header}");
        }
        println!("{row}");
    }
}

fn main() {
    write(&[]);
}
