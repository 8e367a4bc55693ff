//! Shows where in the function the loop may stand.

use safe_state_tests::shapes::{step, store};

use super::resumable;

#[resumable(backend = store())]
fn in_a_branch(go: bool, items: &[u32]) -> u32 {
    if go {
        for x in items {
            step(x);
        }
    } else {
        return 1;
    }
    2
}

#[resumable(backend = store())]
fn in_an_arm(how: Option<u32>, items: &[u32]) {
    match how {
        Some(add) => {
            for x in items {
                step(x + add);
            }
        }
        None => step("none"),
    }
}

#[resumable(backend = store())]
#[rustfmt::skip]
fn as_an_arm(how: Option<u32>, items: &[u32]) {
    match how {
        Some(_) => for x in items { step(x) },
        None => (),
    }
}

#[resumable(backend = store())]
fn in_a_bare_block(items: &[u32]) {
    {
        for x in items {
            step(x);
        }
    }
    effect_free();
}

#[resumable(backend = store())]
fn as_the_tail(items: &[u32]) {
    for x in items {
        step(x)
    }
}

#[resumable(backend = store())]
fn followed_by_a_semicolon(items: &[u32]) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn as_a_value(items: &[u32]) {
    #[allow(clippy::let_unit_value)]
    let () = for x in items {
        step(x);
    };
}

#[resumable(backend = store())]
fn in_a_block_of_a_let(items: &[u32]) -> usize {
    let length = {
        for x in items {
            step(x);
        }
        items.len()
    };
    length * 2
}

#[resumable(backend = store())]
#[allow(clippy::blocks_in_conditions)]
fn in_a_condition(items: &[u32]) -> u32 {
    if {
        for x in items {
            step(x);
        }
        items.is_empty()
    } {
        return 1;
    }
    2
}

#[resumable(backend = store())]
fn in_an_argument(items: &[u32]) -> usize {
    usize::saturating_add(1, {
        for x in items {
            step(x);
        }
        items.len()
    })
}

#[resumable(backend = store())]
fn loops_before_and_after(items: &[u32]) -> u32 {
    for _ in 0..3 {
        effect_free();
    }
    #[resume]
    for x in items {
        step(x);
    }
    for _ in 0..3 {
        effect_free();
    }
    3
}

#[resumable(backend = store())]
fn in_a_loop_once(items: &[u32]) -> u32 {
    for x in items {
        step(x);
        for y in items {
            drop(y.to_string());
        }
    }
    3
}

fn effect_free() {}

safe_state_tests::shapes! {
    in_a_branch => in_a_branch(true, &[1, 2]);
    in_an_arm => in_an_arm(Some(10), &[1, 2]);
    as_an_arm => as_an_arm(Some(10), &[1, 2]);
    in_a_bare_block => in_a_bare_block(&[1, 2]);
    as_the_tail => as_the_tail(&[1, 2]);
    followed_by_a_semicolon => followed_by_a_semicolon(&[1, 2]);
    as_a_value => as_a_value(&[1, 2]);
    in_a_block_of_a_let => in_a_block_of_a_let(&[1, 2]);
    in_a_condition => in_a_condition(&[1, 2]);
    in_an_argument => in_an_argument(&[1, 2]);
    loops_before_and_after => loops_before_and_after(&[1, 2]);
    in_a_loop_once => in_a_loop_once(&[1, 2]);
}
