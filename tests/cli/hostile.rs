//! Tests names and messages that are made to steer the terminal of the user who reads them.

use std::fmt::Display;
use std::io;

use safe_state::backend::Error as BackendError;
use safe_state::limits::{LimitExceeded, Memory};
use safe_state::reconnect::ReconnectError;
use safe_state::report::{self, OpenError, details::Place};
use safe_state::{
    Action, Captured, CarriedError, DeadLetterNotRetryable, Error, ErrorContext, Failure,
    FailureKind, NotByHand, StopReason, resumable,
};

use crate::command::{Jobs, Told, command, tell};

const HOSTILE: &str =
    "mail\x1b]0;title\x07\u{9b}31m\r\njob invented: all well\u{202e}\u{2066}\u{7f}";

/// Checks that nothing in `text` steers a terminal, and that the hostile name begins no line of its own.
fn assert_harmless(what: &str, text: &str) {
    let is_hidden = |it: char| {
        it.is_control() && it != '\n'
            || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_hidden), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("job invented")), "{what}: {text:?}");
}

#[resumable(name = HOSTILE, state_dir = jobs.dir(), version = HOSTILE, capture(item), max_attempts = 1, on_error = bury, verbose = false)]
fn job(jobs: &Jobs, items: &[&str]) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(item.is_empty(), "the server says {item}");
    }
    Ok(())
}

fn bury(error: &ErrorContext) -> Action {
    assert_harmless("ErrorContext", &error.to_string());
    if error.index() == 0 { Action::DeadLetter } else { Action::Fail }
}

fn hostile() -> Jobs {
    let jobs = Jobs::new();
    job(&jobs, &[HOSTILE, HOSTILE]).unwrap_err();
    jobs
}

#[test]
fn no_command_shows_what_steers_a_terminal() {
    let jobs = hostile();
    let file = jobs.job(HOSTILE).checkpoint_path().unwrap();
    let file = file.to_str().unwrap();
    let out = jobs.dir().join("out\x1b[2J.safestate");
    let out = out.to_str().unwrap();
    for arguments in [
        &["list"][..],
        &["peek", HOSTILE],
        &["failure", HOSTILE],
        &["failure", HOSTILE, "--save", out],
        &["dead-letters", HOSTILE],
        &["history", HOSTILE],
        &["explain", HOSTILE],
        &["doctor", file],
        &["pause", HOSTILE],
        &["list"],
        &["resume", HOSTILE],
        &["cancel", HOSTILE],
        &["export", HOSTILE, out],
        &["doctor", out],
        &["clear", HOSTILE],
        &["import", out],
        &["retry", HOSTILE],
        &["peek", "not there\x1b[2J"],
        &["failure", "--report", "not there\x1b[2J"],
        &["list", "--backend", "floppy:\x1b[2J"],
    ] {
        for json in [&[][..], &["--json"]] {
            let Told { out, err, .. } = jobs.tell(&[arguments, json].concat());
            assert_harmless(&format!("{arguments:?}"), &out);
            assert_harmless(&format!("{arguments:?}"), &err);
            assert!(!out.is_empty() || !err.is_empty(), "{arguments:?}");
        }
    }
    let elsewhere = tell(command().args(["--dir", "no\x1b[2J", "list"]));
    assert_harmless("another place", &(elsewhere.out + &elsewhere.err));
}

#[test]
fn json_means_what_it_did() {
    let jobs = hostile();
    assert_eq!(jobs.json(&["peek", HOSTILE])["job"], HOSTILE);
    let message = format!("the server says {HOSTILE}");
    assert_eq!(jobs.json(&["failure", HOSTILE])["failure"]["message"], message.as_str());
}

#[test]
fn nothing_prints_what_steers_a_terminal() {
    let jobs = hostile();
    let checkpoint = jobs.job(HOSTILE).peek_checkpoint().unwrap().unwrap();
    let captured = Captured { name: HOSTILE.to_owned(), value: HOSTILE.to_owned() };
    let failure = Failure::new(FailureKind::Error, HOSTILE, HOSTILE)
        .with_causes([HOSTILE.to_owned()])
        .with_captured([captured])
        .with_location(HOSTILE);
    let shown: Vec<Box<dyn Display>> = vec![
        Box::new(checkpoint),
        Box::new(failure),
        Box::new(report::capture(&io::Error::other(HOSTILE))),
        Box::new(Place { file: HOSTILE.to_owned(), line: 1, column: 1 }),
        Box::new(ReconnectError::new(HOSTILE)),
        Box::new(OpenError::Io { path: HOSTILE.into(), source: io::Error::other("no") }),
    ];
    for it in shown.into_iter().chain(errors()).chain(backend_errors()) {
        assert_harmless("a value", &it.to_string());
    }
}

