//! The screen of `watch`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Sparkline};
use safe_state_base::status::{State, Status};

use super::pace::Pace;
use super::sample::{Sample, Seen};
use crate::escape;
use crate::exit::Failed;
use crate::screen::jobs;

/// The rows of a job: its bar, a line of other facts, and a gap.
const ROWS: u16 = 3;

const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const BAD: Style = Style::new().fg(Color::Red);

/// The latest look at the jobs, and the part of it that is shown.
#[derive(Debug)]
pub(super) struct View {
    place: String,
    sample: Sample,
    paces: BTreeMap<String, Pace>,
    /// The reason why the last look failed, if it did.
    trouble: Option<String>,
    scrolled: usize,
}

impl View {
    pub(super) fn new(place: String) -> Self {
        let (sample, paces) = (Sample::default(), BTreeMap::new());
        View { place, sample, paces, trouble: None, scrolled: 0 }
    }

    /// Takes in a look. If it failed, the look before stays on the screen.
    pub(super) fn add(&mut self, sample: Result<Sample, Failed>, now: Instant) {
        match sample {
            Err(failed) => self.trouble = Some(failed.message),
            Ok(sample) => {
                self.trouble = None;
                self.paces.retain(|job, _| sample.jobs.iter().any(|it| it.status.job == *job));
                for Status { job, progress, .. } in sample.jobs.iter().map(|it| &it.status) {
                    self.paces.entry(job.clone()).or_default().add(now, progress.completed);
                }
                self.sample = sample;
            }
        }
    }

    pub(super) fn scroll(&mut self, by: isize) {
        let last = self.sample.jobs.len().saturating_sub(1);
        self.scrolled = self.scrolled.saturating_add_signed(by).min(last);
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let rows = [Constraint::Length(2), Constraint::Min(0), Constraint::Length(1)];
        let [head, body, foot] = Layout::vertical(rows).areas(frame.area());
        frame.render_widget(self.head(), head);
        frame.render_widget(self.foot(), foot);
        let shown =
            self.sample.jobs.iter().skip(self.scrolled).take(usize::from(body.height / ROWS));
        for (at, seen) in (0..).zip(shown) {
            self.job(frame, Rect { y: body.y + at * ROWS, height: ROWS - 1, ..body }, seen);
        }
        if self.sample.jobs.is_empty() {
            frame.render_widget(Line::styled("there are no jobs", DIM), body);
        }
    }

    fn head(&self) -> Line<'_> {
        let running =
            self.sample.jobs.iter().filter(|it| it.status.state == State::Running).count();
        let text = format!("  {}, {running} running", jobs(self.sample.jobs.len()));
        Line::from_iter([Span::styled(escape::line(&self.place), BOLD), Span::styled(text, DIM)])
    }

    fn foot(&self) -> Line<'_> {
        let unreadable =
            self.sample.unreadable.first().map(|it| format!("{}: {}", it.job, it.error));
        match self.trouble.as_ref().or(unreadable.as_ref()) {
            Some(trouble) => Line::styled(escape::line(trouble), BAD),
            None => Line::styled("q leaves, up and down scroll", DIM),
        }
    }

    fn job(&self, frame: &mut Frame<'_>, area: Rect, seen: &Seen) {
        let it = &seen.status;
        let pace = self.paces.get(&it.job);
        let [first, second] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
        let columns = [
            Constraint::Length(23),
            Constraint::Length(11),
            Constraint::Fill(1),
            Constraint::Length(34),
        ];
        let [name, state, bar, counts] = Layout::horizontal(columns).spacing(1).areas(first);
        frame.render_widget(Line::styled(escape::line(&it.job), BOLD), name);
        frame.render_widget(Line::styled(it.state.name(), colour(it.state)), state);
        if let Some(ratio) = ratio(it) {
            let gauge = LineGauge::default().filled_style(colour(it.state)).unfilled_style(DIM);
            frame.render_widget(gauge.ratio(ratio), bar);
        }
        frame.render_widget(Line::from(counted(it, pace)), counts);
        let [rates, said] = Layout::horizontal([Constraint::Length(24), Constraint::Fill(1)])
            .spacing(1)
            .areas(second);
        let history = pace.map(Pace::rates).unwrap_or_default();
        let skipped = history.len().saturating_sub(usize::from(rates.width));
        frame.render_widget(Sparkline::default().data(&history[skipped..]).style(DIM), rates);
        frame.render_widget(said_of(seen), said);
    }
}

/// Returns the complete share of a job's items, from 0 to 1, if its input tells its length.
fn ratio(it: &Status) -> Option<f64> {
    let total = it.progress.total?.max(1);
    #[expect(clippy::cast_precision_loss, reason = "it is a bar")]
    Some((it.progress.completed as f64 / total as f64).clamp(0.0, 1.0))
}

/// Returns a text such as `6432 of 10000, 12.5/s, 4m 45s left`.
fn counted(it: &Status, pace: Option<&Pace>) -> String {
    let mut text = it.progress.completed.to_string();
    text.extend(it.progress.total.map(|total| format!(" of {total}")));
    if it.state == State::Running {
        text.extend(pace.and_then(Pace::rate).map(|rate| format!(", {rate:.1}/s")));
        let left = it.progress.remaining.zip(pace).and_then(|(items, pace)| pace.time_for(items));
        let whole = left.map(|left| Duration::from_secs(left.as_secs()));
        text.extend(whole.map(|left| format!(", {} left", humantime::format_duration(left))));
    }
    text
}

