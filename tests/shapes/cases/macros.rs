//! Shows functions that macros make, in whole or in part.

use safe_state_tests::shapes::{Interrupted, step, store, try_step};

use super::resumable;

macro_rules! whole {
    ($name:ident, $argument:ident, $items:ty, $body:block) => {
        #[resumable(backend = store())]
        fn $name($argument: $items) -> usize {
            for _ in $argument $body
            $argument.len()
        }
    };
}

macro_rules! of_a_pattern {
    ($name:ident($items:ident), $x:pat => $work:expr) => {
        #[resumable(backend = store())]
        fn $name($items: &[(u32, u32)]) {
            for $x in $items {
                $work;
            }
        }
    };
}

macro_rules! of_an_expression {
    ($name:ident, $items:ident, $walked:expr) => {
        #[resumable(backend = store())]
        fn $name($items: &[u32]) {
            for x in $walked {
                step(x);
            }
        }
    };
}

macro_rules! of_any_item {
    ($item:item) => {
        $item
    };
}

macro_rules! with_own_names {
    ($name:ident) => {
        #[resumable(backend = store())]
        fn $name(items: &[u32], run: u32) -> u32 {
            for x in items {
                step(x + run);
            }
            run
        }
    };
}

macro_rules! attribute_above {
    ($($item:tt)*) => {
        #[resumable(backend = store())]
        $($item)*
    };
}

macro_rules! skip {
    () => {
        continue
    };
}

whole!(whole, numbers, &[u32], { step("item") });
of_a_pattern!(of_a_pattern(pairs), (a, b) => step((a, b)));
of_an_expression!(of_an_expression, numbers, numbers.iter().rev());
with_own_names!(with_own_names);

of_any_item! {
    #[resumable(backend = store())]
    fn of_any_item(items: &[u32]) {
        for x in items {
            step(x);
        }
    }
}

attribute_above! {
    fn attribute_above(items: &[u32]) -> Result<(), Interrupted> {
        for x in items {
            try_step(x)?;
        }
        Ok(())
    }
}

#[resumable(backend = store())]
fn continue_in_a_macro(items: &[u32]) {
    for x in items {
        if *x == 2 {
            skip!();
        }
        step(x);
    }
}

#[resumable(backend = store())]
fn question_marks_in_macros(items: &[u32]) -> Result<(), Interrupted> {
    for x in items {
        let text = format!("{x} {twice:?}", twice = vec![try_step(x)?; 2]);
        drop(text);
    }
    Ok(())
}

safe_state_tests::shapes! {
    whole => whole(&[1, 2]);
    of_a_pattern => of_a_pattern(&[(1, 2), (3, 4)]);
    of_an_expression => of_an_expression(&[1, 2]);
    with_own_names => with_own_names(&[1, 2], 5);
    of_any_item => of_any_item(&[1, 2]);
    attribute_above => attribute_above(&[1, 2]);
    question_marks_in_macros => question_marks_in_macros(&[1, 2, 3]);
    continue_in_a_macro => continue_in_a_macro(&[1, 2, 3]);
}
