//! Shows a report in a terminal, as the compiler shows an error.

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use safe_state_backends::details::{Details, Excerpt, Frame, Place, Step, Value};

use super::Report;
use super::escape::{one_line, printable};
use super::view::{View, excerpt_of};

/// The style of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// With colours, by ANSI escape sequences.
    Coloured,
    /// Without colours.
    Plain,
}

/// The most calls of which the source is shown.
const SHOWN_CALLS: usize = 6;

pub(super) fn render(report: &Report, style: Style) -> String {
    let details = report.details();
    let view = View::of(report, &details);
    let renderer = match style {
        Style::Coloured => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let mut groups = vec![failure(&view)];
    groups
        .extend(view.calls().take(SHOWN_CALLS).map(|(frame, place)| call(&details, frame, place)));
    let mut text = renderer.decor_style(DecorStyle::Ascii).render(&groups);
    text.push('\n');
    let mut sections = Sections { text, style };
    sections.table("job", &view.job_facts());
    sections.outline(&details.values);
    sections.table("captured", &view.captured());
    sections.spans(&details);
    sections.errors(&view);
    sections.stack(&details);
    sections.table("process", &view.process());
    sections.text
}

/// Shows what failed, where, and why.
fn failure<'a>(view: &View<'_>) -> Group<'a> {
    let title = Level::ERROR.primary_title(printable(view.message()));
    let mut group = match view.steps().first() {
        Some(step) => {
            title.element_at(&step.place, view.details, Mark(&step_label(step), length(step), 4))
        }
        None => match view.place() {
            Some(place) => title.element_at(&place, view.details, Mark(view.place_label(), 1, 4)),
            None => Group::with_title(title),
        },
    };
    for (cause, link) in view.causes() {
        let of_type = link.and_then(|link| link.error_type.as_deref());
        let of_type = of_type.map(|name| format!(" ({})", one_line(name))).unwrap_or_default();
        group =
            group.element(Level::NOTE.with_name("caused by").message(printable(cause) + &of_type));
    }
    if view.place().and_then(|place| excerpt_of(view.details, &place)).is_some_and(|it| it.is_newer)
    {
        group = group.element(Level::NOTE.message("the file is newer than the program"));
    }
    group.element(Level::NOTE.with_name("type").message(one_line(view.failure.error_type())))
}

/// The mark at a place: a label, the number of columns that it covers, and the number of lines shown around it.
#[derive(Clone, Copy)]
struct Mark<'a>(&'a str, usize, u32);

/// A title that the source at a place, or the place's name, can be put under.
trait ElementAt<'a> {
    fn element_at(self, place: &Place, details: &Details, mark: Mark<'_>) -> Group<'a>;
}

impl<'a> ElementAt<'a> for annotate_snippets::Title<'a> {
    fn element_at(self, place: &Place, details: &Details, mark: Mark<'_>) -> Group<'a> {
        if let Some(excerpt) = excerpt_of(details, place) {
            return self.element(snippet(&near(excerpt, place, mark.2), place, mark));
        }
        let origin = Origin::path(one_line(&place.file)).line(place.line as usize);
        self.element(match place.column {
            0 => origin,
            column => origin.char_column(column as usize),
        })
    }
}

fn step_label(step: &Step) -> String {
    format!("`{}` failed with this", one_line(&step.error_type))
}

fn length(step: &Step) -> usize {
    step.expression.chars().count() + 1
}

fn call<'a>(details: &Details, frame: &Frame, place: &Place) -> Group<'a> {
    let function = frame.function.as_deref().unwrap_or("a function");
    let title = Level::NOTE.secondary_title(format!("called in {}", one_line(function)));
    title.element_at(place, details, Mark("", 1, 1))
}

/// Returns the excerpt cut to `around` lines before and after the place.
fn near(excerpt: &Excerpt, place: &Place, around: u32) -> Excerpt {
    let first = place.line.saturating_sub(around).max(excerpt.first);
    let passed = usize::try_from(first - excerpt.first).unwrap_or(0);
    let count = usize::try_from(place.line - first + 1 + around).unwrap_or(0);
    let lines = excerpt.lines.iter().skip(passed).take(count).cloned().collect();
    Excerpt { first, lines, ..excerpt.clone() }
}

