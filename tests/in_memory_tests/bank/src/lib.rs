//! Provides a library with a job, and tests of it as anyone writes them.

use safe_state::resumable;

#[resumable(name = "bill", carry(total), fresh(bad))]
pub fn bill(orders: &[u64], bad: u64) -> anyhow::Result<u64> {
    let mut total = 0;
    #[resume]
    for order in orders {
        anyhow::ensure!(*order != bad, "the bank says no");
        std::thread::sleep(std::time::Duration::from_millis(20));
        total += order;
    }
    Ok(total)
}

#[resumable(name = "bill_later", carry(total), fresh(bad))]
pub async fn bill_later(orders: Vec<u64>, bad: u64) -> anyhow::Result<u64> {
    let mut total = 0;
    #[resume]
    for order in orders {
        anyhow::ensure!(order != bad, "the bank says no");
        tokio_sleep().await;
        total += order;
    }
    Ok(total)
}

async fn tokio_sleep() {
    #[cfg(test)]
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [u64; 5] = [0, 1, 2, 3, 4];

    #[test]
    fn all_is_added_up() {
        assert_eq!(bill(&ORDERS, 99).unwrap(), 10);
    }

    #[test]
    fn all_is_added_up_elsewhere_at_the_same_time() {
        assert_eq!(bill(&ORDERS, 99).unwrap(), 10);
    }

    #[test]
    fn the_bank_says_no_and_a_second_call_goes_on() {
        assert!(bill(&ORDERS, 3).unwrap_err().to_string().contains("bank"));
        assert_eq!(bill::peek_checkpoint().unwrap().unwrap().progress().completed, 3);
        assert_eq!(bill(&ORDERS, 99).unwrap(), 10);
        assert!(bill::peek_checkpoint().unwrap().is_none());
    }

    /// The state that another test leaves does not matter to this one, even with the same job and other arguments.
    #[test]
    fn the_bank_says_no_to_the_first() {
        assert!(bill(&ORDERS, 0).is_err());
    }

    #[tokio::test]
    async fn an_async_job_has_the_memory_of_its_test() {
        assert!(bill_later(ORDERS.to_vec(), 3).await.is_err());
        assert_eq!(bill_later::peek_checkpoint().unwrap().unwrap().progress().completed, 3);
        assert_eq!(bill_later(ORDERS.to_vec(), 99).await.unwrap(), 10);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_on_many_threads_has_the_memory_of_its_test() {
        assert!(bill_later(ORDERS.to_vec(), 2).await.is_err());
        assert_eq!(bill_later(ORDERS.to_vec(), 99).await.unwrap(), 10);
    }
}
