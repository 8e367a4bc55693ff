use safe_state::resumable;

#[resumable(carry(longest))]
fn longest(words: &[String]) -> String {
    let mut longest = "";
    for word in words {
        if word.len() > longest.len() {
            longest = word;
        }
    }
    longest.to_owned()
}

fn main() {
    longest(&[]);
}
