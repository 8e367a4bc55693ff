//! Runs the guide's code on items that fail, or hang.

use safe_state::{Action, Backoff, ErrorContext, resumable};
use thiserror::Error;

use super::world::{CUSTOMERS, Customer, World, act};

#[derive(Debug, Error)]
#[error("there is no such mailbox")]
struct NoSuchMailbox;

fn send(customer: &Customer) -> anyhow::Result<()> {
    act(format!("look for {}", customer.email)).map_err(|_| NoSuchMailbox)?;
    act(customer.email)
}

#[resumable(name = "mail", max_attempts = 3, backoff = Backoff::exponential("1s", "1m"), on_error = decide, skip_limit = 100)]
fn mail(customers: &[Customer]) -> anyhow::Result<()> {
    for customer in customers {
        send(customer)?;
    }
    Ok(())
}

fn decide(error: &ErrorContext) -> Action {
    if error.is::<NoSuchMailbox>() { Action::DeadLetter } else { Action::Retry }
}

#[test]
fn an_item_is_tried_again_or_given_up() {
    let world = World::begin();
    world.fails("ada");
    world.fails("look for cyd");
    mail(&CUSTOMERS).unwrap();
    let of_ada = ["look for ada", "look for ada", "ada"];
    assert_eq!(
        world.done(),
        [&of_ada[..], &["look for ben", "ben", "look for dan", "dan"]].concat()
    );
    let checkpoint = mail::peek_checkpoint().unwrap().unwrap();
    let letters: Vec<_> = checkpoint.dead_letters().iter().collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].failure().message(), "there is no such mailbox");

    assert_eq!(mail::retry_dead_letters().unwrap(), 1);
    mail(&CUSTOMERS).unwrap();
    assert_eq!(world.done(), ["look for cyd", "cyd"]);
    assert_eq!(mail::peek_checkpoint().unwrap(), None);
}
