use safe_state::resumable;

fn as_text(euros: u64) -> String {
    euros.to_string()
}

fn in_cents(euros: u64) -> u64 {
    100 * euros
}

#[resumable(version = 3, carry(total, seen), migrate(total, from = 1, with = as_text), migrate(total, from = 2, with = in_cents))]
fn add_up(sales: &[u64]) -> u64 {
    let mut total = 0_u64;
    let mut seen = 0_u32;
    for sale in sales {
        total += sale;
        seen += 1;
    }
    total + u64::from(seen)
}

fn main() {}
