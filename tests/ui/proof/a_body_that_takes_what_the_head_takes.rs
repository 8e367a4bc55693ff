use safe_state::resumable;

fn block(lines: &mut std::str::Lines<'_>) -> Vec<String> {
    lines.take_while(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[resumable(fresh(lines))]
fn import(text: &str) {
    let mut lines = text.lines();
    #[resume]
    while let Some(title) = lines.next() {
        println!("{title}: {:?}", block(&mut lines));
    }
}

fn main() {
    import("");
}
