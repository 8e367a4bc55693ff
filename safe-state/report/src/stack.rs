//! The stack: addresses when it is captured, functions and lines when it is reported.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use safe_state_backends::details::{Frame, Place};

/// The most calls noted of a stack.
const DEEPEST: usize = 256;
/// The most addresses whose functions are remembered.
const REMEMBERED: usize = 4096;

/// The addresses of the calls under way, innermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses(Vec<usize>);

impl Addresses {
    /// Returns the addresses of this thread's calls. Takes no lock, and looks no names up.
    pub(crate) fn here() -> Self {
        let mut addresses = Vec::with_capacity(64);
        backtrace::trace(|frame| {
            addresses.push(frame.ip().addr());
            addresses.len() < DEEPEST
        });
        Addresses(addresses)
    }

    /// Returns the calls, without those of this crate and of the panic at the top, and without those that started the
    /// thread.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        if !is_wanted() {
            return Vec::new();
        }
        trimmed(self.0.iter().flat_map(|address| resolved(*address)).collect())
    }
}

/// Returns whether stacks are wanted: they are not if `SAFE_STATE_STACK` is `0`.
fn is_wanted() -> bool {
    std::env::var_os("SAFE_STATE_STACK").is_none_or(|value| value != "0")
}

/// Returns the functions at an address, several if some were inlined. Only the program's own file is looked into: the
/// information on system libraries takes long to read, and tells little.
fn resolved(address: usize) -> Vec<Frame> {
    static KNOWN: Mutex<BTreeMap<usize, Vec<Frame>>> = Mutex::new(BTreeMap::new());
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&address) {
        return known.clone();
    }
    let mut frames = Vec::new();
    if is_of_program(address) {
        backtrace::resolve(address as *mut c_void, |symbol| frames.push(frame(address, symbol)));
    }
    if frames.is_empty() {
        frames.push(Frame { address: address as u64, ..Frame::default() });
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() < REMEMBERED {
        known.insert(address, frames.clone());
    }
    frames
}

fn frame(address: usize, symbol: &backtrace::Symbol) -> Frame {
    // This format leaves out the hash that tells copies of a function apart.
    let function = symbol.name().map(|name| format!("{name:#}"));
    let place = symbol.filename().map(|file| Place {
        file: file.to_string_lossy().into_owned(),
        line: symbol.lineno().unwrap_or_default(),
        column: symbol.colno().unwrap_or_default(),
    });
    let is_own = is_own(place.as_ref(), function.as_deref());
    Frame { address: address as u64, function, place, is_own }
}

/// Returns whether a function is the user's own code, and not a library's.
fn is_own(place: Option<&Place>, function: Option<&str>) -> bool {
    const LIBRARIES: [&str; 6] = [
        "/rustc/",
        "/rustlib/src/",
        "/library/std/",
        "/registry/src/",
        "/git/checkouts/",
        "/vendor/",
    ];
    let Some(Place { file, .. }) = place else { return false };
    let file = file.replace('\\', "/");
    let is_library = LIBRARIES.iter().any(|library| file.contains(library));
    !is_library && !function.is_some_and(is_of_this_crate)
}

fn is_of_this_crate(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&', '_']);
    let parts = ["", "_backends", "_base", "_guard", "_limits", "_report"];
    let rest = name.strip_prefix("safe_state");
    let rest = rest
        .and_then(|rest| parts.iter().find_map(|part| rest.strip_prefix(part)?.strip_prefix("::")));
    rest.is_some()
}

/// The address ranges of the program's own file; empty if they are not known here.
static PROGRAM: LazyLock<Vec<Range<usize>>> = LazyLock::new(|| {
    let program = std::env::current_exe().unwrap_or_default();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let parse = |text: &str| usize::from_str_radix(text, 16).ok();
    let range = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let path = rest.find('/').and_then(|at| rest.get(at..))?;
        let (start, end) = range.split_once('-')?;
        (std::path::Path::new(path) == program).then_some(parse(start)?..parse(end)?)
    };
    maps.lines().filter_map(range).collect()
});

fn is_of_program(address: usize) -> bool {
    PROGRAM.is_empty() || PROGRAM.iter().any(|range| range.contains(&address))
}

