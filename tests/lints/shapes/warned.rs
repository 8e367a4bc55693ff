//! Has one mistake in each function, which the compiler has to report with the attribute as without.

use super::resumable;

#[resumable]
fn dead_code(items: &[u32]) {
    for x in items {
        println!("{x}");
    }
}

struct Shop;

impl Shop {
    #[resumable]
    fn dead_method(&self, items: &[u32]) {
        for x in items {
            println!("{x}");
        }
    }
}

#[resumable]
pub fn unused_variables(items: &[u32], argument: u32) {
    let local = 1;
    for x in items {
        let in_body = 2;
    }
}

#[resumable]
pub async fn unused_variables_later(items: &[u32], argument: u32) {
    let local = 1;
    for x in items {
        std::future::ready(()).await;
    }
}

#[resumable]
pub fn unused_mut(mut items: Vec<u32>, mut other: Vec<u32>) -> usize {
    let mut local = 1;
    for mut x in &items {
        println!("{x} {local}");
    }
    other.len()
}

#[resumable]
pub fn unused_assignments(items: &[u32]) {
    for x in items {
        let mut y = 1;
        println!("{x} {y}");
        y = 2;
    }
}

#[resumable]
pub fn unreachable_code(items: &[u32]) -> u32 {
    for x in items {
        continue;
        drop(x.to_string());
    }
    return 1;
    drop(items.to_vec());
}

#[resumable]
pub fn unused_must_use(items: &[u32]) {
    for x in items {
        Ok::<&u32, u32>(x);
    }
    items.len() + 1;
    must_use(items);
    unused_variables_later(items, 1);
}

#[must_use]
#[resumable]
fn must_use(items: &[u32]) -> u32 {
    for x in items {
        println!("{x}");
    }
    1
}

#[resumable]
pub fn unused_parens(items: &[u32]) -> u32 {
    for x in (items) {
        if (*x == 1) {
            println!("{x}");
        }
    }
    return (1);
}

#[resumable]
#[rustfmt::skip]
pub fn unused_braces(items: &[u32]) {
    for x in { items } {
        println!("{}", { *x });
    }
}

#[resumable]
pub fn unused_labels(items: &[u32]) {
    'o: for x in items {
        println!("{x}");
    }
}

#[resumable]
pub fn non_snake_case(items: &[u32], Argument: u32) {
    for X in items {
        println!("{X} {Argument}");
    }
}

#[resumable]
pub fn nonSnakeCase(items: &[u32]) {
    for x in items {
        println!("{x}");
    }
}

#[deprecated]
#[resumable]
pub fn deprecated(items: &[u32]) {
    for x in items {
        println!("{x}");
    }
}

#[resumable]
pub fn calls_deprecated(items: &[u32]) {
    for x in items {
        deprecated(&[*x]);
    }
}

#[resumable]
pub fn unused_unsafe(items: &[u32]) {
    for x in items {
        unsafe { println!("{x}") }
    }
}

#[resumable]
pub fn unconditional_panic(items: &[u32]) -> u32 {
    for x in items {
        println!("{}", x / 0);
    }
    [1][2]
}

#[resumable]
pub fn unused_comparisons(items: &[u32]) {
    for x in items {
        assert!(*x >= 0);
    }
}

#[resumable]
pub fn path_statements(items: &[u32]) {
    for x in items {
        x;
    }
}

#[resumable]
pub fn let_and_return(items: &[u32]) -> usize {
    for x in items {
        println!("{}", x.clone());
    }
    let length = items.len();
    length
}

#[resumable]
pub fn explicit_counter_loop(items: &[u32]) {
    for x in items.iter() {
        let y = if *x == 1 { true } else { false };
        println!("{}", y == true);
    }
}

#[resumable]
pub fn for_kv_map(items: &std::collections::BTreeMap<u32, u32>) {
    for (_, v) in items {
        println!("{v}");
    }
}

#[resumable]
pub fn needless_range_loop(items: &[u32]) {
    for i in 0..items.len() {
        println!("{}", items[i]);
    }
}

#[resumable]
pub fn ptr_arg(items: &Vec<u32>, text: &String) -> usize {
    for x in items {
        println!("{x}");
    }
    text.len()
}

#[resumable]
pub fn for_loops_over_fallibles(items: Option<u32>) {
    for x in items {
        println!("{x}");
    }
}

#[resumable]
pub fn iter_next_loop(items: &[u32]) {
    for x in items.iter().next() {
        println!("{x}");
    }
}

#[resumable(fresh(items))]
pub fn reversed_empty_ranges(items: &mut u32) {
    for x in 5..0 {
        *items += x;
    }
}

#[resumable]
pub fn manual_flatten(items: &[Option<u32>]) {
    for x in items {
        if let Some(x) = x {
            println!("{x}");
        }
    }
}

#[resumable]
pub fn never_loop(items: &[u32]) {
    for x in items {
        println!("{x}");
        break;
    }
}

#[resumable]
pub fn single_element_loop() {
    for x in [1] {
        println!("{x}");
    }
}

#[resumable]
pub fn empty_loop(items: &[u32]) {
    for _ in items {}
}

#[resumable]
pub fn too_many_arguments(items: &[u32], a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) {
    for x in items {
        println!("{x} {a}{b}{c}{d}{e}{f}{g}");
    }
}
