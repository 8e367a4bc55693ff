//! Runs the guide's first job, with the attribute and without.

use safe_state::testing::survives;
use safe_state::{Checkpoint, Job};

use super::world::{CUSTOMERS, Customer, World, act, send, send as remind};

#[expect(clippy::items_after_statements, reason = "it is a page, on which that comes first")]
fn page(known: [Customer; 4]) -> anyhow::Result<(u64, Option<Checkpoint>)> {
    let customers = known.map(|it| Customer { id: it.id, email: it.email.to_owned() });

    /// Sends an invoice of ten for each number of the customer, and returns its amount.
    fn send_invoice(customer: &Customer) -> anyhow::Result<u64> {
        act(&customer.email)?;
        Ok(10 * customer.id)
    }

    #[derive(Hash)] // so that another input is noticed
    struct Customer {
        id: u64,
        email: String,
    }

    #[safe_state::resumable(name = "invoices", carry(total))]
    fn bill(customers: &[Customer]) -> anyhow::Result<u64> {
        let mut total = 0;
        for customer in customers {
            total += send_invoice(customer)?;
        }
        Ok(total)
    }

    let total = bill(&customers)?; // crashed at 6,432? run it again
    let seen = bill::peek_checkpoint()?; // Option<Checkpoint>: what is done, what failed
    Ok((total, seen))
}

#[test]
fn the_first_job_goes_on_when_it_is_run_again() {
    let world = World::begin();
    world.fails("cyd");
    assert_eq!(page(CUSTOMERS).unwrap_err().to_string(), "cyd: connection reset");
    let checkpoint = Job::new("invoices").peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.completed().to_string(), "0-1");
    assert_eq!(checkpoint.last_failure().unwrap().message(), "cyd: connection reset");
    let (total, seen) = page(CUSTOMERS).unwrap();
    assert_eq!((total, seen), (100, None));
    assert_eq!(world.done(), ["ada", "ben", "cyd", "dan"]);
}

#[test]
fn the_first_job_comes_out_the_same_wherever_it_crashes() {
    let _world = World::begin();
    survives(|_| page(CUSTOMERS).unwrap());
}

mod beside_python {
    use safe_state::resumable;

    type Mail = super::Customer;
    use super::send as deliver;

    #[resumable(save_every = 10)]
    fn send(mails: &[Mail]) -> anyhow::Result<()> {
        for mail in mails {
            deliver(mail)?;
        }
        Ok(())
    }

    #[test]
    fn the_job_beside_python_goes_on_where_it_failed() {
        let world = super::World::begin();
        world.fails("dan");
        send(&super::CUSTOMERS).unwrap_err();
        send(&super::CUSTOMERS).unwrap();
        assert_eq!(world.done(), ["ada", "ben", "cyd", "dan"]);
    }
}

fn without_the_attribute(customers: [Customer; 4]) -> anyhow::Result<()> {
    Job::new("reminders").save_every(10).run(&customers, remind)?;
    Ok(())
}

#[test]
fn the_first_job_goes_on_without_the_attribute() {
    let world = World::begin();
    world.fails("dan");
    without_the_attribute(CUSTOMERS).unwrap_err();
    without_the_attribute(CUSTOMERS).unwrap();
    assert_eq!(world.done(), ["ada", "ben", "cyd", "dan"]);
}
