//! Shows what a loop can walk.

use std::collections::{BTreeMap, BinaryHeap, LinkedList, VecDeque};
use std::fmt::Display;
use std::io::BufRead;
use std::iter::zip;
use std::ops::{Deref, RangeInclusive};
use std::path::Path;
use std::str::Chars;
use std::sync::{Arc, Mutex, mpsc};

use safe_state_tests::shapes::{maybe_step, step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn vec(items: Vec<u32>) -> u32 {
    for x in items {
        step(x);
    }
    7
}

#[resumable(backend = store())]
fn slice(items: &[u32]) -> usize {
    for x in items {
        step(x);
    }
    items.len()
}

#[resumable(backend = store())]
fn any_iterator(items: impl Iterator<Item = u32>) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn any_displayed(
    items: impl IntoIterator<Item = impl Display + std::hash::Hash>,
) -> Result<String, String> {
    for x in items {
        try_step(x.to_string()).map_err(|error| error.to_string())?;
    }
    Ok("done".to_owned())
}

#[resumable(backend = store())]
fn dyn_boxed(items: Box<dyn Iterator<Item = u32> + '_>) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn array<const N: usize>(items: [u32; N]) -> usize {
    for x in items {
        step(x);
    }
    N
}

#[resumable(backend = store())]
fn up_to(n: u64) -> u64 {
    for x in 0..n {
        step(x);
    }
    n
}

#[resumable(backend = store())]
fn range(items: RangeInclusive<u8>) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn tree(items: &BTreeMap<String, u32>) -> usize {
    for (key, value) in items {
        step((key, value));
    }
    items.len()
}

#[resumable(backend = store())]
fn chars(items: Chars<'_>) {
    for c in items {
        step(c);
    }
}

#[resumable(backend = store())]
fn chunks(items: &[u32]) {
    for pair in items.chunks_exact(2) {
        step(pair);
    }
}

#[resumable(backend = store())]
fn lines(items: impl BufRead) -> Result<(), Box<dyn std::error::Error>> {
    for line in items.lines() {
        try_step(line?)?;
    }
    Ok(())
}

#[resumable(backend = store(), check = |x| *x)]
fn received(items: mpsc::Receiver<u32>) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn behind_a_guard(items: &Mutex<Vec<u32>>) {
    for x in items.lock().unwrap().iter() {
        step((x, items.try_lock().is_err()));
    }
    drop(items.try_lock().unwrap());
}

#[resumable(backend = store())]
fn tried(items: Option<Vec<u32>>) -> Option<u32> {
    for x in items? {
        maybe_step(x)?;
    }
    Some(3)
}

#[resumable(backend = store())]
fn in_a_call(items: &[u32]) {
    for (i, x) in zip(0.., items) {
        step((i, x));
    }
}

#[resumable(backend = store())]
fn in_a_macro(items: &[u32]) {
    for x in vec![items.len(); 3] {
        step(x);
    }
}

#[resumable(backend = store())]
fn enumerated(items: &[u32]) {
    for (i, x) in items.iter().enumerate() {
        step((i, x));
    }
}

#[resumable(backend = store())]
fn reversed_and_filtered(items: Vec<u32>) {
    for x in items.into_iter().rev().filter(|x| x % 2 == 1) {
        step(x);
    }
}

#[resumable(backend = store())]
fn zipped(items: &[u32], other: &[char]) {
    for (a, b) in items.iter().zip(other) {
        step((a, b));
    }
}

#[resumable(backend = store(), iter = second)]
fn chosen_by_name(first: &[u32], second: &[u32]) {
    for x in first {
        drop(x.to_string());
    }
    for x in second {
        step(x);
    }
}

#[resumable(backend = store())]
fn chosen_by_marker(first: &[u32], second: &[u32]) {
    for x in first {
        drop(x.to_string());
    }
    #[resume]
    for x in second {
        step(x);
    }
}

#[resumable(backend = store())]
fn no_argument() {
    for x in [3, 1, 2] {
        step(x);
    }
}

#[resumable(backend = store())]
fn consts() {
    const ITEMS: &[&str] = &["a", "b"];
    for x in ITEMS {
        step(x);
    }
}

#[resumable(backend = store())]
fn derived_before(items: &str) -> usize {
    let words: Vec<&str> = items.split(' ').collect();
    for word in &words {
        step(word);
    }
    words.len()
}

#[resumable(backend = store())]
fn shadowed_by_itself(items: &str) -> usize {
    let items: Vec<&str> = items.split(' ').collect();
    for word in &items {
        step(word);
    }
    items.len()
}

#[resumable(backend = store())]
fn other_collections(items: VecDeque<u32>) {
    for x in items.into_iter().collect::<LinkedList<_>>() {
        step(x);
    }
}

#[resumable(backend = store())]
fn sorted_heap(items: BinaryHeap<u32>) {
    for x in items.into_sorted_vec() {
        step(x);
    }
}

#[resumable(backend = store())]
fn path(items: &Path) {
    for part in items {
        step(part);
    }
}

#[resumable(backend = store())]
fn shared(items: Arc<[u32]>) -> usize {
    for x in &*items {
        step(x);
    }
    items.deref().len()
}

#[resumable(backend = store())]
fn block_as_input(items: &[u32]) {
    for x in {
        let half = items.len() / 2;
        &items[half..]
    } {
        step(x);
    }
}

#[resumable(backend = store())]
fn struct_as_input(items: u32) {
    for x in (std::ops::Range { start: 0, end: items }) {
        step(x);
    }
}

#[resumable(backend = store())]
fn closure_in_input(items: &[u32], factor: u32) {
    for x in items.iter().map(|x| x * factor) {
        step(x);
    }
}

#[resumable(backend = store())]
fn peeked(items: &[u32]) {
    for (x, next) in items.iter().zip(items.iter().skip(1)) {
        step((x, next));
    }
}

#[resumable(backend = store())]
fn none_at_all(items: &[u32], after: u32) {
    for x in items {
        drop(x.to_string());
    }
    step(after);
}

/// An iterator that ends, and then gives items again.
struct Restless(u32);

impl Iterator for Restless {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0 += 1;
        (self.0 != 4).then_some(self.0)
    }
}

