//! Shows a report as one page. It loads nothing and runs nothing; parts open and close by the browser's own
//! `<details>`.

use std::fmt::Write;

use safe_state_backends::details::{Details, Excerpt, Frame, Place, Value};

use super::Report;
use super::escape::markup;
use super::view::{View, excerpt_of, origin_name};

const STYLE: &str = include_str!("report.css");

pub(super) fn render(report: &Report) -> String {
    let details = report.details();
    let view = View::of(report, &details);
    let mut page = Page(String::new());
    page.head(&view);
    page.failure(&view);
    page.table("job", &view.job_facts());
    page.values(&details.values);
    page.table("captured", &view.captured());
    page.stack(&view);
    page.spans(&details);
    page.errors(&view);
    page.table("process", &view.process());
    page.write(format_args!("</body>\n</html>\n"));
    page.0
}

struct Page(String);

impl Page {
    fn write(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.0.write_fmt(markup);
    }

    fn head(&mut self, view: &View<'_>) {
        let title = markup(view.job.unwrap_or("failure"));
        self.write(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        ));
    }

    fn failure(&mut self, view: &View<'_>) {
        let (message, name) = (markup(view.message()), markup(view.failure.error_type()));
        self.write(format_args!(
            "<header>\n<p class=\"kind\"><code>{name}</code></p>\n<h1>{message}</h1>\n"
        ));
        self.causes(view);
        self.write(format_args!("</header>\n"));
        for step in view.steps() {
            let (expression, error) = (markup(&step.expression), markup(&step.error_type));
            self.write(format_args!(
                "<p><code>{expression}</code> failed with <code>{error}</code></p>\n"
            ));
            self.source(view.details, &step.place);
        }
        if let Some(place) = view.place().filter(|_| view.steps().is_empty()) {
            self.write(format_args!("<p>{}</p>\n", view.place_label()));
            self.source(view.details, &place);
        }
    }

    fn causes(&mut self, view: &View<'_>) {
        let mut causes = view.causes().peekable();
        if causes.peek().is_none() {
            return;
        }
        self.write(format_args!("<ol class=\"causes\">\n"));
        for (cause, link) in causes {
            let name = link.and_then(|link| link.error_type.as_deref());
            let name =
                name.map(|name| format!(" <code>{}</code>", markup(name))).unwrap_or_default();
            self.write(format_args!("<li>{}{name}</li>\n", markup(cause)));
        }
        self.write(format_args!("</ol>\n"));
    }

    fn source(&mut self, details: &Details, place: &Place) {
        self.write(format_args!("<p class=\"place\">{}</p>\n", markup(&place.to_string())));
        if let Some(excerpt) = excerpt_of(details, place) {
            self.excerpt(excerpt, place);
        }
    }

    fn excerpt(&mut self, excerpt: &Excerpt, place: &Place) {
        self.write(format_args!("<pre class=\"source\">"));
        for (number, line) in (excerpt.first..).zip(&excerpt.lines) {
            let (open, close) = if number == place.line { ("<mark>", "</mark>") } else { ("", "") };
            let line = markup(&line.replace('\n', " "));
            self.write(format_args!("{open}<b>{number:5}</b> {line}{close}\n"));
        }
        self.write(format_args!("</pre>\n"));
        if excerpt.is_newer {
            self.write(format_args!(
                "<p class=\"note\">this file is newer than the program, and may differ from what it was compiled from</p>\n"
            ));
        }
    }

    fn table(&mut self, heading: &str, facts: &[(String, String)]) {
        if facts.is_empty() {
            return;
        }
        self.write(format_args!("<section>\n<h2>{heading}</h2>\n<table>\n"));
        for (name, value) in facts {
            let (name, value) = (markup(name), markup(value));
            self.write(format_args!("<tr><th>{name}</th><td><pre>{value}</pre></td></tr>\n"));
        }
        self.write(format_args!("</table>\n</section>\n"));
    }

    /// Writes the values. A value with parts can be opened and closed.
    fn values(&mut self, values: &[Value]) {
        let mut rest = values.iter().peekable();
        while let Some(first) = rest.peek() {
            let origin = first.origin;
            let heading = markup(origin_name(origin));
            self.write(format_args!("<section>\n<h2>{heading}</h2>\n<div class=\"values\">\n"));
            let mut open = 0;
            while let Some(value) = rest.next_if(|value| value.origin == origin) {
                let next = rest.peek().filter(|next| next.origin == origin);
                self.value(value, &mut open, next.is_some_and(|next| next.depth > value.depth));
            }
            self.close(&mut open, 0);
            self.write(format_args!("</div>\n</section>\n"));
        }
    }

    fn value(&mut self, value: &Value, open: &mut u8, has_parts: bool) {
        self.close(open, value.depth);
        let (name, text) = (markup(&value.name), markup(&value.text));
        let line = format!("<span class=\"name\">{name}</span> <code>{text}</code>");
        if has_parts {
            let is_open = if value.depth == 0 { " open" } else { "" };
            self.write(format_args!("<details{is_open}><summary>{line}</summary>\n"));
            *open = open.saturating_add(1);
        } else {
            self.write(format_args!("<p>{line}</p>\n"));
        }
    }

    /// Closes the values that are open at `depth` or deeper.
    fn close(&mut self, open: &mut u8, depth: u8) {
        while *open > depth {
            self.write(format_args!("</details>\n"));
            *open -= 1;
        }
    }

    /// Writes the calls. Those in the program's own code are open.
    fn stack(&mut self, view: &View<'_>) {
        let details = view.details;
        if details.frames.is_empty() {
            return;
        }
        self.write(format_args!("<section>\n<h2>stack, innermost first</h2>\n"));
        for frame in &details.frames {
            let is_generated = frame.place.as_ref().is_some_and(|place| view.is_generated(place));
            self.frame(details, frame, frame.is_own && !is_generated);
        }
        self.write(format_args!("</section>\n"));
    }

    fn frame(&mut self, details: &Details, frame: &Frame, is_own: bool) {
        let (class, is_open) = if is_own { ("own", " open") } else { ("library", "") };
        let function =
            frame.function.as_deref().map_or_else(|| format!("{:#x}", frame.address), markup);
        self.write(format_args!(
            "<details class=\"{class}\"{is_open}><summary><code>{function}</code></summary>\n"
        ));
        match &frame.place {
            Some(place) => self.source(details, place),
            None => self.write(format_args!("<p class=\"place\">{:#x}</p>\n", frame.address)),
        }
        self.write(format_args!("</details>\n"));
    }

    fn spans(&mut self, details: &Details) {
        let spans = details.spans.iter().map(|span| (span.name.clone(), span.fields.clone()));
        self.table("spans, innermost first", &spans.collect::<Vec<_>>());
    }

    fn errors(&mut self, view: &View<'_>) {
        let texts = view.debug_texts();
        if texts.is_empty() {
            return;
        }
        self.write(format_args!("<section>\n<h2>errors as they print for programmers</h2>\n"));
        for (name, text) in texts {
            let (name, text) = (markup(&name), markup(&text));
            self.write(format_args!(
                "<details><summary><code>{name}</code></summary>\n<pre>{text}</pre>\n</details>\n"
            ));
        }
        self.write(format_args!("</section>\n"));
    }
}
