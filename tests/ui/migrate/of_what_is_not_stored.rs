use safe_state::resumable;

struct Account(u64);

fn of_account(account: Account) -> u64 {
    account.0
}

#[resumable(version = 2, carry(total, seen), migrate(total, from = 1, with = of_account))]
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
