use std::io;

use safe_state::resumable;

struct Reader;

impl Reader {
    fn deserialize<D: From<String>>(&mut self) -> impl Iterator<Item = io::Result<D>> {
        std::iter::empty()
    }

    fn each<D: From<String>>(&mut self) -> impl Iterator<Item = D> {
        std::iter::empty()
    }
}

#[resumable(name = "orders", carry(length))]
fn import(reader: &mut Reader) -> anyhow::Result<usize> {
    let mut length = 0;
    for row in reader.deserialize() {
        let row: String = row?;
        length += row.len();
    }
    Ok(length)
}

#[resumable(name = "mail")]
fn mail(reader: &mut Reader) -> anyhow::Result<()> {
    for name in reader.each() {
        let name: String = name;
        println!("{name}");
    }
    Ok(())
}

#[resumable(name = "checked", check = |row: &io::Result<String>| row.as_ref().ok().cloned())]
fn checked(reader: &mut Reader) -> anyhow::Result<()> {
    for row in reader.deserialize() {
        println!("{}", row?);
    }
    Ok(())
}

fn main() {}
