//! Shows functions, closures, types and recursive calls within the function.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use safe_state_tests::shapes::{step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn closure_with_a_loop(items: &[u32]) -> u32 {
    for x in items {
        let count = |n: u32| {
            for y in 0..n {
                if y == 2 {
                    return y;
                }
            }
            n
        };
        step(count(*x));
    }
    4
}

#[resumable(backend = store())]
fn inner_function_of_the_same_argument(items: &[u32]) -> usize {
    fn longest(items: &[u32]) -> usize {
        for x in items {
            drop(x.to_string());
        }
        items.len()
    }
    for x in items {
        step(x);
    }
    longest(items)
}

#[resumable(backend = store())]
fn closure_argument_shadows(items: &[u32]) {
    let width = |items: &str| {
        for c in items.chars() {
            let _: char = c;
        }
        items.len()
    };
    for x in items {
        step(width(&x.to_string()));
    }
}

#[resumable(backend = store())]
fn recursive(items: &[u32], depth: u32) -> u32 {
    for x in items {
        if depth == 0 {
            step(x);
        }
        if depth < 2 {
            let _: u32 = recursive(&items[..1], depth + 1);
        }
    }
    depth
}

#[resumable(backend = store(), fresh(seen))]
fn threads_in_the_body(items: &[u32]) -> u32 {
    let seen = AtomicU32::new(0);
    for x in items {
        thread::scope(|scope| {
            scope.spawn(|| seen.fetch_max(*x, Ordering::Relaxed));
        });
        step(x);
    }
    seen.into_inner()
}

#[resumable(backend = store())]
fn local_types(items: &[u32]) -> Result<(), String> {
    #[derive(Debug)]
    struct Row(u32);

    impl Row {
        fn doubled(&self) -> u32 {
            for y in 0..self.0 {
                drop(y.to_string());
            }
            self.0 * 2
        }
    }

    for x in items {
        let row = Row(*x);
        try_step((row.doubled(), &row)).map_err(|error| format!("{row:?}: {error}"))?;
    }
    Ok(())
}

#[resumable(backend = store())]
fn uses_and_consts(items: &[u32]) {
    use std::fmt::Write as _;
    const PREFIX: &str = "no. ";
    static SUFFIX: &str = "!";
    for x in items {
        let mut text = PREFIX.to_owned();
        write!(text, "{x}{SUFFIX}").unwrap();
        step(text);
    }
}

fn in_a_function_body(numbers: &[u32]) -> u32 {
    #[derive(Debug, Hash)]
    struct Local(u32);

    #[resumable(backend = store())]
    fn inner(items: Vec<Local>) -> Local {
        for x in items {
            step(x);
        }
        Local(5)
    }

    inner(numbers.iter().copied().map(Local).collect()).0
}

#[resumable(backend = store())]
fn const_block_and_nested_items(items: &[u32]) -> usize {
    mod constants {
        pub(super) const STEP: u32 = 3;
    }
    let sized = const {
        let mut n = 0;
        while n < 4 {
            n += 1;
        }
        n
    };
    for x in items {
        step(x + constants::STEP);
    }
    sized
}

#[resumable(backend = store())]
fn closures_that_capture(items: &[String], suffix: String) -> String {
    let with_suffix = |x: &str| format!("{x}{suffix}");
    for x in items {
        step(with_suffix(x));
    }
    suffix
}

safe_state_tests::shapes! {
    closure_with_a_loop => closure_with_a_loop(&[1, 2, 3]);
    inner_function_of_the_same_argument => inner_function_of_the_same_argument(&[1, 2]);
    closure_argument_shadows => closure_argument_shadows(&[1, 22]);
    recursive => recursive(&[1, 2, 3], 0);
    threads_in_the_body => threads_in_the_body(&[1, 2, 3]).min(3);
    local_types => local_types(&[1, 2]);
    uses_and_consts => uses_and_consts(&[1, 2]);
    in_a_function_body => in_a_function_body(&[1, 2]);
    const_block_and_nested_items => const_block_and_nested_items(&[1, 2]);
    closures_that_capture => closures_that_capture(&["a".to_owned(), "b".to_owned()], "!".to_owned());
}