/// Returns a line with the job's holder, its request, its items that were given up, and its trouble.
fn said_of(seen: &Seen) -> Line<'static> {
    let it = &seen.status;
    let mut said = Vec::new();
    said.extend(it.holder.as_ref().map(|holder| format!("pid {} on {}", holder.pid, holder.host)));
    said.extend(it.asked.asked.map(|asked| format!("asked to {asked}")));
    let slow = it.progress.stragglers;
    said.extend((slow > 0).then(|| format!("{slow} lag behind the other workers")));
    said.extend((it.runs.dead_letters > 0).then(|| format!("{} given up", it.runs.dead_letters)));
    said.extend((it.runs.skipped > 0).then(|| format!("{} skipped", it.runs.skipped)));
    let mut line = Line::from(Span::styled(escape::line(&said.join(", ")), DIM));
    if let Some(trouble) = &seen.trouble {
        let gap = if said.is_empty() { "" } else { "  " };
        line.push_span(Span::styled(format!("{gap}{}", escape::line(trouble)), BAD));
    }
    line
}

fn colour(state: State) -> Style {
    match state {
        State::Running | State::Finished => Style::new().fg(Color::Green),
        State::Failed | State::Unreadable => BAD,
        _ => Style::new().fg(Color::Yellow),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::sync::Arc;

    use safe_state_backends::{Backend, Checkpoint, LeaseOptions, MemoryBackend};

    use safe_state_base::status::StatusHolder;

    use super::*;

    fn seen(job: &str, state: State, completed: u64, total: Option<u64>) -> Seen {
        let backend = MemoryBackend::default();
        backend.save(job, &Checkpoint::new(job, None).encode().unwrap()).unwrap();
        let mut status = Status::load(&backend, job).unwrap();
        status.state = state;
        status.progress.completed = completed;
        status.progress.total = total;
        status.progress.remaining = total.map(|total| total - completed);
        Seen { status, trouble: None }
    }

    fn holder() -> Option<StatusHolder> {
        let backend = Arc::new(MemoryBackend::default());
        let _lease = Arc::clone(&backend).lease("mail", LeaseOptions::default()).unwrap();
        let mut holder = Status::load(&*backend, "mail").unwrap().holder?;
        (holder.pid, holder.host) = (4711, "mail-2".to_owned());
        Some(holder)
    }

    fn shown(view: &View, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(100, height)).unwrap();
        terminal.draw(|frame| view.draw(frame)).unwrap();
        let screen = terminal.backend().to_string();
        screen.lines().map(|line| line.trim_matches('"').trim_end().to_owned()).collect()
    }

    #[test]
    fn jobs_are_shown_with_bar_rate_holder_and_trouble() {
        let mut view = View::new("`.safe_state`".to_owned());
        let began = Instant::now();
        for second in 0..4 {
            let mut running = seen("mail", State::Running, 10 + second * 10, Some(100));
            running.status.holder = holder();
            running.status.runs.dead_letters = 2;
            let mut failed = seen("bill", State::Failed, 3, None);
            failed.trouble = Some("item 3: no\x1b[31m paper".to_owned());
            let sample = Sample { jobs: vec![failed, running], unreadable: vec![] };
            view.add(Ok(sample), began + Duration::from_secs(second));
        }
        let lines = shown(&view, 12);
        assert_eq!(lines[0], "`.safe_state`  2 jobs, 1 running");
        assert!(lines[2].starts_with("bill                    failed"), "{lines:#?}");
        assert!(lines[3].ends_with("item 3: no\\u{1b}[31m paper"), "{lines:#?}");
        assert!(
            lines[5].contains(" 40% ") && lines[5].ends_with("40 of 100, 10.0/s, 6s left"),
            "{lines:#?}"
        );
        assert!(lines[6].contains("pid 4711 on mail-2, 2 given up"), "{lines:#?}");
        assert_eq!(lines[11], "q leaves, up and down scroll");
    }

    #[test]
    fn what_does_not_fit_is_scrolled_to() {
        let mut view = View::new("here".to_owned());
        let jobs =
            (0..9).map(|job| seen(&format!("job-{job}"), State::Finished, 1, Some(1))).collect();
        view.add(Ok(Sample { jobs, unreadable: vec![] }), Instant::now());
        assert!(shown(&view, 9)[2].starts_with("job-0"));
        (0..20).for_each(|_| view.scroll(1));
        let lines = shown(&view, 9);
        assert!(lines[2].starts_with("job-8") && lines[5].is_empty(), "{lines:#?}");
        (0..20).for_each(|_| view.scroll(-1));
        assert!(shown(&view, 9)[5].starts_with("job-1"));
    }

    #[test]
    fn a_look_that_failed_is_told_and_the_one_before_shown_on() {
        let mut view = View::new("here".to_owned());
        let jobs = vec![seen("mail", State::Open, 1, None)];
        view.add(Ok(Sample { jobs, unreadable: vec![] }), Instant::now());
        view.add(Err(Failed::new("the server is gone")), Instant::now());
        let lines = shown(&view, 9);
        assert!(lines[2].starts_with("mail") && lines[8] == "the server is gone", "{lines:#?}");
        assert!(shown(&View::new("here".to_owned()), 5)[2].starts_with("there are no jobs"));
    }
}
