//! Runs the guide's code of a job whose checkpoint is encrypted.

use std::env;

use safe_state::backend::EncryptionKeys;
use safe_state::{Job, resumable};

use super::world::{act, in_a_process};

fn send_letter(customer: &str) -> anyhow::Result<()> {
    act(customer)
}

#[resumable(name = "letters", encrypt = key, carry(last))]
fn send_letters(customers: &[String]) -> anyhow::Result<()> {
    let mut last = String::new();
    for customer in customers {
        send_letter(customer)?;
        last.clone_from(customer);
    }
    println!("the last one went to {last}");
    Ok(())
}

/// In production, from where secrets are kept.
fn key() -> anyhow::Result<EncryptionKeys> {
    Ok(EncryptionKeys::from_hex(&env::var("LETTERS_KEY")?)?)
}

#[test]
fn a_key_from_the_environment_is_what_a_checkpoint_is_read_with() {
    const TEST: &str = "encryption::a_key_from_the_environment_is_what_a_checkpoint_is_read_with";
    let variables = [("LETTERS_KEY", &*"4d".repeat(32))];
    let told = in_a_process(TEST, &variables, |world| {
        let customers = ["ada", "ben"].map(str::to_owned);
        world.fails("ben");
        send_letters(&customers).unwrap_err();
        let error = Job::new("letters").peek_checkpoint().unwrap_err().to_string();
        assert!(error.contains("it is encrypted"), "{error}");
        send_letters(&customers).unwrap();
        assert_eq!(world.done(), ["ada", "ben"]);
    });
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("the last one went to ben"), "{told}");
}
