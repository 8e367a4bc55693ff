use safe_state::resumable;

#[resumable(carry(longest))]
fn longest(words: &[String]) -> usize {
    let mut longest = words.first();
    for word in words {
        if longest.is_none_or(|longest| word.len() > longest.len()) {
            longest = Some(word);
        }
    }
    longest.map_or(0, String::len)
}

fn main() {
    longest(&[]);
}
