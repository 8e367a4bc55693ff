//! Tests how a run ends: what is kept, what is recorded, and what the caller gets.

use std::any::Any;
use std::error::Error as StdError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use safe_state::{Checkpoint, Error, FailureKind, Job, LoopEnd, resumable};
use safe_state_tests::{Faulty, Ran, heard};

mod ends {
    //! Defines jobs of five items that end in different ways.

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum At {
        Never,
        Before,
        In(u64),
        After,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("item refused")]
    pub(super) struct Refused(#[source] pub(super) io::Error);

    pub(super) fn refused() -> Refused {
        Refused(io::Error::other("connection reset"))
    }

    #[resumable(name = "err", state_dir = dir, fresh(at))]
    pub(super) fn err(dir: &Path, ran: &Ran, at: At) -> anyhow::Result<&'static str> {
        if at == At::Before {
            return Err(refused().into());
        }
        for item in 0..5 {
            ran.note(item);
            if at == At::In(item) {
                return Err(refused().into());
            }
        }
        if at == At::After {
            return Err(refused().into());
        }
        Ok("done")
    }

    #[resumable(name = "panic", state_dir = dir, fresh(at))]
    pub(super) fn panic(dir: &Path, ran: &Ran, at: At) {
        for item in 0..5 {
            ran.note(item);
            assert!(at != At::In(item), "item {item} is cursed");
        }
        if at == At::After {
            std::panic::panic_any(42);
        }
    }

    #[resumable(name = "option", state_dir = dir, fresh(returns_at))]
    pub(super) fn option(
        dir: &Path,
        ran: &Ran,
        items: &[Option<u64>],
        returns_at: Option<u64>,
    ) -> Option<u64> {
        for item in items {
            let item = (*item)?;
            ran.note(item);
            if returns_at == Some(item) {
                return None;
            }
        }
        items.first().copied().flatten()
    }

    #[resumable(name = "leave", state_dir = dir, fresh(fail))]
    pub(super) fn leave(dir: &Path, ran: &Ran, fail: bool) -> anyhow::Result<()> {
        for item in 0..5 {
            ran.note(item);
            if item == 2 {
                break;
            }
        }
        if fail {
            bail!("after the loop");
        }
        Ok(())
    }
}

use ends::{At, Refused};

fn peek(job: &str, dir: &Path) -> Option<Checkpoint> {
    Job::new(job).state_dir(dir).peek_checkpoint().unwrap()
}

fn panic_of(body: impl FnOnce()) -> Box<dyn Any + Send> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_err()
}

fn text_of_panic(body: impl FnOnce()) -> String {
    let payload = panic_of(body);
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap()
}

#[test]
fn success_returns_the_value_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    assert_eq!(ends::err(dir.path(), &ran, At::Never).unwrap(), "done");
    assert_eq!(ran.take(), [0, 1, 2, 3, 4]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_error_is_recorded_and_the_next_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    ends::err(dir.path(), &ran, At::In(2)).unwrap_err();
    let checkpoint = peek("err", dir.path()).unwrap();
    assert_eq!(checkpoint.progress().completed, 2);
    assert!(checkpoint.progress().has_failure);
    let failure = checkpoint.last_failure().unwrap();
    assert_eq!(failure.kind(), FailureKind::Error);
    assert_eq!(failure.index(), Some(2));
    assert_eq!(failure.message(), "item refused");
    assert_eq!(failure.causes(), ["connection reset"]);
    assert!(failure.location().unwrap().contains("outcome.rs:"), "{failure}");
    ran.take();
    assert_eq!(ends::err(dir.path(), &ran, At::Never).unwrap(), "done");
    assert_eq!(ran.take(), [2, 3, 4]);
}

#[test]
fn the_error_comes_back_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let error = ends::err(dir.path(), &Ran::default(), At::In(2)).unwrap_err();
    let Refused(source) = error.downcast_ref().unwrap();
    assert_eq!(source.to_string(), "connection reset");
    assert_eq!(error.chain().count(), 2, "nothing is wrapped around it");
}

#[test]
fn a_failure_outside_the_loop_is_blamed_on_no_item() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    ends::err(dir.path(), &ran, At::Before).unwrap_err();
    assert_eq!(peek("err", dir.path()), None, "there is nothing to go on from");

    ends::err(dir.path(), &ran, At::In(2)).unwrap_err();
    ends::err(dir.path(), &ran, At::Before).unwrap_err();
    let before = peek("err", dir.path()).unwrap();
    assert_eq!(before.last_failure().unwrap().index(), None);
    assert_eq!(before.progress().completed, 2);

    ends::err(dir.path(), &ran, At::After).unwrap_err();
    let after = peek("err", dir.path()).unwrap();
    assert_eq!(after.last_failure().unwrap().index(), None);
    assert_eq!(after.progress().completed, 5);
    assert_eq!(after.loop_progress(0).unwrap().end(), Some(LoopEnd::Exhausted));
    assert!(after.to_string().contains("failure    outside the loop: item refused"), "{after}");

    ran.take();
    assert_eq!(ends::err(dir.path(), &ran, At::Never).unwrap(), "done");
    assert_eq!(ran.take(), [0; 0], "only the code after the loop runs again");
}