fn errors() -> Vec<Box<dyn Display>> {
    let (job, name, reason) = (|| HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned());
    let version = Some(HOSTILE.to_owned());
    let place = HOSTILE.to_owned();
    let source = ReconnectError::new("no");
    let errors = vec![
        Error::VersionChanged { job: job(), stored: version.clone(), current: version.clone() },
        Error::NotMigrated {
            job: job(),
            from: version,
            carried: Box::new(CarriedError::TooMany { name: job() }),
        },
        Error::InputShrank { job: job(), completed: 1, found: None },
        Error::InputChanged { job: job(), index: 1 },
        Error::ItemIdentityChanged { job: job(), before: "a key" },
        Error::InnerLoopInterrupted { job: job() },
        Error::Stopped { job: job(), reason: StopReason::Signal },
        Error::DeadLetterNotRetryable {
            job: job(),
            index: 1,
            reason: DeadLetterNotRetryable::TooFarBack,
        },
        Error::NotSerializable { job: job() },
        Error::KeyNotSerializable { job: job(), index: 1, reason: reason.clone() },
        Error::StoppedItself { reason: reason.clone() },
        Error::NotByHand { job: job(), reason: NotByHand::KnownByKey },
        Error::SeveralLoops { job: job() },
        Error::NameTaken { job: job(), name: name.clone() },
        Error::TooManyRuns { job: job(), runs: 3 },
        Error::ArgumentChanged { job: job(), argument: HOSTILE.to_owned() },
        Error::OtherFunction { job: job(), function: HOSTILE.to_owned() },
        Error::SharedName { job: job(), place: HOSTILE.to_owned(), other: HOSTILE.to_owned() },
        Error::MadeAnew { job: job(), name: name.clone(), path: HOSTILE.into() },
        Error::BadCursor { job: job(), index: 1, reason: "names no item" },
        Error::SliceLost { job: job(), slice: 3 },
        Error::ReturnedFromSlice { job: job() },
        Error::WorkerDiffers { job: job(), found: HOSTILE.to_owned(), stored: HOSTILE.to_owned() },
        Error::Slices { job: job(), reason: HOSTILE.to_owned() },
        Error::LengthUnknown { job: job() },
        Error::NotGivenAgain { job: job(), reason: HOSTILE.to_owned() },
        Error::Cleared { job: job() },
        Error::CodeChanged { job: job() },
        Error::NotCarried { job: job(), name: name.clone(), completed: 1 },
        Error::DuplicateStep { job: job(), step: job() },
        Error::Reconnect { job: job(), name, source },
        Error::Replay { job: job(), reason },
        Error::Limit(LimitExceeded::MemoryLimitExceeded {
            limit: 1,
            used: 2,
            memory: Memory::Process,
            place,
        }),
    ];
    errors.into_iter().map(|it| Box::new(it) as Box<dyn Display>).collect()
}

fn backend_errors() -> Vec<Box<dyn Display>> {
    let text = || HOSTILE.to_owned();
    let path = HOSTILE.into();
    let errors = vec![
        BackendError::Io { action: "read", path, source: io::Error::other("no") },
        BackendError::OtherJob { job: text(), found: text(), place: text() },
        BackendError::Held { job: text(), holder: None },
        BackendError::LeaseLost { job: text(), holder: None },
        BackendError::Abandoned { job: text() },
        BackendError::ReservedName(text()),
        BackendError::Url { url: text(), reason: text() },
        BackendError::TablePrefix(text()),
        BackendError::KeyPrefix(text()),
        BackendError::Backend { action: "read", job: text(), source: "no".into() },
    ];
    errors.into_iter().map(|it| Box::new(it) as Box<dyn Display>).collect()
}
