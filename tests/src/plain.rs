//! Provides a job that names no place, in a crate that is compiled for its users.

use safe_state::resumable;

/// Adds up the orders, of which the bank refuses the order `bad`.
///
/// # Errors
///
/// If the bank refuses an order.
#[resumable(name = "bill", carry(total))]
pub fn bill(orders: &[u64], bad: u64) -> anyhow::Result<u64> {
    let mut total = 0;
    #[resume]
    for order in orders {
        anyhow::ensure!(*order != bad, "the bank says no");
        std::thread::sleep(std::time::Duration::from_millis(5));
        total += order;
    }
    Ok(total)
}
