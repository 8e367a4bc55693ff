use std::collections::HashMap;

use safe_state::resumable;

#[resumable(fresh(ages))]
fn greet(people: &HashMap<String, u32>) {
    let mut ages = people.iter();
    #[resume]
    while let Some(age) = ages.next() {
        println!("{age:?}");
    }
}

fn main() {}
