//! Tests that a job can save as many loops as the attribute accepts. The attribute refuses one loop more:
//! `ui/choice/too_many_loops.rs` and `ui/choice/too_deep_a_loop.rs`.

use std::sync::Arc;

use safe_state::{MemoryBackend, resumable};
use safe_state_tests::Ran;

macro_rules! one_after_another {
    ($($number:literal)*) => {
        #[resumable(name = "loops", backend = Arc::clone(store), fresh(fails))]
        fn one_after_another(store: &Arc<MemoryBackend>, ran: &Ran, fails: bool) -> anyhow::Result<()> {
            $(
                #[resume]
                for item in [$number] {
                    anyhow::ensure!(!fails || item < 63);
                    ran.note(item);
                }
            )*
            Ok(())
        }
    };
}

one_after_another! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35
    36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
}

#[test]
fn the_most_loops_of_a_function_are_saved() {
    let (store, ran) = (Arc::default(), Ran::default());
    one_after_another(&store, &ran, true).unwrap_err();
    one_after_another(&store, &ran, false).unwrap();
    assert_eq!(ran.take(), (0..64).collect::<Vec<_>>());
}

/// Puts a loop around the body for each number. The first number is the innermost loop.
macro_rules! inside_one_another {
    (($($head:tt)*) $ran:ident $item:ident { $($body:tt)* } $number:literal $($more:literal)*) => {
        inside_one_another! { ($($head)*) $ran $item {
            #[resume]
            for $item in [$number] {
                $($body)*
                $ran.note($item);
            }
        } $($more)* }
    };
    (($($head:tt)*) $ran:ident $item:ident { $($body:tt)* }) => {
        $($head)* {
            $($body)*
            Ok(())
        }
    };
}

inside_one_another! {
    (
        #[resumable(name = "loops", backend = Arc::clone(store), fresh(fails))]
        fn inside_one_another(store: &Arc<MemoryBackend>, ran: &Ran, fails: bool) -> anyhow::Result<()>
    )
    ran item
    { anyhow::ensure!(!fails); }
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
}

#[test]
fn the_deepest_loops_of_a_function_are_saved() {
    let (store, ran) = (Arc::default(), Ran::default());
    inside_one_another(&store, &ran, true).unwrap_err();
    inside_one_another(&store, &ran, false).unwrap();
    assert_eq!(ran.take(), (1..=16).collect::<Vec<_>>());
}
