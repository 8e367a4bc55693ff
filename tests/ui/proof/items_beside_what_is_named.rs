use safe_state::resumable;

struct Client;

impl Client {
    fn numbers(&mut self) -> Vec<u64> {
        vec![1, 2]
    }
}

#[resumable(fresh(client))]
fn double(client: &mut Client, mut rows: Vec<u64>) -> Vec<u64> {
    for (number, row) in client.numbers().into_iter().zip(rows.iter_mut()) {
        *row += number;
    }
    rows
}

fn main() {
    double(&mut Client, vec![1]);
}
