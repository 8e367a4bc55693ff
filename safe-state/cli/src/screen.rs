//! Output, for people and for programs.

use std::fmt::{self, Write as _};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use safe_state_backends::escape::json as json_line;
use serde::Serialize;

use super::escape;
use super::exit::Failed;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// A value that can be shown: as JSON by `Serialize`, and as text to people.
pub(super) trait Shown: Serialize {
    /// Returns the text, with styles, which are removed where no terminal is. Text from outside is escaped.
    fn text(&self) -> String;
}

/// Standard output and standard error.
#[derive(Debug)]
pub(super) struct Screen {
    json: bool,
}

impl Screen {
    pub(super) fn new(json: bool) -> Self {
        Screen { json }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a value, as JSON or as text.
    pub(super) fn show(&self, shown: &impl Shown) -> Result<(), Failed> {
        if self.json {
            return print_raw((json(shown)? + "\n").as_bytes());
        }
        print(&shown.text())
    }

    /// Writes a note for people to standard error. In JSON mode, it writes nothing.
    pub(super) fn note(&self, text: &str) {
        if !self.json {
            aside(format_args!("{DIM}{}{DIM:#}", escape::line(text)));
        }
    }

    /// Writes the reason why the command failed. Returns the exit code.
    pub(super) fn fail(&self, failed: &Failed) -> ExitCode {
        let Failed { code, message } = failed;
        if self.json {
            let error = serde_json::json!({ "error": message, "code": *code as u8 });
            aside(format_args!("{}", json_line(&error.to_string())));
        } else {
            aside(format_args!("{BAD}error{BAD:#}: {}", escape::line(message)));
        }
        (*code).into()
    }
}

/// Writes a line to standard error. If nobody can read it, the exit code tells enough.
pub(super) fn aside(line: fmt::Arguments<'_>) {
    // The line is written in one piece, because the program that it is about may write there too.
    let _ = anstream::stderr().write_all(format!("{line}\n").as_bytes());
}

fn json(shown: &impl Serialize) -> Result<String, Failed> {
    let text = serde_json::to_string_pretty(shown);
    text.map(|text| json_line(&text)).map_err(|error| Failed::new(error.to_string()))
}

/// Prints text with styles.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    let mut out = anstream::stdout().lock();
    told(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(drop)
}

/// Prints bytes as they are.
pub(super) fn print_raw(bytes: &[u8]) -> Result<(), Failed> {
    is_read(bytes).map(drop)
}

/// Prints bytes as they are. Returns whether standard output still has a reader.
pub(super) fn is_read(bytes: &[u8]) -> Result<bool, Failed> {
    let mut out = std::io::stdout().lock();
    told(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Turns the result of a write into whether there is a reader. A reader that has read enough, such as `head`, is no
/// failure.
fn told(written: std::io::Result<()>) -> Result<bool, Failed> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failed::new(format!("cannot write to standard output: {error}"))),
    }
}

/// Returns a line with a name and its value. Further lines of the value start in the value's column.
pub(super) fn field(name: &str, value: &str) -> String {
    const COLUMN: &str = "             ";
    format!("  {DIM}{name:<10}{DIM:#} {}\n", escape::block(value, COLUMN))
}

/// Returns a text such as `1 item` or `2 items`.
pub(super) fn items(count: impl Into<u128>) -> String {
    match count.into() {
        1 => "1 item".to_owned(),
        count => format!("{count} items"),
    }
}

/// Returns a text such as `1 job` or `2 jobs`.
pub(super) fn jobs(count: usize) -> String {
    format!("{count} job{}", if count == 1 { "" } else { "s" })
}

/// Returns a text such as `2 items` or `2 of 9 items`.
pub(super) fn items_of(completed: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{completed} of {}", items(total)),
        None => items(completed),
    }
}

/// Returns the items around an inner loop as a text such as ` in item 3`, outermost first; nothing for an outermost
/// loop.
pub(super) fn within(around: &[u64]) -> String {
    if around.is_empty() {
        return String::new();
    }
    let around: Vec<String> = around.iter().map(ToString::to_string).collect();
    format!(" in item {}", around.join(", "))
}

pub(super) use safe_state_base::status::death::times;

/// One cell of a table: its escaped text, its style and its alignment.
#[derive(Clone, Debug)]
pub(super) struct Cell(String, Style, Align);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl Cell {
    pub(super) fn new(text: impl AsRef<str>, style: Style) -> Self {
        Cell(escape::line(text.as_ref()), style, Align::Left)
    }

    /// Creates a cell with a number, which is aligned right.
    pub(super) fn number(text: impl Into<String>) -> Self {
        Cell(text.into(), Style::new(), Align::Right)
    }

    fn width(&self) -> usize {
        unicode_width::UnicodeWidthStr::width(self.0.as_str())
    }
}

/// Returns the rows as a table with columns of equal width, under their names.
pub(super) fn table<const N: usize>(names: [&str; N], rows: &[[Cell; N]]) -> String {
    let mut widths = names.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let aligns: [Align; N] =
        std::array::from_fn(|at| rows.first().map_or(Align::Left, |row| row[at].2));
    let head: [Cell; N] = std::array::from_fn(|at| Cell(names[at].to_owned(), DIM, aligns[at]));
    std::iter::once(&head).chain(rows).map(|row| one_row(row, &widths)).collect()
}

fn one_row<const N: usize>(row: &[Cell; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    // No padding follows the last text of a row.
    let last = row.iter().rposition(|cell| !cell.0.is_empty()).unwrap_or_default();
    for (at, (cell, width)) in row.iter().zip(widths).enumerate().take(last + 1) {
        let Cell(text, style, align) = cell;
        let room = " ".repeat(width - cell.width());
        let (before, after) =
            if *align == Align::Right { (room, String::new()) } else { (String::new(), room) };
        let after = if at == last { "" } else { &after };
        let gap = if at == 0 { "" } else { "  " };
        // Writing into a string does not fail.
        let _ = write!(line, "{gap}{before}{style}{text}{style:#}{after}");
    }
    line + "\n"
}
