use std::collections::HashMap;

use safe_state::resumable;

#[resumable]
fn print(prices: &HashMap<String, u32>) {
    for (name, price) in prices {
        println!("{name} {price}");
    }
}

fn main() {
    print(&HashMap::new());
}
