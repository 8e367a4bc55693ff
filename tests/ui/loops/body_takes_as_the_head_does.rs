use safe_state::resumable;

#[resumable(fresh(numbers))]
fn pairs(mut numbers: std::slice::Iter<'_, u64>) {
    #[resume]
    while let Some(one) = numbers.next() {
        let Some(other) = numbers.next() else { break };
        println!("{one} {other}");
    }
}

fn main() {
    pairs([1].iter());
}