#[resumable(backend = store())]
fn not_fused(items: Restless) {
    for x in items {
        step(x);
    }
}

fn receiver() -> mpsc::Receiver<u32> {
    let (sender, receiver) = mpsc::channel();
    vec![1, 2, 3].into_iter().for_each(|x| sender.send(x).unwrap());
    receiver
}

safe_state_tests::shapes! {
    vec => vec(vec![1, 2, 3]);
    slice => slice(&[1, 2, 3]);
    any_iterator => any_iterator(vec![1, 2, 3].into_iter());
    any_displayed => any_displayed(["a", "b", "c"]);
    dyn_boxed => dyn_boxed(Box::new(vec![1, 2, 3].into_iter()));
    array => array([1, 2, 3]);
    up_to => up_to(3);
    range => range(253..=255);
    tree => tree(&BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    chars => chars("aß€".chars());
    chunks => chunks(&[1, 2, 3, 4, 5]);
    lines => lines(&b"one\ntwo\nthree"[..]).map_err(|error| error.to_string());
    received => received(receiver());
    behind_a_guard => behind_a_guard(&Mutex::new(vec![1, 2, 3]));
    tried => tried(Some(vec![1, 2, 3]));
    in_a_call => in_a_call(&[4, 5, 6]);
    in_a_macro => in_a_macro(&[1, 2]);
    enumerated => enumerated(&[4, 5, 6]);
    reversed_and_filtered => reversed_and_filtered(vec![1, 2, 3, 5]);
    zipped => zipped(&[1, 2, 3], &['a', 'b']);
    chosen_by_name => chosen_by_name(&[1, 2], &[3, 4]);
    chosen_by_marker => chosen_by_marker(&[1, 2], &[3, 4]);
    no_argument => no_argument();
    consts => consts();
    derived_before => derived_before("a b c");
    shadowed_by_itself => shadowed_by_itself("a b c");
    other_collections => other_collections(VecDeque::from([1, 2, 3]));
    sorted_heap => sorted_heap(BinaryHeap::from([3, 1, 2]));
    path => path(Path::new("a/b/c"));
    shared => shared(Arc::new([1, 2, 3]));
    block_as_input => block_as_input(&[1, 2, 3, 4]);
    struct_as_input => struct_as_input(3);
    closure_in_input => closure_in_input(&[1, 2, 3], 10);
    peeked => peeked(&[1, 2, 3, 4]);
    none_at_all => none_at_all(&[], 1);
    not_fused => not_fused(Restless(0));
}
