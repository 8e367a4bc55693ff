use std::collections::HashMap;

use safe_state::resumable;

type Prices = HashMap<String, u32>;

#[resumable(check = |price| price.0)]
fn list(prices: &Prices) {
    for price in prices {
        println!("{} {}", price.0, price.1);
    }
}

fn main() {}
