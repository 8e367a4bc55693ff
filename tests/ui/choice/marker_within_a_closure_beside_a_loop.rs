use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    for line in lines {
        let all = || {
            #[resume]
            for x in 0..*line {
                println!("{x}");
            }
        };
        all();
    }
}

fn main() {
    print(&[1]);
}