fn trimmed(mut frames: Vec<Frame>) -> Vec<Frame> {
    let is = |frame: &Frame, what: fn(&str) -> bool| frame.function.as_deref().is_some_and(what);
    if let Some(start) =
        frames.iter().position(|it| is(it, |name| name.contains("__rust_begin_short_backtrace")))
    {
        frames.truncate(start);
    }
    let panic = frames.iter().rposition(|it| is(it, |name| name.contains("rust_begin_unwind")));
    let top = panic.map_or(0, |panic| panic + 1);
    frames.drain(..top);
    let above = frames.iter().take_while(|it| is_machinery(it) || is_of_std(it));
    let machinery = above.enumerate().filter(|(_, it)| is_machinery(it)).last();
    let below = machinery.map_or(0, |(last, _)| last + 1);
    frames.drain(..below);
    frames
}

/// Returns whether a call belongs to a capture, or to a panic.
fn is_machinery(frame: &Frame) -> bool {
    let function = frame.function.as_deref().unwrap_or_default();
    is_of_this_crate(function)
        || function.starts_with("core::panicking::")
        // The name of an inlined function has no path.
        || is_in(frame, |part| part.starts_with("backtrace"))
}

fn is_of_std(frame: &Frame) -> bool {
    let function = frame.function.as_deref().unwrap_or_default().trim_start_matches('<');
    ["core::", "alloc::", "std::"].iter().any(|krate| function.starts_with(krate))
        || is_in(frame, |part| matches!(part, "rustc" | "rustlib"))
}

/// Returns whether the call's file is in a directory whose name `is_it` accepts.
fn is_in(frame: &Frame, is_it: impl Fn(&str) -> bool) -> bool {
    let file = frame.place.as_ref().map_or("", |place| &place.file);
    file.split(['/', '\\']).rev().skip(1).any(is_it)
}

/// Splits off the `std::backtrace::Backtrace` at the end of a text, as `anyhow` prints it. Returns the text before it,
/// and its frames.
pub(crate) fn printed(text: &str) -> Option<(&str, Vec<Frame>)> {
    let (before, printed) = text.split_once("\n\nStack backtrace:\n")?;
    let mut frames: Vec<Frame> = Vec::new();
    for line in printed.lines() {
        let line = line.trim_start();
        if let Some(place) = line.strip_prefix("at ") {
            let Some(frame) = frames.last_mut() else { continue };
            frame.place = place_of(place);
            frame.is_own = is_own(frame.place.as_ref(), frame.function.as_deref());
        } else if let Some((number, function)) = line.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            frames.push(Frame { function: Some(function.to_owned()), ..Frame::default() });
        }
    }
    (!frames.is_empty()).then(|| (before, trimmed(frames)))
}

fn place_of(text: &str) -> Option<Place> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_are_found() {
        let frames = Addresses::here().frames();
        let names: Vec<_> = frames.iter().filter_map(|it| it.function.as_deref()).collect();
        assert!(names.iter().all(|name| !name.contains("__rust_begin_short_backtrace")));
        assert!(frames.iter().all(|it| it.address != 0), "{frames:?}");
    }

    #[test]
    fn the_users_code_is_told_from_libraries() {
        let place = |file: &str| Place { file: file.to_owned(), line: 1, column: 1 };
        let own = |file, function| is_own(Some(&place(file)), Some(function));
        assert!(own("/home/me/billing/src/main.rs", "billing::bill"));
        assert!(!own("/rustc/59807616e/library/core/src/result.rs", "core::result::unwrap_failed"));
        assert!(!own("/home/me/.cargo/registry/src/index/serde-1.0/src/lib.rs", "serde::f"));
        assert!(!own("/home/me/safe-state/src/run.rs", "safe_state::run::call"));
        assert!(!own(
            "/home/me/safe-state/report/src/stack.rs",
            "<safe_state_report::stack::Addresses>::here"
        ));
        assert!(own("/home/me/safe-state-jobs/src/lib.rs", "safe_state_jobs::bill"));
        assert!(!is_own(None, Some("billing::bill")));
    }

    #[test]
    fn a_printed_backtrace_is_read() {
        let text = "lost\n\nStack backtrace:\n   0: anyhow::error::from\n             at /x/registry/src/a/anyhow/src/lib.rs:9:5\n   \
                    1: billing::bill\n             at ./src/main.rs:14:9\n";
        let (before, frames) = printed(text).unwrap();
        assert_eq!(before, "lost");
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].place, place_of("./src/main.rs:14:9"));
        assert!(frames[1].is_own && !frames[0].is_own);
        assert!(printed("lost").is_none());
    }
}