/// Returns the excerpt with the place marked.
fn snippet<'a>(
    excerpt: &Excerpt,
    place: &Place,
    Mark(label, length, _): Mark<'_>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let lines: Vec<String> = excerpt.lines.iter().map(|line| one_line(line)).collect();
    let at = usize::try_from(place.line - excerpt.first).unwrap_or(0);
    let before: usize = lines.iter().take(at).map(|line| line.len() + 1).sum();
    let original = excerpt.lines.get(at).map_or("", String::as_str);
    let line = lines.get(at).map_or("", String::as_str);
    // Columns count the characters of the original line. In the shown one, unprintable characters are longer.
    let column = (place.column as usize).saturating_sub(1);
    let prefix: String = original.chars().take(column).collect();
    let marked: String = original.chars().skip(column).take(length).collect();
    let (start, end) = if place.column == 0 || marked.is_empty() {
        (line.len() - line.trim_start().len(), line.len())
    } else {
        let start = one_line(&prefix).len();
        (start, start + one_line(&marked).len())
    };
    let annotation = AnnotationKind::Primary.span(before + start..before + end);
    let annotation = if label.is_empty() { annotation } else { annotation.label(label.to_owned()) };
    Snippet::source(lines.join("\n"))
        .line_start(excerpt.first as usize)
        .path(one_line(&excerpt.file))
        .fold(false)
        .annotation(annotation)
}

/// The sections below the source.
struct Sections {
    text: String,
    style: Style,
}

impl Sections {
    fn heading(&mut self, heading: &str) {
        let (bold, plain) = match self.style {
            Style::Coloured => ("\x1b[1m", "\x1b[0m"),
            Style::Plain => ("", ""),
        };
        self.line(format_args!("\n{bold}{heading}{plain}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// Writes names and values. A value of several lines is indented below its name.
    fn table(&mut self, heading: &str, facts: &[(String, String)]) {
        if facts.is_empty() {
            return;
        }
        self.heading(heading);
        let width = facts.iter().map(|(name, _)| one_line(name).chars().count()).max().unwrap_or(0);
        for (name, value) in facts {
            let value = printable(value).trim_end().replace('\n', "\n      ");
            self.line(format_args!("  {:width$}  {value}", one_line(name)));
        }
    }

    fn outline(&mut self, values: &[Value]) {
        let mut origin = None;
        for value in values {
            if origin.replace(value.origin) != Some(value.origin) {
                self.heading(super::view::origin_name(value.origin));
            }
            let indent = 2 + 2 * usize::from(value.depth);
            let text = printable(&value.text).replace('\n', "\n      ");
            self.line(format_args!("{:indent$}{} = {text}", "", one_line(&value.name)));
        }
    }

    fn spans(&mut self, details: &Details) {
        if details.spans.is_empty() {
            return;
        }
        self.heading("spans, innermost first");
        for span in &details.spans {
            let place =
                span.place.as_ref().map(|place| format!("  at {place}")).unwrap_or_default();
            let line = format!("{} {{{}}}{place}", span.name, span.fields);
            self.line(format_args!("  {}", one_line(&line)));
        }
    }

    /// Writes the `Debug` texts of the errors.
    fn errors(&mut self, view: &View<'_>) {
        let shown: Vec<(String, String)> = view.debug_texts();
        self.table("errors as they print for programmers", &shown);
    }

    /// Writes all calls. The program's own are marked.
    fn stack(&mut self, details: &Details) {
        if details.frames.is_empty() {
            return;
        }
        self.heading("stack, innermost first; > marks the program's own code");
        for (number, frame) in details.frames.iter().enumerate() {
            let mark = if frame.is_own { '>' } else { ' ' };
            let function =
                frame.function.as_deref().map_or_else(|| format!("{:#x}", frame.address), one_line);
            self.line(format_args!("{mark} {number:3}  {function}"));
            if let Some(place) = &frame.place {
                self.line(format_args!("         at {}", one_line(&place.to_string())));
            }
        }
    }
}
