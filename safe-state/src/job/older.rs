//! Finds an older, unfinished run of a job that begins anew: in another directory, or under another name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use safe_state_backends::{Backend, Checkpoint, FileBackend};
use safe_state_base::place::DEFAULT_STATE_DIR;

use super::Job;
use super::place::Stored;

/// Returns a warning if an older run of the job is unfinished elsewhere.
pub(crate) fn beside(job: &Job) -> Option<String> {
    match job.stored().ok()? {
        Stored::Default(here) => {
            in_another_directory(job.job_name()).or_else(|| by_another_name(&*here, job.job_name()))
        }
        Stored::Named(here) => by_another_name(&*here, job.job_name()),
        Stored::OfTest(_) => None,
    }
}

/// Looks for an unfinished job of the same name in state directories of folders above this one, above the program, and
/// at home.
fn in_another_directory(name: &str) -> Option<String> {
    let here = std::env::current_dir().ok()?;
    let program = std::env::current_exe().ok();
    let above =
        here.ancestors().skip(1).chain(program.iter().flat_map(|it| it.ancestors().skip(1)));
    let mut looked_at = BTreeSet::from([here.clone()]);
    let mut dirs = above.map(Path::to_owned).chain(std::env::home_dir());
    let older = dirs.find(|dir| {
        looked_at.insert(dir.clone())
            && is_unfinished(&FileBackend::new(dir.join(DEFAULT_STATE_DIR)), name)
    })?;
    Some(format!(
        "begins anew in `{}`, although an unfinished run is in `{}`: start the program there, or set `$SAFE_STATE_DIR` to \
         one place for both",
        here.join(DEFAULT_STATE_DIR).display(),
        older.join(DEFAULT_STATE_DIR).display()
    ))
}

/// Looks for an unfinished job in the same backend whose name ends in another form of the path that `name` ends in.
fn by_another_name(backend: &dyn Backend, name: &str) -> Option<String> {
    let place = backend.path(name)?;
    let ends: Vec<(&str, PathBuf)> = paths(name).collect();
    if ends.is_empty() {
        return None;
    }
    let is_of_same = |other: &String| {
        let same = |(before, path): &(&str, PathBuf)| {
            other.strip_prefix(before).is_some_and(|rest| resolved(rest).as_ref() == Some(path))
        };
        other != name && ends.iter().any(same) && is_unfinished(backend, other)
    };
    let older = backend.list().ok()?.into_iter().find(is_of_same)?;
    Some(format!(
        "begins anew in `{}`, although job `{older}` of the same path is unfinished: give the job's name one form of it, \
         as `std::path::absolute` does",
        place.display()
    ))
}

/// Returns each end of a name that is an existing path, resolved, with the part of the name before it.
fn paths(name: &str) -> impl Iterator<Item = (&str, PathBuf)> {
    // Most ends are no path, which one system call tells.
    let existing = ends(name).filter(|(_, rest)| Path::new(rest).symlink_metadata().is_ok());
    existing.filter_map(|(before, rest)| Some((before, resolved(rest)?)))
}

/// Returns each end of a name that may be a path, with the part of the name before it. A path begins where a word of the name
/// does, or with a `/` or a `.`.
fn ends(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = name.char_indices().map(|(at, _)| name.split_at(at));
    parts.filter(|(before, rest)| {
        rest.starts_with(['/', '.']) || !before.ends_with(char::is_alphanumeric)
    })
}

fn resolved(path: &str) -> Option<PathBuf> {
    Path::new(path).canonicalize().ok()
}

fn is_unfinished(backend: &dyn Backend, name: &str) -> bool {
    let stored = Checkpoint::load(backend, name);
    stored.is_ok_and(|stored| stored.is_some_and(|stored| !stored.is_finished()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_name_begins_where_a_word_does() {
        let begin = |name| ends(name).map(|(_, rest)| rest).collect::<Vec<_>>();
        assert_eq!(begin("nightly"), ["nightly"]);
        assert_eq!(begin("import-/a.csv"), ["import-/a.csv", "/a.csv", "a.csv", ".csv", "csv"]);
        assert_eq!(begin("of./a"), ["of./a", "./a", "/a", "a"]);
        assert_eq!(begin("of ../ä"), ["of ../ä", "../ä", "./ä", "/ä", "ä"]);
        assert!(begin("").is_empty());
    }
}
