//! A macro of the body goes on with the next item, which its call does not show.

use safe_state::resumable;

#[resumable]
fn positive(items: &[i32]) -> u32 {
    let mut seen = 0;
    'items: for &item in items {
        macro_rules! skip_if {
            ($small:expr) => {
                if $small {
                    continue 'items;
                }
            };
        }
        if item > 0 {
            seen += 1;
            skip_if!(item < 10);
            return seen;
        }
    }
    seen
}

fn main() {
    positive(&[1, 20]);
}
