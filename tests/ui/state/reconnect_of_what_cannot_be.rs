use safe_state::resumable;

struct Client;

impl Client {
    fn send(&mut self, _: u64) {}
}

#[resumable(reconnect(client))]
fn send(numbers: &[u64]) {
    let mut client = Client;
    for number in numbers {
        client.send(*number);
    }
}

fn main() {
    send(&[1]);
}
