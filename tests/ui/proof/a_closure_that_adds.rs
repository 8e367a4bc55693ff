use safe_state::resumable;

#[resumable(carry(total))]
fn bill(prices: &[u64]) -> Result<u64, safe_state::Error> {
    let mut total = 0;
    let mut add = |price: u64| total += price;
    for price in prices {
        add(*price);
    }
    Ok(total)
}

fn main() {}
