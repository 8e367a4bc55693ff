use safe_state::resumable;

struct Shop;

#[resumable]
impl Shop {
    fn open(&self) {}
}

fn main() {
    Shop.open();
}
