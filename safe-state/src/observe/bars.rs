//! Progress bars on standard error, for jobs with `progress`.
//!
//! A bar begins where the run begins, behind the complete items. Its rate and the time left count this run alone. A
//! loop inside another has its bar below the other's. Where standard error is no terminal, no bars are shown.
//!
//! Text for standard error that is written through [`stderr`] stands above the bars:
//!
//! ```
//! use std::io::Write;
//!
//! writeln!(safe_state::bars::stderr(), "a line beside the bars")?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! `tracing-subscriber` can write there too:
//!
//! ```text
//! tracing_subscriber::fmt().with_writer(safe_state::bars::stderr).init();
//! ```

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

/// All bars of the process, which share the terminal.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// The interval at which the elapsed time is redrawn while an item takes long.
const TICK: Duration = Duration::from_secs(1);

/// Returns a writer to standard error whose text stands above the bars.
pub fn stderr() -> Stderr {
    Stderr(())
}

/// A writer to standard error above the bars: see [`stderr`].
#[derive(Debug)]
pub struct Stderr(());

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The bars of a run, from the outermost loop in.
pub(crate) struct Bars {
    is_shown: bool,
    /// The number of outermost loops that the run has entered.
    phases: u32,
    open: Vec<ProgressBar>,
}

impl Bars {
    pub(crate) fn new(wanted: bool) -> Self {
        let is_shown = wanted && io::stderr().is_terminal();
        Bars { is_shown, phases: 0, open: Vec::new() }
    }

    /// Returns whether bars are shown.
    pub(crate) fn are_shown(&self) -> bool {
        self.is_shown
    }

    /// Opens the bar of a loop that begins at `position`, inside `depth` other loops, in the item `within` of the
    /// innermost of them.
    pub(crate) fn enter(
        &mut self,
        job: &str,
        depth: usize,
        within: Option<u64>,
        position: u64,
        total: Option<u64>,
    ) {
        if !self.is_shown {
            return;
        }
        self.leave(depth);
        let bar = ProgressBar::new(total.unwrap_or(0)).with_position(position);
        let bar = match self.open.last() {
            Some(around) => {
                // The bar around may not have been drawn at its last position yet, and its item may take long.
                around.force_draw();
                BARS.insert_after(around, bar)
            }
            None => BARS.add(bar),
        };
        bar.set_style(style(position, total.is_some()));
        bar.set_prefix(match within {
            Some(item) => format!("{}item {item}", "  ".repeat(depth)),
            None if self.phases == 0 => job.to_owned(),
            None => format!("{job}, phase {}", self.phases + 1),
        });
        if depth == 0 {
            self.phases += 1;
            bar.enable_steady_tick(TICK);
        }
        bar.force_draw();
        self.open.push(bar);
    }

    /// Moves the bar of the loop at `depth` to `position`, the number of complete items.
    pub(crate) fn reach(&mut self, depth: usize, position: u64) {
        let Some(bar) = self.open.get(depth) else { return };
        bar.set_position(position);
        // Bars further in belong to loops that were left by a label of this loop.
        if self.open.len() > depth + 1 {
            self.leave(depth + 1);
        }
    }

    /// Closes the bar of the loop at `depth` and those further in. An outermost bar stays on the screen.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(bar) = self.open.pop() else { return };
            if self.open.is_empty() {
                bar.abandon();
            } else {
                bar.finish_and_clear();
                BARS.remove(&bar);
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.leave(0);
    }
}

fn style(began_at: u64, has_total: bool) -> ProgressStyle {
    let template = if has_total {
        "{prefix:24!} {wide_bar} {human_pos} of {human_len}  {rate}  {left}"
    } else {
        "{prefix:24!} {spinner} {human_pos} items  {rate}  {elapsed}"
    };
    // Whether a template is valid does not depend on what is shown.
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            _ = write!(out, "{:.1}/s", rate(state, began_at));
        })
        .with_key("left", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            _ = match left(state, began_at) {
                Some(left) => write!(out, "{} left", humantime::format_duration(left)),
                None => write!(out, "? left"),
            };
        })
}

/// Returns the items per second of this run alone.
#[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
fn rate(state: &ProgressState, began_at: u64) -> f64 {
    let done = state.pos().saturating_sub(began_at) as f64;
    done / state.elapsed().as_secs_f64().max(f64::EPSILON)
}

#[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
fn left(state: &ProgressState, began_at: u64) -> Option<Duration> {
    let items = state.len()?.saturating_sub(state.pos()) as f64;
    let left = Duration::try_from_secs_f64(items / rate(state, began_at)).ok()?;
    Some(Duration::from_secs(left.as_secs()))
}

/// Turns the attribute's `progress` into the option of the job.
#[doc(hidden)]
#[macro_export]
macro_rules! __progress {
    ($job:expr, $progress:expr) => {
        $job.progress($progress)
    };
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bars").field("open", &self.open.len()).finish_non_exhaustive()
    }
}
