use safe_state::resumable;

#[resumable]
fn print(pages: &[Vec<u32>]) {
    for page in pages {
        #[resume]
        for line in page {
            println!("{line}");
        }
    }
}

fn main() {
    print(&[vec![1]]);
}
