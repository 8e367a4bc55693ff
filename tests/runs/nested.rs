//! Tests loops inside one another and after one another, left by `break` and by `continue` of the outer one, with outer
//! items that are inserted between runs. Whatever happens, nothing is lost, and a carried list has each part once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use safe_state::{Checkpoint, Job, Results, cursor, resumable};

use crate::plan::{How, Stop, Way};

/// An item, and the number of a part of it.
type Part = (u32, u32);

/// The item at which the outer loop is left.
const LAST: u32 = 13;
/// The number that stands for the item in the parts of the second loop.
const SECOND: u32 = 100;

/// A run under way.
struct Call<'a> {
    dir: &'a Path,
    save_every: u64,
    stop: Option<Stop>,
    begun: Cell<usize>,
    done: RefCell<Vec<Part>>,
}

impl Call<'_> {
    fn work(&self, part: Part) -> Result<()> {
        let stop = self.stop.filter(|stop| stop.after == self.begun.get());
        self.begun.set(self.begun.get() + 1);
        if stop.is_none_or(|stop| stop.has_effect) {
            self.done.borrow_mut().push(part);
        }
        match stop.map(|stop| stop.how) {
            None => return Ok(()),
            Some(How::Panic) => panic!("asked to fail"),
            Some(How::Kill) => _ = fs::copy(stored(self.dir), self.dir.join("left"))?,
            Some(How::Error | How::Drop) => {}
        }
        bail!("asked to fail")
    }
}

/// Returns the path of the checkpoint.
fn stored(dir: &Path) -> PathBuf {
    dir.join("nested.safestate")
}

macro_rules! jobs {
    ($($module:ident(|$input:ident| $items:expr) #[$resume:meta];)*) => { $(mod $module {
        use super::*;

        #[resumable(name = "nested", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false)]
        pub(super) fn plain(call: &Call<'_>, $input: &[u32]) -> Result<Vec<Part>> {
            #[$resume]
            'items: for item in $items {
                if *item == LAST {
                    break;
                }
                #[resume]
                for part in parts(*item) {
                    call.work((*item, part))?;
                    if is_cut_short(*item) {
                        continue 'items;
                    }
                }
            }
            #[resume]
            for part in parts(SECOND) {
                call.work((SECOND, part))?;
            }
            Ok(Vec::new())
        }

        #[resumable(name = "nested", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false, carry(done))]
        pub(super) fn carrying(call: &Call<'_>, $input: &[u32]) -> Result<Vec<Part>> {
            let mut done = Results::new();
            #[$resume]
            'items: for item in $items {
                if *item == LAST {
                    break;
                }
                #[resume]
                for part in parts(*item) {
                    call.work((*item, part))?;
                    done.push((*item, part));
                    if is_cut_short(*item) {
                        continue 'items;
                    }
                }
            }
            #[resume]
            for part in parts(SECOND) {
                call.work((SECOND, part))?;
                done.push((SECOND, part));
            }
            Ok(done.into())
        }
    })* };
}

jobs! {
    by_index(|input| input) #[resume];
    by_key(|input| input) #[resume(key = |item| **item)];
    by_cursor(|input| crate::job::after(input, cursor!())) #[resume(cursor = |item| **item)];
}

fn parts(item: u32) -> std::ops::Range<u32> {
    0..if item == SECOND { 3 } else { item % 4 }
}

/// Returns whether an item's inner loop is left early for the next item.
fn is_cut_short(item: u32) -> bool {
    item % 5 == 4
}

/// Returns what a run does that nothing stops.
fn all_of(input: &[u32]) -> Vec<Part> {
    let items = input.iter().take_while(|item| **item != LAST);
    let parts_of = |item: &u32| {
        let length = if is_cut_short(*item) { 1 } else { usize::MAX };
        let item = *item;
        parts(item).take(length).map(move |part| (item, part))
    };
    items.chain([&SECOND]).flat_map(parts_of).collect()
}

/// The end of a run, and the item that is inserted before it, with its place.
pub(crate) type Befalls = (Stop, (u32, usize));

/// The properties of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    way: Way,
    carries: bool,
    save_every: u64,
}

