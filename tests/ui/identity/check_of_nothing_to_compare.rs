use safe_state::resumable;

struct Row {
    id: Id,
}

struct Id(u32);

#[resumable(check = |row| &row.id)]
fn rows(input: &[Row]) {
    for row in input {
        let _ = row.id.0;
    }
}

fn main() {}
