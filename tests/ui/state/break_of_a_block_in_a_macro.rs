//! A macro call leaves a loop for the end of a block around it.

use safe_state::resumable;

macro_rules! stop_if {
    ($enough:expr, $stop:expr) => {
        if $enough {
            $stop
        }
    };
}

#[resumable(carry(total))]
fn first_and_second(items: &[u32]) -> u32 {
    let mut total = 0;
    'first: {
        #[resume]
        for x in items {
            total += x;
            stop_if!(total > 10, break 'first);
        }
    }
    #[resume]
    for x in items {
        total += x;
    }
    total
}

fn main() {
    first_and_second(&[1, 2]);
}
