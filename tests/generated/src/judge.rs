//! Runs a function in all ways, and judges whether it keeps the promise.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use safe_state::Checkpoint;

use crate::stage::{self, Done, Entry, How, Interrupted, Plan};

/// A function, with and without the attribute.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The name of the function in messages.
    pub name: &'static str,
    /// The function without the attribute.
    pub plain: fn() -> String,
    /// The function with the attribute.
    pub with: fn() -> String,
    /// Shows the carried variables of a checkpoint.
    pub peek: Option<fn(&Checkpoint) -> String>,
    /// Whether the attribute changes what an uninterrupted run does.
    pub has_policy: bool,
    /// The number of items from one save to the next.
    pub save_every: usize,
    /// The most steps that a run does again; without it, the items since the last save.
    pub repeats: Option<usize>,
    /// Whether some of the function's items are done in any order.
    pub is_unordered: bool,
}

/// The number of runs after which a function is given up that is interrupted in every run.
const MOST_RUNS: usize = 80;

/// The number of items that are done at once, if they are done in any order.
const AT_ONCE: usize = 3;

/// The most steps, roughly, at which a function is interrupted. A function with fewer steps is interrupted at each.
const MOST_STEPS: usize = 60;

thread_local! {
    /// Whether a function under trial is running.
    static IS_TRIED: Cell<bool> = const { Cell::new(false) };
}

/// The result of one run, and what it did.
struct Outcome {
    returned: String,
    done: Done,
}

impl Outcome {
    fn is_unfinished(&self) -> bool {
        self.done.is_interrupted
            && (self.returned == "interrupted"
                || self.returned.contains("Interrupted")
                || self.returned == "None")
    }
}

/// Tries all cases. Prints a line for each that does not keep the promise, and a count.
pub fn main(cases: &[Case]) {
    // The trial itself tells of a panic of the function under trial.
    std::panic::set_hook(Box::new(|panic| {
        if !IS_TRIED.get() {
            eprintln!("{panic}");
        }
    }));
    let mut runs = 0;
    for case in cases {
        let mut trial = Trial { case, runs: 0, counts_drops: false };
        if let Err(difference) = trial.all() {
            println!("DIFFERS {} {}", case.name, difference.replace('\n', " "));
        }
        runs += trial.runs;
    }
    println!("TRIED {} {runs}", cases.len());
}

struct Trial<'a> {
    case: &'a Case,
    runs: usize,
    counts_drops: bool,
}

