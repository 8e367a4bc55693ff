use safe_state::{cursor, resumable};

fn rows_after(last: Option<u64>) -> impl Iterator<Item = u64> {
    last.map_or(0, |last| last + 1)..3
}

#[resumable(cursor = |(row, _)| *row)]
fn number() -> Option<u64> {
    let mut ids = 10..;
    for (row, id) in rows_after(cursor!()).zip(ids.by_ref()) {
        println!("{row} {id}");
    }
    ids.next()
}

fn main() {
    number();
}
