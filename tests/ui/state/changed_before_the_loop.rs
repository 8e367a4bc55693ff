use safe_state::resumable;

#[resumable(carry(rows))]
fn collect(numbers: &[u64]) -> Vec<String> {
    let mut rows = Vec::new();
    rows.push("header".to_owned());
    for number in numbers {
        rows.push(number.to_string());
    }
    rows
}

fn main() {
    collect(&[1]);
}
