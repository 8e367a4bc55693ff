use safe_state::resumable;

#[resumable(carry(words, sum))]
fn sum(mut words: Vec<String>) -> u64 {
    let mut sum = 0;
    #[resume]
    while let Some(Ok(number)) = words.pop().map(|word| word.parse::<u64>()) {
        sum += number;
    }
    sum
}

fn main() {
    sum(Vec::new());
}