/// Inserts an item where the way of knowing items allows it.
fn put_in(input: &mut Vec<u32>, way: Way, (item, at): (u32, usize), found: Option<&Checkpoint>) {
    let outer = found.and_then(|found| found.loop_progress(0));
    let is_over = found.is_some_and(|found| found.loop_progress(2).is_some());
    let cursor = outer.and_then(|outer| outer.cursor()?.decode::<u32>("cursor!()").unwrap().into());
    if is_over || input.contains(&item) || cursor.is_some_and(|cursor| item <= cursor) {
        return;
    }
    match way {
        Way::Index => input.push(item),
        Way::Key => input.insert(at % (input.len() + 1), item),
        Way::Cursor => {
            input.push(item);
            input.sort_unstable();
        }
    }
}

fn run(kind: Kind, call: &Call<'_>, input: &[u32]) -> Result<Vec<Part>> {
    let job = match (kind.way, kind.carries) {
        (Way::Index, false) => by_index::plain,
        (Way::Index, true) => by_index::carrying,
        (Way::Key, false) => by_key::plain,
        (Way::Key, true) => by_key::carrying,
        (Way::Cursor, false) => by_cursor::plain,
        (Way::Cursor, true) => by_cursor::carrying,
    };
    let returned = catch_unwind(AssertUnwindSafe(|| job(call, input)));
    let returned = returned.unwrap_or_else(|_| Err(anyhow::anyhow!("asked to fail")));
    if call.dir.join("left").exists() {
        // The checkpoint is put back as a kill would have left it.
        fs::rename(call.dir.join("left"), stored(call.dir)).unwrap();
    }
    returned
}

/// Runs a job to its end, through all stops and inserted items.
pub(crate) fn check(kind: Kind, mut input: Vec<u32>, befalls: &[Befalls]) {
    let dir = tempfile::tempdir().unwrap();
    let mut done = Vec::new();
    let befalls = befalls.iter().map(|(stop, item)| (Some(*stop), Some(*item)));
    for (stop, item) in befalls.chain(std::iter::repeat((None, None))) {
        let before = input.clone();
        let found = Job::new("nested").state_dir(dir.path()).peek_checkpoint().unwrap();
        if let Some(item) = item {
            put_in(&mut input, kind.way, item, found.as_ref());
        }
        let (begun, now) = (Cell::new(0), RefCell::default());
        let call = Call { dir: dir.path(), save_every: kind.save_every, stop, begun, done: now };
        let returned = run(kind, &call, &input);
        done.extend(call.done.take());
        match returned {
            Ok(carried) => return compare(kind, &input, done, carried),
            Err(error) if error.to_string() == "asked to fail" => assert!(stop.is_some()),
            Err(error) => {
                assert!(
                    error.to_string().contains("in the middle of an item's inner loop"),
                    "{error}"
                );
                assert!(kind.carries && input != before);
                input = before;
            }
        }
    }
}

fn compare(kind: Kind, input: &[u32], done: Vec<Part>, mut carried: Vec<Part>) {
    let mut all = all_of(input);
    if kind.carries {
        if kind.way == Way::Key {
            all.sort_unstable();
            carried.sort_unstable();
        }
        assert_eq!(carried, all);
    }
    let done: BTreeSet<Part> = done.into_iter().collect();
    all.retain(|part| !done.contains(part));
    assert_eq!(all, [], "lost");
}

pub(crate) fn jobs_and_what_befalls_them() -> impl Strategy<Value = (Kind, Vec<u32>, Vec<Befalls>)>
{
    let kind = (
        select(vec![Way::Index, Way::Key, Way::Cursor]),
        any::<bool>(),
        select(vec![1, 2, 3, 7, 1000]),
    );
    let kind = kind.prop_map(|(way, carries, save_every)| Kind { way, carries, save_every });
    let stop = (0..12_usize, any::<bool>(), select(vec![How::Error, How::Panic, How::Kill]))
        .prop_map(|(after, has_effect, how)| Stop { after, has_effect, how });
    let befalls = vec((stop, (1..20_u32, any::<usize>())), 0..6);
    (kind, btree_set(1..20_u32, 0..12), befalls).prop_map(|(kind, items, befalls)| {
        // Where the order may change, another item could be the last.
        let has_last = |item: &u32| kind.way != Way::Key || *item != LAST;
        let befalls = befalls.into_iter().filter(|(_, (item, _))| has_last(item)).collect();
        (kind, items.into_iter().filter(has_last).collect(), befalls)
    })
}
