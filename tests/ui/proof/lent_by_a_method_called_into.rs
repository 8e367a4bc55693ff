use safe_state::resumable;

trait IntoInner {
    fn into_inner(&mut self) -> &mut Vec<u64>;
}

impl IntoInner for Vec<u64> {
    fn into_inner(&mut self) -> &mut Vec<u64> {
        self
    }
}

#[resumable(carry(list), fresh(inner))]
fn listed(numbers: &[u64]) -> usize {
    let mut list = Vec::new();
    #[resume]
    for number in numbers {
        list.push(*number);
    }
    let inner = list.into_inner();
    #[resume]
    for number in numbers {
        inner.push(*number);
    }
    inner.len()
}

fn main() {
    listed(&[1]);
}