impl Trial<'_> {
    fn run(&mut self, function: fn() -> String, plan: Option<Plan>) -> Outcome {
        self.runs += 1;
        stage::begin(plan);
        IS_TRIED.set(true);
        let returned = catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let is_meant = panic.is::<Interrupted>();
            if is_meant { "interrupted".to_owned() } else { format!("panicked: {text:?}") }
        });
        IS_TRIED.set(false);
        let mut done = stage::end();
        // Values that are dropped where a run ends early are not compared.
        if plan.is_some() || !self.counts_drops {
            done.log.retain(|entry| !matches!(entry, Entry::Dropped(_)));
        }
        Outcome { returned, done }
    }

    fn all(&mut self) -> Result<(), String> {
        let case = self.case;
        stage::clear();
        let whole = self.run(case.with, None);
        let letters = dead_letters();
        if !case.has_policy {
            self.counts_drops = true;
            stage::clear();
            let plain = self.run(case.plain, None);
            stage::clear();
            let with = self.run(case.with, None);
            if (&plain.returned, self.sorted(&plain)) != (&with.returned, self.sorted(&with)) {
                let (found, expected) = (&with.returned, &plain.returned);
                return Err(format!("uninterrupted: returns {found}, not {expected}"));
            }
            self.counts_drops = false;
        }
        // A function with many steps is interrupted at some of them only.
        let stride = whole.done.steps / MOST_STEPS + 1;
        for at in (1..=whole.done.steps).step_by(stride) {
            for how in [How::Error, How::Panic, How::Kill] {
                for is_after in [false, true] {
                    let plan = Plan { at, how, is_after };
                    self.once(plan, (&whole, &letters)).map_err(|it| format!("{plan:?}: {it}"))?;
                }
            }
        }
        for at in [2, 3] {
            for how in [How::Error, How::Kill] {
                let plan = Plan { at, how, is_after: at == 2 };
                self.each(plan, &whole).map_err(|it| format!("each run {plan:?}: {it}"))?;
            }
        }
        Ok(())
    }

    /// Interrupts a run once, and checks the run after it.
    fn once(&mut self, plan: Plan, (whole, letters): (&Outcome, &str)) -> Result<(), String> {
        let case = self.case;
        stage::clear();
        let first = self.run(case.with, Some(plan));
        if !first.is_unfinished() {
            return Err(format!("it is not interrupted, and returns {}", first.returned));
        }
        if case.is_unordered {
            return self.in_any_order(&first, (whole, letters));
        }
        let log = &whole.done.log;
        let Some(left) = log.strip_prefix(&first.done.log[..]) else {
            return Err("it has not done until then what it does uninterrupted".to_owned());
        };
        let peek = case.peek.filter(|_| case.save_every == 1);
        if let Some((peek, (checkpoint, ended))) = peek.zip(stage::peeked()) {
            let peeked = peek(&checkpoint);
            if peeked != ended {
                return Err(format!("the checkpoint has {peeked}, not {ended}"));
            }
        }
        let then = self.run(case.with, None);
        if then.returned != whole.returned {
            return Err(format!("returns {}, not {}", then.returned, whole.returned));
        }
        let Some(again) = then.done.log.strip_suffix(left) else {
            return Err(format!("then {:?}, which does not end with {left:?}", then.done.log));
        };
        let done = &log[..first.done.log.len()];
        if let Err(other) = subsequence(again, done) {
            return Err(format!("{other:?} is what it did or saw then, and not before"));
        }
        let count = |is_it: fn(&Entry) -> bool| again.iter().filter(|it| is_it(it)).count();
        let (repeated, most) = if let Some(repeats) = case.repeats {
            (count(|it| matches!(it, Entry::Did(_))), repeats)
        } else {
            // After an error too, items that completed in an inner loop may be done again, because their carried values
            // were not saved.
            let broken = count(|it| *it == Entry::Broke);
            (count(|it| *it == Entry::Item), case.save_every + broken)
        };
        if repeated > most {
            return Err(format!("{repeated} are done again, not {most}: {again:?}"));
        }
        self.ends_as(whole, letters)
    }

    /// Checks that the dead letters in the end are those of an uninterrupted run, and that a run after that begins
    /// anew.
    fn ends_as(&mut self, whole: &Outcome, letters: &str) -> Result<(), String> {
        if dead_letters() != letters {
            return Err(format!("dead letters are {}, not {letters}", dead_letters()));
        }
        if letters.is_empty() {
            let fresh = self.run(self.case.with, None);
            if (&fresh.returned, self.sorted(&fresh)) != (&whole.returned, self.sorted(whole)) {
                return Err("a run after the one that finished does not begin anew".to_owned());
            }
        }
        Ok(())
    }

    /// Returns what a run did, sorted if the order is not known.
    fn sorted(&self, outcome: &Outcome) -> Vec<Entry> {
        let mut log = outcome.done.log.clone();
        if self.case.is_unordered {
            log.sort();
        }
        log
    }

    /// Checks the run after an interrupted one, for a function whose items are done in any order.
    fn in_any_order(
        &mut self,
        first: &Outcome,
        (whole, letters): (&Outcome, &str),
    ) -> Result<(), String> {
        let then = self.run(self.case.with, None);
        if then.returned != whole.returned {
            return Err(format!("returns {}, not {}", then.returned, whole.returned));
        }
        for done in [first, &then] {
            if let Err(other) = among(&done.done.log, &whole.done.log) {
                return Err(format!("{other:?} is what it did or saw, and not uninterrupted"));
            }
        }
        let both = [&first.done.log[..], &then.done.log].concat();
        if let Err(lost) = among(&whole.done.log, &both) {
            return Err(format!("{lost:?} is what neither run did"));
        }
        let count =
            |log: &[Entry], is_it: fn(&Entry) -> bool| log.iter().filter(|it| is_it(it)).count();
        let again = |is_it| count(&both, is_it).saturating_sub(count(&whole.done.log, is_it));
        let (repeated, most) = if let Some(repeats) = self.case.repeats {
            (again(|it| matches!(it, Entry::Did(_))), repeats)
        } else {
            let broken = count(&then.done.log, |it| *it == Entry::Broke);
            (again(|it| *it == Entry::Item), self.case.save_every - 1 + AT_ONCE + broken)
        };
        if repeated > most {
            return Err(format!("{repeated} are done again, not {most}: {both:?}"));
        }
        self.ends_as(whole, letters)
    }

    /// Interrupts each run, until the function is done.
    fn each(&mut self, plan: Plan, whole: &Outcome) -> Result<(), String> {
        if plan.at > whole.done.steps {
            return Ok(());
        }
        stage::clear();
        for _ in 0..MOST_RUNS {
            let outcome = self.run(self.case.with, Some(plan));
            let is_part = if self.case.is_unordered { among } else { subsequence };
            if let Err(other) = is_part(&outcome.done.log, &whole.done.log) {
                return Err(format!("{other:?} is what it did or saw, and not uninterrupted"));
            }
            if outcome.is_unfinished() {
                continue;
            }
            let (found, expected) = (outcome.returned, &whole.returned);
            let is_right = found == *expected;
            return if is_right { Ok(()) } else { Err(format!("returns {found}, not {expected}")) };
        }
        // Steps outside of loops run in each run, so every run may be interrupted at one of them before it gets on.
        Ok(())
    }
}

