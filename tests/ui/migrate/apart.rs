use safe_state::resumable;

fn in_cents(euros: u64) -> u64 {
    100 * euros
}

fn twice(seen: u32) -> u32 {
    2 * seen
}

#[resumable(version = "c", carry(total, seen), migrate(total, from = "a", with = in_cents), migrate(total, from = "b", with = in_cents), migrate(seen, from = "a", with = twice))]
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
