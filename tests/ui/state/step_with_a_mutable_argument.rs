use safe_state::{resumable, step};

struct Client;

impl Client {
    fn list(&mut self) -> Vec<u32> {
        Vec::new()
    }
}

#[resumable]
fn count(client: &mut Client) -> std::io::Result<usize> {
    let list: Vec<u32> = step!("list", client.list());
    Ok(list.len())
}

fn main() -> std::io::Result<()> {
    count(&mut Client).map(|_| ())
}
