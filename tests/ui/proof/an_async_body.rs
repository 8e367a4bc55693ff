use safe_state::resumable;

struct Client(u64);

impl Client {
    async fn send(&mut self, number: u64) {
        self.0 += number;
    }
}

#[resumable]
async fn send(numbers: &[u64], client: &mut Client) {
    for number in numbers {
        client.send(*number).await;
    }
}

fn main() {
    drop(send(&[1], &mut Client(0)));
}
