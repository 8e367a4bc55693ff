//! The source around the places of a report, as it is on this machine when the report is captured.

use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use safe_state_backends::details::{Details, Excerpt, Place};

/// The number of lines shown before and after a place.
const AROUND: u32 = 4;
/// The number of bytes of a file that are read at most, and of a line that are kept.
const FILE: u64 = 8 * 1024 * 1024;
const LINE: usize = 400;
/// The most places whose source is shown.
const EXCERPTS: usize = 24;

/// Returns the source around the panic, each `?`, and each call in the user's own code.
pub(super) fn excerpts(details: &Details, panicked_at: Option<&Place>) -> Vec<Excerpt> {
    let steps = details.trail.iter().map(|step| &step.place);
    let own = details.frames.iter().filter(|frame| frame.is_own);
    let calls = own.filter_map(|frame| frame.place.as_ref());
    let mut excerpts: Vec<Excerpt> = Vec::new();
    let mut files = Files::new(details);
    for place in panicked_at.into_iter().chain(steps).chain(calls) {
        if excerpts.len() == EXCERPTS {
            break;
        }
        if !excerpts
            .iter()
            .any(|excerpt| excerpt.first == first_line(place) && excerpt.file == place.file)
        {
            excerpts.extend(files.excerpt(place));
        }
    }
    excerpts
}

fn first_line(place: &Place) -> u32 {
    place.line.saturating_sub(AROUND).max(1)
}

/// The search for source files.
struct Files<'a> {
    details: &'a Details,
    built: Option<SystemTime>,
}

impl<'a> Files<'a> {
    fn new(details: &'a Details) -> Self {
        let program = std::env::current_exe().and_then(std::fs::metadata);
        Files { details, built: program.and_then(|it| it.modified()).ok() }
    }

    fn excerpt(&mut self, place: &Place) -> Option<Excerpt> {
        let path = self.find(&place.file)?;
        let file = File::open(path).ok()?;
        let metadata = file.metadata().ok().filter(Metadata::is_file)?;
        let modified = metadata.modified().ok();
        let first = first_line(place);
        let lines = lines(file, first, place.line.saturating_add(AROUND));
        let is_newer = modified.zip(self.built).is_some_and(|(source, program)| source > program);
        let has_place = usize::try_from(place.line - first).is_ok_and(|at| at < lines.len());
        has_place.then(|| Excerpt { file: place.file.clone(), first, lines, is_newer })
    }

    /// Finds a source file. The compiler names files as they were passed to it, which may be relative to another
    /// directory. The stack names the same file in full.
    fn find(&self, file: &str) -> Option<PathBuf> {
        let path = Path::new(file);
        if path.is_file() {
            return Some(path.to_owned());
        }
        let calls = self.details.frames.iter().filter_map(|frame| frame.place.as_ref());
        let mut full = calls.map(|place| Path::new(&place.file)).filter(|it| it.ends_with(path));
        full.find(|it| it.is_file()).map(Path::to_owned)
    }
}

/// Returns the lines from `first` to `last`, or to the end of the file.
fn lines(file: File, first: u32, last: u32) -> Vec<String> {
    let mut reader = BufReader::new(file.take(FILE));
    let mut lines = Vec::new();
    for number in 1..=last {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) && number >= first {
            line.truncate(LINE);
            lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
        } else if line.is_empty() {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use safe_state_backends::details::Step;

    use super::*;

    fn excerpt(file: &str, line: u32) -> Option<Excerpt> {
        let place = Place { file: file.to_owned(), line, column: 1 };
        let details =
            Details { trail: vec![Step { place, ..Step::default() }], ..Details::default() };
        excerpts(&details, None).pop()
    }

    #[test]
    fn the_lines_around_a_place_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main.rs");
        let text: Vec<u8> =
            (1..=20).flat_map(|line| format!("line {line}\r\n").into_bytes()).collect();
        std::fs::write(&path, &text).unwrap();
        let file = path.to_str().unwrap();
        let middle = excerpt(file, 10).unwrap();
        assert_eq!((middle.first, middle.lines.len()), (6, 9));
        assert_eq!(middle.lines[4], "line 10");
        assert_eq!(excerpt(file, 1).unwrap().lines.len(), 5);
        assert_eq!(excerpt(file, 20).unwrap().lines.len(), 5);
        assert_eq!(excerpt(file, 21), None);
    }

    #[test]
    fn what_is_no_source_is_left_out_or_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main.rs");
        std::fs::write(&path, vec![0xff; 1 << 20]).unwrap();
        let found = excerpt(path.to_str().unwrap(), 1).unwrap();
        assert!(found.lines[0].len() <= 3 * LINE);
        assert_eq!(excerpt("/dev/zero", 1), None);
        assert_eq!(excerpt(dir.path().to_str().unwrap(), 1), None);
        assert_eq!(excerpt("not/there.rs", 1), None);
    }
}