#[test]
fn a_panic_goes_on_after_it_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let text = text_of_panic(|| ends::panic(dir.path(), &ran, At::In(3)));
    assert_eq!(text, "item 3 is cursed");
    let checkpoint = peek("panic", dir.path()).unwrap();
    let failure = checkpoint.last_failure().unwrap();
    assert_eq!((failure.kind(), failure.index()), (FailureKind::Panic, Some(3)));
    assert_eq!(failure.message(), "item 3 is cursed");

    let payload = panic_of(|| ends::panic(dir.path(), &ran, At::After));
    assert_eq!(*payload.downcast::<i32>().unwrap(), 42, "the payload is the user's own");
    ran.take();
    ends::panic(dir.path(), &ran, At::Never);
    assert_eq!(ran.take(), [0; 0]);
    assert!(peek("panic", dir.path()).is_none());
}

#[test]
fn a_none_by_the_question_mark_is_a_failure_and_a_returned_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let with_gap = [Some(7), Some(8), None, Some(9)];
    assert_eq!(ends::option(dir.path(), &ran, &with_gap, None), None);
    let checkpoint = peek("option", dir.path()).unwrap();
    let failure = checkpoint.last_failure().unwrap();
    assert_eq!((failure.kind(), failure.index()), (FailureKind::None, Some(2)));
    assert_eq!(ran.take(), [7, 8]);

    let mended = [Some(7), Some(8), Some(10), Some(9)];
    assert_eq!(ends::option(dir.path(), &ran, &mended, Some(10)), None);
    assert_eq!(ran.take(), [10]);
    assert!(peek("option", dir.path()).is_none(), "a `return` finishes the job");
}

#[test]
fn a_break_ends_the_loop_but_only_the_end_of_the_function_ends_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    ends::leave(dir.path(), &ran, true).unwrap_err();
    let checkpoint = peek("leave", dir.path()).unwrap();
    assert_eq!(checkpoint.progress().completed, 2, "the body of item 2 did not end");
    assert_eq!(checkpoint.loop_progress(0).unwrap().end(), Some(LoopEnd::Left));
    assert_eq!(checkpoint.last_failure().unwrap().index(), None);
    ran.take();
    ends::leave(dir.path(), &ran, false).unwrap();
    assert_eq!(ran.take(), [2], "the item that breaks decides again");
    assert!(peek("leave", dir.path()).is_none());
}

mod refusals {
    //! Defines jobs that cannot begin, as each kind of function says so.

    use super::*;

    #[derive(Debug, thiserror::Error)]
    pub(super) enum Own {
        #[error("a job could not run")]
        Job(#[from] Error),
    }

    #[resumable(name = "anyhow", state_dir = dir)]
    pub(super) fn in_anyhow(dir: &Path, ran: &Ran) -> anyhow::Result<()> {
        for item in 0..5 {
            ran.note(item);
        }
        Ok(())
    }

    #[resumable(name = "io", state_dir = dir)]
    pub(super) fn in_io(dir: &Path, ran: &Ran) -> io::Result<()> {
        for item in 0..5 {
            ran.note(item);
        }
        Ok(())
    }

    #[resumable(name = "boxed", state_dir = dir)]
    pub(super) fn in_box(dir: &Path, ran: &Ran) -> Result<(), Box<dyn StdError>> {
        for item in 0..5 {
            ran.note(item);
        }
        Ok(())
    }

    #[resumable(name = "own", state_dir = dir)]
    pub(super) fn in_own(dir: &Path, ran: &Ran) -> Result<(), Own> {
        for item in 0..5 {
            ran.note(item);
        }
        Ok(())
    }

    #[resumable(name = "text", state_dir = dir)]
    pub(super) fn as_text(dir: &Path, ran: &Ran) -> Result<(), String> {
        for item in 0..5 {
            ran.note(item);
        }
        Ok(())
    }

    #[resumable(name = "nothing", state_dir = dir)]
    pub(super) fn nothing(dir: &Path, ran: &Ran) {
        for item in 0..5 {
            ran.note(item);
        }
    }
}

#[test]
fn a_run_that_cannot_begin_says_so_before_the_first_item() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let state_dir = file.join("state");
    let words = format!("cannot create the state directory `{}`", state_dir.display());
    let ran = Ran::default();

