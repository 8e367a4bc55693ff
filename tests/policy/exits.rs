//! Tests every way out of a body with every answer to an error, in a function and in a future.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use safe_state::{Action, Backoff, ErrorContext, Job, MemoryBackend, resumable};

use crate::model::{EXITS, Ended, Exit, MAX_ATTEMPTS, Model, ROWS, Script};

struct Call {
    backend: Arc<MemoryBackend>,
    script: Script,
    tried: RefCell<Vec<u32>>,
    /// The item that was tried last, and the number of its attempts.
    attempts: Cell<(u32, usize)>,
}

impl Call {
    fn exit(&self, item: u32) -> Exit {
        self.tried.borrow_mut().push(item);
        let (last, count) = self.attempts.get();
        let count = if last == item { count + 1 } else { 1 };
        self.attempts.set((item, count));
        self.script.exit(item, count)
    }

    fn decide(&self, error: &ErrorContext<'_>) -> Action {
        let attempt = u32::try_from(self.attempts.get().1).unwrap();
        assert_eq!(error.attempt(), attempt);
        assert_eq!(error.is_last(), attempt >= MAX_ATTEMPTS);
        assert_eq!(error.message(), "asked to fail");
        assert_eq!(error.is_panic(), error.error().is_none());
        let row = ROWS.iter().find(|row| row.contains(&self.attempts.get().0)).unwrap();
        assert_eq!(row[usize::try_from(error.index()).unwrap()], self.attempts.get().0);
        self.script.action
    }
}

fn fails() -> Result<()> {
    bail!("asked to fail")
}

macro_rules! jobs {
    ($($name:ident, [$($is_async:tt)?], [$($wait:tt)?];)*) => { $(
        #[resumable(name = "exits", backend = Arc::clone(&call.backend), companion = false, carry(sum))]
        $($is_async)? fn $name(call: &Call, rows: &[&[u32]]) -> Result<u32> {
            let mut sum = 0;
            #[resume]
            'rows: for row in rows {
                #[resume(
                    max_attempts = MAX_ATTEMPTS,
                    backoff = Backoff::none(),
                    on_error = |error| call.decide(error),
                    skip_limit = 1,
                    catch_panics
                )]
                'row: for item in *row {
                    sum += item;
                    for _ in 0..2 {
                        if *item == 0 {
                            break;
                        }
                        $(std::future::ready(()).$wait;)?
                    }
                    match call.exit(*item) {
                        Exit::End => {}
                        Exit::Continue => continue,
                        Exit::ContinueByLabel => continue 'row,
                        Exit::ContinueOuter => continue 'rows,
                        Exit::Break => break,
                        Exit::BreakByLabel => break 'row,
                        Exit::BreakOuter => break 'rows,
                        Exit::ReturnOk => return Ok(sum),
                        Exit::ReturnErr => return fails().map(|()| 0),
                        Exit::QuestionMark => fails()?,
                        Exit::Bail => bail!("asked to fail"),
                        Exit::Panic => panic!("asked to fail"),
                    }
                }
            }
            Ok(sum)
        }
    )* };
}

jobs! {
    plain, [], [];
    future, [async], [await];
}

fn run(call: &Call, is_async: bool) -> (Vec<u32>, Ended) {
    let returned = catch_unwind(AssertUnwindSafe(|| {
        if is_async { smol::block_on(future(call, &ROWS)) } else { plain(call, &ROWS) }
    }));
    let ended = match returned {
        Ok(Ok(sum)) => Ended::Returned(sum),
        Ok(Err(error)) => {
            assert_eq!(error.to_string(), "asked to fail");
            Ended::Failed
        }
        Err(_) => Ended::Panicked,
    };
    (call.tried.take(), ended)
}

/// Runs the job until it ends, five times at most, and compares each run with the model.
fn check(script: &Script, is_async: bool) {
    let (tried, attempts) = (RefCell::default(), Cell::new((0, 0)));
    let call = Call { backend: Arc::default(), script: script.clone(), tried, attempts };
    let mut model = Model::default();
    for _ in 0..5 {
        let expected = model.run(script);
        assert_eq!(run(&call, is_async), expected, "{script:?}");
        let checkpoint = Job::new("exits").backend(Arc::clone(&call.backend)).peek_checkpoint();
        let is_finished = matches!(expected.1, Ended::Returned(_));
        let checkpoint = checkpoint.unwrap();
        let is_kept = !is_finished || model.has_dead_letters;
        assert_eq!(checkpoint.is_some(), is_kept, "{script:?}");
        let (letters, finished) = checkpoint.map_or((0, true), |checkpoint| {
            (checkpoint.dead_letters().len(), checkpoint.is_finished())
        });
        assert_eq!((letters, finished), (usize::from(model.has_dead_letters), is_finished));
        if is_finished {
            return;
        }
    }
}

#[test]
fn every_answer_does_what_it_says_at_every_exit() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&"asked to fail") {
            print(panic);
        }
    }));
    let actions = [
        Action::Retry,
        Action::RetryAfter(Duration::ZERO),
        Action::Skip,
        Action::DeadLetter,
        Action::Fail,
    ];
    for item in [1, 2, 3, 4] {
        for first in EXITS {
            for then in EXITS {
                for action in actions {
                    let script = Script { item, exits: vec![first, first, then], action };
                    check(&script, false);
                    check(&script, true);
                }
            }
        }
    }
}
