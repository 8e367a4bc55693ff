//! Progress without bars: lines on standard error, and the program's own [`ShowProgress`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state_base::tell;

/// The default interval between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// A way to show the progress of a run: a bar of the program's own, a watched file, a call of another service. See
/// [`Job::show_progress`](crate::Job::show_progress).
///
/// The methods are called on the thread that runs the loop, between two items, so they should not take long. A loop
/// that saves every few items reports at those saves, and not at each item.
pub trait ShowProgress: Send + Sync {
    /// Begins, or resumes, a loop at `position`, inside `depth` other loops. `total` is the number of its items, if its
    /// input tells.
    fn begin(&self, job: &str, depth: usize, position: u64, total: Option<u64>);

    /// Reports that the items in front of `position` are complete.
    fn reach(&self, depth: usize, position: u64);

    /// Reports that the loop at `depth` is left.
    fn end(&self, depth: usize) {
        let _ = depth;
    }
}

/// A rule for when a line about the progress is written.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProgressLines {
    /// After each interval of this length.
    Every(Duration),
    /// Each time that this many percent more are complete, in a loop whose input tells its length.
    Percent(u8),
}

impl Default for ProgressLines {
    fn default() -> Self {
        ProgressLines::Every(INTERVAL)
    }
}

impl From<Duration> for ProgressLines {
    fn from(time: Duration) -> Self {
        ProgressLines::Every(time)
    }
}

/// The ways in which a run shows its progress.
#[derive(Default)]
pub(crate) struct Shows {
    program: Option<Arc<dyn ShowProgress>>,
    lines: Option<Lines>,
}

/// Lines on standard error about the outermost loop.
struct Lines {
    job: String,
    when: ProgressLines,
    began: Instant,
    began_at: u64,
    total: Option<u64>,
    /// The time, or in `next_at` the position, at which the next line is due.
    next: Instant,
    next_at: u64,
}

impl Shows {
    pub(crate) fn new(
        job: &str,
        program: Option<Arc<dyn ShowProgress>>,
        lines: Option<ProgressLines>,
    ) -> Self {
        Shows { program, lines: lines.map(|when| Lines::new(job, when)) }
    }

    pub(crate) fn begin(&mut self, job: &str, depth: usize, position: u64, total: Option<u64>) {
        if let Some(program) = &self.program {
            program.begin(job, depth, position, total);
        }
        if let Some(lines) = self.lines.as_mut().filter(|_| depth == 0) {
            lines.begin(position, total);
        }
    }

    #[inline]
    pub(crate) fn reach(&mut self, depth: usize, position: u64) {
        if let Some(program) = &self.program {
            program.reach(depth, position);
        }
        if let Some(lines) = self.lines.as_mut().filter(|_| depth == 0) {
            lines.reach(position, Instant::now());
        }
    }

    pub(crate) fn end(&mut self, depth: usize) {
        if let Some(program) = &self.program {
            program.end(depth);
        }
    }
}

impl Lines {
    fn new(job: &str, when: ProgressLines) -> Self {
        let (job, now) = (job.to_owned(), Instant::now());
        Lines { job, when, began: now, began_at: 0, total: None, next: now, next_at: 0 }
    }

    fn begin(&mut self, position: u64, total: Option<u64>) {
        let now = Instant::now();
        (self.began, self.began_at, self.total) = (now, position, total);
        self.advance(position, now);
    }

    fn reach(&mut self, position: u64, now: Instant) {
        let is_due = match self.when {
            ProgressLines::Every(_) => now >= self.next,
            ProgressLines::Percent(_) => position >= self.next_at,
        };
        if is_due {
            tell(&self.job, &self.line(position, now));
            self.advance(position, now);
        }
    }

    fn advance(&mut self, position: u64, now: Instant) {
        match (self.when, self.total) {
            (ProgressLines::Every(time), _) => self.next = now.checked_add(time).unwrap_or(now),
            (ProgressLines::Percent(_), None) => self.next_at = u64::MAX,
            (ProgressLines::Percent(percent), Some(total)) => {
                let step = u64::try_from(u128::from(total) * u128::from(percent.max(1)) / 100);
                self.next_at = position.saturating_add(step.unwrap_or(u64::MAX).max(1)).min(total);
                if position >= total {
                    self.next_at = u64::MAX;
                }
            }
        }
    }

    /// Returns a line such as `6432 of 10000 (64 %), 52.3/s, 1m 8s left`.
    fn line(&self, position: u64, now: Instant) -> String {
        let took = now.saturating_duration_since(self.began).as_secs_f64().max(f64::EPSILON);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let rate = position.saturating_sub(self.began_at) as f64 / took;
        let Some(total) = self.total else { return format!("{position} items, {rate:.1}/s") };
        let percent = u128::from(position) * 100 / u128::from(total.max(1));
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let left = total.saturating_sub(position) as f64 / rate;
        let left =
            Duration::try_from_secs_f64(left).ok().map(|it| Duration::from_secs(it.as_secs()));
        let left = left.map(|left| format!(", {} left", humantime::format_duration(left)));
        format!("{position} of {total} ({percent} %), {rate:.1}/s{}", left.unwrap_or_default())
    }
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shows").field("lines", &self.lines.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the positions at which a line is written, at one item a second.
    fn lines(when: ProgressLines, began_at: u64, total: Option<u64>) -> Vec<u64> {
        let mut lines = Lines::new("job", when);
        lines.begin(began_at, total);
        let began = lines.began;
        let mut written = Vec::new();
        for position in began_at + 1..=100 {
            let now = began + Duration::from_secs(position - began_at);
            let before = (lines.next, lines.next_at);
            lines.reach(position, now);
            if before != (lines.next, lines.next_at) {
                written.push(position);
            }
        }
        written
    }

    #[test]
    fn lines_come_by_time_or_by_percent() {
        let by_time = lines(ProgressLines::default(), 60, Some(100));
        assert_eq!(by_time, [70, 80, 90, 100]);
        let by_percent = lines(ProgressLines::Percent(20), 50, Some(100));
        assert_eq!(by_percent, [70, 90, 100]);
        assert_eq!(lines(ProgressLines::Percent(20), 50, None), [0; 0]);
    }

    #[test]
    fn a_line_has_rate_and_time_left() {
        let mut lines = Lines::new("job", ProgressLines::default());
        lines.begin(20, Some(100));
        let line = lines.line(60, lines.began + Duration::from_secs(4));
        assert_eq!(line, "60 of 100 (60 %), 10.0/s, 4s left");
        lines.begin(20, None);
        let line = lines.line(60, lines.began + Duration::from_secs(4));
        assert_eq!(line, "60 items, 10.0/s");
    }
}
