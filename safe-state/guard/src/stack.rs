//! The stack of a dead process, found from addresses: the guard is the same program, and has the same code loaded at
//! other addresses.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr;

use backtrace::Symbol;
use safe_state_backends::escape::Line;
use serde::{Deserialize, Serialize};

use super::layout::MODULES;
use super::note;
use super::sys::Pages;

/// A call on the stack of a dead process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    address: u64,
    module: Option<PathBuf>,
    function: Option<String>,
    place: Option<(PathBuf, u32)>,
}

impl Frame {
    /// Returns the function's name; `None` if the program has no symbols for it, as when it is stripped.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Returns the source file and the line in it, if the program has debug information.
    pub fn place(&self) -> Option<(&Path, u32)> {
        self.place.as_ref().map(|(file, line)| (file.as_path(), *line))
    }

    /// Returns the path of the program or library that contains the function.
    pub fn module(&self) -> Option<&Path> {
        self.module.as_deref()
    }

    /// Returns the address, as it was in the dead process.
    pub fn address(&self) -> u64 {
        self.address
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.function, &self.module) {
            (Some(function), _) => Line(function).fmt(f)?,
            (None, Some(module)) => write!(f, "{:#x} of {}", self.address, Line(module.display()))?,
            (None, None) => write!(f, "{:#x}", self.address)?,
        }
        match &self.place {
            Some((file, line)) => write!(f, ", at {}:{line}", Line(file.display())),
            None => Ok(()),
        }
    }
}

/// A part of a file that contains code, and the addresses where it is mapped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Module {
    start: u64,
    end: u64,
    offset: u64,
    path: PathBuf,
}

/// Returns the modules of this process.
fn modules() -> Vec<Module> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter_map(module).collect()
}

/// Reads a line such as `55d0c0a00000-55d0c0b00000 r-xp 00010000 fe:01 1234    /usr/bin/program`.
fn module(line: &str) -> Option<Module> {
    let number = |text| u64::from_str_radix(text, 16).ok();
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let is_code = fields.next()?.contains('x');
    let offset = number(fields.next()?)?;
    let path = fields.nth(2)?.trim_start();
    let module =
        Module { start: number(start)?, end: number(end)?, offset, path: PathBuf::from(path) };
    (is_code && path.starts_with('/')).then_some(module)
}

/// Notes for the guard which modules are mapped where. Leaves some out if they do not fit.
pub(super) fn note(memory: &Pages) {
    let mut modules = modules();
    while !note::leave(memory, MODULES, &modules) && !modules.is_empty() {
        modules.truncate(modules.len() / 2);
    }
}

/// Returns the modules that were mapped in the job.
pub(super) fn find(memory: &Pages) -> Vec<Module> {
    note::find(memory, MODULES).unwrap_or_default()
}

/// Returns the calls at these addresses, from the innermost outwards. All but the first are return addresses; the first
/// is too if `all_return`.
pub(super) fn frames(addresses: &[u64], mapped: &[Module], all_return: bool) -> Vec<Frame> {
    let ours = modules();
    let mut frames = Vec::new();
    for (depth, address) in addresses.iter().enumerate() {
        // `resolve` looks up the instruction before an address, as return addresses follow their calls.
        let is_exact = u64::from(depth == 0 && !all_return);
        let found = mapped.iter().find(|module| (module.start..module.end).contains(address));
        let here = found.and_then(|module| {
            let same = |ours: &&Module| (&ours.path, ours.offset) == (&module.path, module.offset);
            let moved = address + is_exact - module.start;
            ours.iter().find(same).map(|ours| ours.start + moved)
        });
        let unknown = Frame {
            address: *address,
            module: found.map(|module| module.path.clone()),
            function: None,
            place: None,
        };
        resolve(&mut frames, unknown, here);
    }
    trimmed(frames)
}

/// Adds the calls at an address of this process, inlined ones first.
fn resolve(frames: &mut Vec<Frame>, unknown: Frame, here: Option<u64>) {
    let known = frames.len();
    if let Some(here) = here.and_then(|here| usize::try_from(here).ok()) {
        backtrace::resolve(ptr::without_provenance_mut(here), |symbol| {
            frames.push(named(unknown.clone(), symbol));
        });
    }
    if frames.len() == known {
        frames.push(unknown);
    }
}

fn named(unknown: Frame, symbol: &Symbol) -> Frame {
    Frame {
        function: symbol.name().map(|name| format!("{name:#}")),
        place: symbol.filename().map(Path::to_owned).zip(symbol.lineno()),
        ..unknown
    }
}

/// Returns the frames without those that make a panic, and without those that called the job.
fn trimmed(mut frames: Vec<Frame>) -> Vec<Frame> {
    let is_of = |frame: &Frame, parts: &[&str]| {
        frame.function.as_ref().is_some_and(|name| parts.iter().any(|part| name.contains(part)))
    };
    let panics = [
        "rust_begin_unwind",
        "core::panicking::",
        "std::panicking::",
        "unwrap_failed",
        "expect_failed",
    ];
    let outside = ["__rust_begin_short_backtrace", "safe_state_guard::job::"];
    if let Some(last) = frames.iter().rposition(|frame| is_of(frame, &panics[..1])) {
        let rest = frames[last + 1..].iter().take_while(|frame| is_of(frame, &panics)).count();
        frames.drain(..=last + rest);
    }
    if let Some(first) = frames.iter().position(|frame| is_of(frame, &outside)) {
        frames.truncate(first);
    }
    frames
}
