use std::collections::HashMap;

use safe_state::resumable;

type Prices = HashMap<String, u32>;

#[resumable]
fn list(prices: &Prices) {
    for (name, price) in prices {
        println!("{name} {price}");
    }
}

fn main() {}
