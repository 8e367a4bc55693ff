use safe_state::resumable;

#[resumable]
fn print(lines: Vec<u32>) {
    struct Printer(Vec<u32>);

    impl Printer {
        fn each(&self) {
            for line in &self.0 {
                println!("{line}");
            }
        }
    }

    Printer(lines).each()
}

fn main() {
    print(vec![1]);
}