/// Checks that all entries of `part` are in `whole`, in their order; the error is the first that is not.
fn subsequence<'a>(part: &'a [Entry], whole: &[Entry]) -> Result<(), &'a Entry> {
    let mut rest = whole.iter();
    part.iter().try_for_each(|entry| if rest.any(|it| it == entry) { Ok(()) } else { Err(entry) })
}

/// Checks that all entries of `part` are in `whole` as often, in any order; the error is the first that is not.
fn among<'a>(part: &'a [Entry], whole: &[Entry]) -> Result<(), &'a Entry> {
    let count = |log: &[Entry], entry| log.iter().filter(|it| *it == entry).count();
    part.iter().try_for_each(|entry| {
        if count(part, entry) <= count(whole, entry) { Ok(()) } else { Err(entry) }
    })
}

fn dead_letters() -> String {
    let Some(checkpoint) = stage::stored() else { return String::new() };
    let letters = checkpoint.dead_letters().iter();
    let mut texts: Vec<String> =
        letters.map(|it| format!("{}: {}", it.index(), it.failure().message())).collect();
    texts.sort();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use safe_state::MemoryBackend;

    use super::*;
    use crate::{item, step, store};

    /// The complete items of the function under way, with the store that they belong to.
    type Known = (Option<Arc<MemoryBackend>>, BTreeSet<u64>);

    thread_local! {
        static KNOWN: RefCell<Known> = RefCell::default();
    }

    /// Does those of twelve items that are not complete, in another order than by number.
    fn go(notes: bool, forgets: bool) -> String {
        let here = store();
        let known = KNOWN.with_borrow_mut(|(of, known)| {
            if of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, &here)) {
                (*of, *known) = (Some(here), BTreeSet::new());
            }
            known.clone()
        });
        for x in (0..12).map(|x| x ^ 1).filter(|x| !known.contains(x)) {
            item();
            if step("item", x).is_err() {
                return "Interrupted".to_owned();
            }
            KNOWN.with_borrow_mut(|(_, known)| notes && known.insert(x));
        }
        if forgets {
            KNOWN.take();
        }
        "done".to_owned()
    }

    fn tried(with: fn() -> String) -> Result<(), String> {
        let case = Case {
            name: "it",
            plain: || go(false, true),
            with,
            peek: None,
            has_policy: false,
            save_every: 1,
            repeats: None,
            is_unordered: true,
        };
        Trial { case: &case, runs: 0, counts_drops: false }.all()
    }

    #[test]
    fn the_judge_notices_too_many_items_that_are_done_again() {
        assert_eq!(tried(|| go(true, true)), Ok(()));
        let said = tried(|| go(false, true)).unwrap_err();
        assert!(said.contains("4 are done again, not 3"), "{said}");
    }

    #[test]
    fn the_judge_notices_a_finished_job_that_does_not_begin_anew() {
        let said = tried(|| go(true, false)).unwrap_err();
        assert!(said.ends_with("does not begin anew"), "{said}");
    }
}
