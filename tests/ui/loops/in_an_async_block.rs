use safe_state::resumable;

#[resumable]
fn print(lines: Vec<u32>) {
    let later = async move {
        for line in lines {
            println!("{line}");
        }
    };
    drop(later);
}

fn main() {
    print(vec![1]);
}
