//! Tests functions that a macro makes of expressions and types: each stays one operand, as in a function without an
//! attribute. The compiler sees no invisible groups in what an attribute returns, so an attribute that does nothing is no
//! measure here, and what is expected is written out.

use std::fmt::Display;

use safe_state::{idempotent, resumable, skip_if_exists, step, time_guard};
use safe_state_tests::shapes::{Interrupted, store};

#[derive(PartialEq)]
struct Row {
    at: u32,
}

fn checked(number: u32) -> Result<u32, Interrupted> {
    Ok(number)
}

macro_rules! of_operands {
    ($name:ident, $sum:expr, $call:expr, $row:expr, $wide:ty, $shown:ty) => {
        #[resumable(backend = store(), carry(total), check = |x| *x * $sum)]
        fn $name(items: [u32; $sum * 2], shown: &$shown) -> Result<String, Interrupted> {
            let mut total = 0;
            let taken = step!("taken", checked(10 * $sum)? * $sum);
            for x in items[..$sum * 2].iter() {
                let told = format!("{}", checked(*x)? * $sum);
                total += $sum * x + $call(*x) - 12 / $sum + told.parse::<u32>().unwrap();
                if *x as $wide < 3 && $row != (Row { at: *x }) {
                    total += 1000;
                }
            }
            Ok(format!("{total} {taken} {shown} {}", $sum as f32 / 2.0))
        }
    };
}

of_operands!(of_operands, 1 + 2, |x: u32| x + 1, Row { at: 2 }, u64, dyn Display + Sync);

#[test]
fn what_a_macro_passes_on_stays_one_operand() {
    let items = [1, 2, 3, 4, 5, 6];
    let of = |x: u32| (1 + 2) * x + (x + 1) - 12 / (1 + 2) + x * (1 + 2);
    let total = items.iter().copied().map(of).sum::<u32>() + 1000;
    let taken = (10 * (1 + 2)) * (1 + 2);
    assert_eq!(of_operands(items, &"shown"), Ok(format!("{total} {taken} shown 1.5")));
}

macro_rules! beside_resumable {
    ($guarded:ident, $once:ident, $sum:expr) => {
        #[time_guard(timeout = "1h")]
        fn $guarded() -> Result<u32, safe_state::Error> {
            Ok(2 * $sum)
        }

        #[idempotent(check = skip_if_exists("/nowhere"), on_skip = || Ok(0))]
        fn $once() -> Result<u32, safe_state::Error> {
            Ok(2 * $sum)
        }
    };
}

beside_resumable!(guarded, once, 1 + 2);

#[test]
fn what_a_macro_passes_on_stays_one_operand_under_the_other_attributes() {
    assert_eq!(guarded().unwrap(), 6);
    assert_eq!(once().unwrap(), 6);
}
