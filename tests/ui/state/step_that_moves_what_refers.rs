use safe_state::{resumable, step};

struct Log<'a>(&'a mut Vec<u32>);

fn note(logs: Vec<Log>) -> usize {
    logs.into_iter().map(|log| log.0.push(1)).count()
}

#[resumable]
fn count(rows: Vec<u32>) -> std::io::Result<usize> {
    let mut noted = Vec::new();
    let logs: Vec<Log> = vec![Log(&mut noted)];
    let count = step!("noted", note(logs));
    for row in rows {
        println!("{row}");
    }
    Ok(count + noted.len())
}

fn main() {
    drop(count(Vec::new()));
}
