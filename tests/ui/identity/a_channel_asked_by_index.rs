use safe_state::resumable;

struct Receiver;

impl Receiver {
    async fn recv(&mut self) -> Option<u32> {
        None
    }
}

#[resumable(fresh(numbers))]
async fn drain(numbers: &mut Receiver) {
    #[resume]
    while let Some(number) = numbers.recv().await {
        println!("{number}");
    }
}

fn main() {}
