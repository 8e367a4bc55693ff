use safe_state::resumable;

struct Shop;

impl Shop {
    #[resumable(companion = true)]
    fn print(&self, lines: &[u32]) {
        for line in lines {
            println!("{line}");
        }
    }
}

fn main() {
    Shop.print(&[1]);
}
