//! Tests errors of every kind, each shown as well as possible.

use std::error::Error;
use std::io;
use std::path::Path;

use safe_state::report::Report;
use safe_state::resumable;

#[derive(Debug, thiserror::Error)]
enum Billing {
    #[error("cannot reach {host}")]
    Gone {
        host: &'static str,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn lost() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::BrokenPipe, "the peer is gone"))
}

macro_rules! job {
    ($name:ident -> $error:ty, $body:expr) => {
        #[resumable(name = "errors", state_dir = dir)]
        fn $name(dir: &Path, items: &[u8]) -> Result<(), $error> {
            for _ in items {
                $body?;
            }
            Ok(())
        }
    };
}

#[resumable(name = "errors", state_dir = dir)]
fn typed(dir: &Path, items: &[u8]) -> Result<(), Billing> {
    for _ in items {
        lost().map_err(|source| Billing::Gone { host: "mail-1", source })?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn converted(dir: &Path, items: &[u8]) -> Result<(), Billing> {
    for _ in items {
        lost()?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn boxed(dir: &Path, items: &[u8]) -> Result<(), Box<dyn Error>> {
    for _ in items {
        lost()?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn sent(dir: &Path, items: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
    for _ in items {
        lost()?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn in_anyhow(dir: &Path, items: &[u8]) -> anyhow::Result<()> {
    for _ in items {
        lost()?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn in_eyre(dir: &Path, items: &[u8]) -> eyre::Result<()> {
    for _ in items {
        lost()?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn in_snafu(dir: &Path, items: &[u8]) -> Result<(), snafu::Whatever> {
    use snafu::ResultExt;
    for item in items {
        lost().with_whatever_context(|_| format!("cannot do {item}"))?;
    }
    Ok(())
}

#[resumable(name = "errors", state_dir = dir)]
fn none(dir: &Path, items: &[u8]) -> Option<()> {
    for item in items {
        item.checked_sub(9)?;
    }
    Some(())
}

fn report(run: impl FnOnce(&Path)) -> Report {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let job = safe_state::Job::new("errors").state_dir(dir.path());
    Report::of(&job.peek_checkpoint().unwrap().unwrap()).unwrap()
}

/// Returns the message, the causes, the types of the links, and the type at the `?`.
fn told(report: &Report) -> (String, Vec<String>, Vec<Option<String>>, String) {
    let details = report.details();
    let types = details.links.into_iter().map(|link| link.error_type).collect();
    let failure = report.failure();
    let at = details.trail.into_iter().next().map(|step| step.error_type).unwrap_or_default();
    (failure.message().to_owned(), failure.causes().to_vec(), types, at)
}

const IO: &str = "std::io::error::Error";

#[test]
fn errors_of_the_users_own_types_show_their_causes() {
    let report = report(|dir| drop(typed(dir, &[1])));
    let (message, causes, types, at) = told(&report);
    assert_eq!(
        (message.as_str(), causes),
        ("cannot reach mail-1", vec!["the peer is gone".to_owned()])
    );
    assert!(types[0].as_deref().unwrap().ends_with("::Billing") && at.ends_with("::Billing"));
    assert_eq!(types[1].as_deref(), Some(IO));
    let debug = report.details().links[0].debug.clone().unwrap();
    assert!(debug.contains("host: \"mail-1\""), "{debug}");
}

#[test]
fn an_error_that_the_question_mark_converts_stays_known() {
    for report in [
        report(|dir| drop(converted(dir, &[1]))),
        report(|dir| drop(boxed(dir, &[1]))),
        report(|dir| drop(sent(dir, &[1]))),
        report(|dir| drop(in_anyhow(dir, &[1]))),
        report(|dir| drop(in_eyre(dir, &[1]))),
    ] {
        let (message, _, types, at) = told(&report);
        assert_eq!((message.as_str(), at.as_str()), ("the peer is gone", IO));
        assert_eq!(types.len(), 1);
        assert!(
            types[0].as_deref().is_some_and(|it| it == IO || it.ends_with("::Billing")),
            "{types:?}"
        );
    }
}

#[test]
fn the_holders_tell_where_they_were_made() {
    let report = report(|dir| drop(in_eyre(dir, &[1])));
    let debug = report.details().links[0].debug.clone().unwrap();
    assert!(debug.contains("Location:") && debug.contains("errors.rs:"), "{debug}");
}

#[test]
fn snafu_shows_its_causes() {
    let (message, causes, _, at) = told(&report(|dir| drop(in_snafu(dir, &[7]))));
    assert_eq!((message.as_str(), causes), ("cannot do 7", vec!["the peer is gone".to_owned()]));
    assert!(at.ends_with("::Whatever"), "{at}");
}

#[test]
fn a_none_is_found_as_well() {
    let report = report(|dir| assert!(none(dir, &[10, 3]).is_none()));
    let step = report.details().trail[0].clone();
    assert_eq!(step.expression, "item.checked_sub(9)");
    assert_eq!(report.details().values[0].text, "3");
}

/// Fails by a `?` in arguments of macros of the standard library.
#[resumable(name = "errors", state_dir = dir, fresh(how))]
fn in_macros(dir: &Path, items: &[u8], how: &str) -> io::Result<()> {
    for item in items {
        let text = match how {
            "format" => format!("{item} {lost:?}", lost = lost()?),
            "vec" => vec![lost()?; 2].len().to_string(),
            "nested" => std::format!("{:?}", vec![Some(lost()?)]),
            _ => how.to_owned(),
        };
        println!("{text} {:?}", lost()?);
    }
    Ok(())
}

#[test]
fn a_question_mark_in_the_arguments_of_a_macro_is_followed() {
    for (how, line) in [
        ("format", "lost = lost()?"),
        ("vec", "vec![lost()?; 2]"),
        ("nested", "vec![Some(lost()?)]"),
        ("else", "println!(\"{text} {:?}\", lost()?);"),
    ] {
        let report = report(|dir| drop(in_macros(dir, &[1], how)));
        let step = report.details().trail[0].clone();
        assert_eq!(step.expression, "lost()");
        let found = include_str!("errors.rs").lines().nth(step.place.line as usize - 1).unwrap();
        assert!(found.contains(line), "{found}");
        let column = found.chars().take(step.place.column as usize - 1).collect::<String>();
        assert!(found[column.len()..].starts_with("lost()?"), "{step:?}");
    }
}

/// Fails by an error of its own, after it has handled others.
#[resumable(name = "errors", state_dir = dir)]
fn handled(dir: &Path, items: &[u8]) -> io::Result<()> {
    for _ in items {
        let first = || -> io::Result<()> {
            lost()?;
            Ok(())
        };
        let _ = first();
        let _ = converted(&dir.join("inner"), &[1]);
        return Err(io::Error::other("by `return`"));
    }
    Ok(())
}

#[test]
fn a_question_mark_that_did_not_leave_the_function_is_not_told() {
    let report = report(|dir| drop(handled(dir, &[1])));
    assert!(report.details().trail.is_empty(), "{:?}", report.details().trail);
    let place = report.failure().location().unwrap();
    let line =
        1 + include_str!("errors.rs").lines().position(|it| it.contains("let first =")).unwrap();
    assert!(place.contains(&format!("errors.rs:{}:", line - 1)), "{place}: the loop");
}

job!(by_macro -> io::Error, lost());

/// The place of code that a macro has generated is where the macro is called, or in its arguments.
#[test]
fn a_body_from_a_macro_is_no_worse() {
    let report = report(|dir| drop(by_macro(dir, &[1])));
    assert!(report.failure().location().unwrap().contains("errors.rs:"));
}
