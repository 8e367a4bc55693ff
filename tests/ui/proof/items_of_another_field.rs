use safe_state::resumable;

struct Client;

impl Client {
    fn send(&mut self, _: u64) {}
}

struct Row {
    number: u64,
    sent: bool,
}

struct Sender {
    client: Client,
    rows: Vec<Row>,
}

impl Sender {
    #[resumable(fresh(self.client))]
    fn send(&mut self) {
        for row in self.rows.iter_mut() {
            self.client.send(row.number);
            row.sent = true;
        }
    }
}

fn main() {
    Sender { client: Client, rows: vec![Row { number: 1, sent: false }] }.send();
}