    let error = refusals::in_anyhow(&state_dir, &ran).unwrap_err();
    assert_eq!(error.to_string(), words);
    assert!(error.is::<Error>(), "{error:?}");
    let error = refusals::in_io(&state_dir, &ran).unwrap_err();
    assert_eq!((error.to_string(), error.kind()), (words.clone(), io::ErrorKind::NotADirectory));
    assert_eq!(refusals::in_box(&state_dir, &ran).unwrap_err().to_string(), words);
    let refusals::Own::Job(error) = refusals::in_own(&state_dir, &ran).unwrap_err();
    assert_eq!(error.to_string(), words);
    let with_cause = format!("{words}: not a directory");
    let panic = text_of_panic(|| drop(refusals::as_text(&state_dir, &ran)));
    assert_eq!(panic, with_cause);
    assert_eq!(text_of_panic(|| refusals::nothing(&state_dir, &ran)), with_cause);
    assert_eq!(ran.take(), [0; 0]);
}

mod storage {
    //! Defines a job whose backend breaks while it runs.

    use super::*;

    #[resumable(name = "breaking", backend = Arc::clone(backend), fresh(fails, breaks))]
    pub(super) fn breaking(
        backend: &Arc<Faulty>,
        ran: &Ran,
        breaks: &[&'static str],
        fails: bool,
    ) -> anyhow::Result<()> {
        for item in 0..5 {
            ran.note(item);
            if item == 2 {
                backend.break_only(breaks);
                if fails {
                    return Err(ends::refused().into());
                }
            }
        }
        Ok(())
    }

    #[resumable(name = "breaking", backend = Arc::clone(backend))]
    pub(super) fn panicking(backend: &Arc<Faulty>) {
        for item in 0..5 {
            backend.break_only(&["saving"]);
            assert!(item != 0, "the user's own");
        }
    }
}

#[test]
fn the_users_error_comes_first_when_it_cannot_be_recorded() {
    let backend = Arc::new(Faulty::default());
    let ran = Ran::default();
    let (error, events) =
        heard(|| storage::breaking(&backend, &ran, &["saving"], true).unwrap_err());
    assert!(error.is::<Refused>(), "{error:?}");
    let told = events
        .iter()
        .any(|event| event.starts_with("ERROR not saved") && event.contains("the disk is on fire"));
    assert!(told, "{events:#?}");
    backend.break_only(&[]);
    assert!(storage::breaking::peek_checkpoint(&backend).unwrap().is_some());
}

#[test]
fn the_users_panic_comes_first_when_it_cannot_be_recorded() {
    let backend = Arc::new(Faulty::default());
    assert_eq!(text_of_panic(|| storage::panicking(&backend)), "the user's own");
}

#[test]
fn a_save_that_fails_stops_the_run_and_loses_nothing() {
    let backend = Arc::new(Faulty::default());
    let ran = Ran::default();
    let error = storage::breaking(&backend, &ran, &["saving"], false).unwrap_err();
    assert_eq!(format!("{error:#}"), "saving failed for job `breaking`: the disk is on fire");
    assert_eq!(ran.take(), [0, 1, 2], "no item runs whose completion could not be saved");
    backend.break_only(&[]);
    storage::breaking(&backend, &ran, &[], false).unwrap();
    assert_eq!(ran.take(), [2, 3, 4]);
}

#[test]
fn a_finished_job_that_cannot_be_removed_is_an_error_and_not_done_twice() {
    let backend = Arc::new(Faulty::default());
    let ran = Ran::default();
    let error = storage::breaking(&backend, &ran, &["deleting"], false).unwrap_err();
    assert_eq!(error.to_string(), "deleting failed for job `breaking`");
    assert_eq!(ran.take(), [0, 1, 2, 3, 4]);
    backend.break_only(&[]);
    storage::breaking(&backend, &ran, &[], false).unwrap();
    assert_eq!(ran.take(), [0; 0]);
}

#[test]
fn a_job_without_the_attribute_ends_the_same_ways() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let job = Job::new("plain").state_dir(dir.path());
    let run = |fails_at: Option<u64>| {
        job.run(0..5, |item| {
            ran.note(item);
            anyhow::ensure!(fails_at != Some(item), ends::refused());
            Ok(())
        })
    };
    assert!(run(Some(3)).unwrap_err().is::<Refused>());
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.last_failure().unwrap().index(), Some(3));
    assert_eq!(checkpoint.last_failure().unwrap().causes(), ["connection reset"]);
    ran.take();
    run(None).unwrap();
    assert_eq!(ran.take(), [3, 4]);

    let panics = |item| -> Result<(), Error> { panic!("item {item} is cursed") };
    assert_eq!(text_of_panic(|| drop(job.run(0..5, panics))), "item 0 is cursed");
    assert_eq!(
        job.peek_checkpoint().unwrap().unwrap().last_failure().unwrap().kind(),
        FailureKind::Panic
    );
}
