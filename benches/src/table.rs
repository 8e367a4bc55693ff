//! Prints a bench's figures as a table.

use crate::Spread;

/// The value that a figure should have.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The figure should be this value at most.
    AtMost(f64),
    /// The figure should be this value at least.
    AtLeast(f64),
    /// The figure may have any value.
    None,
}

/// Runs `figures` under `title` if `cargo bench` has started the program. `cargo test --all-targets` starts it too, and
/// has nothing to wait for here.
pub fn bench(title: &str, figures: impl FnOnce(&Table)) {
    if std::env::args().any(|argument| argument == "--bench") {
        println!("\n{title}");
        figures(&Table);
    }
}

/// A printer of figures, which prints each as it comes.
#[derive(Debug)]
pub struct Table;

impl Table {
    /// Prints one figure, with `unit` behind its numbers.
    pub fn row(&self, what: &str, unit: &str, figure: Spread, target: Target) {
        let Spread { lower, median, upper } = figure;
        let measured = format!("{} {unit}", short(median));
        let spread = format!("{}..{}", short(lower), short(upper));
        let (wanted, verdict) = target.judge(median, unit);
        println!("  {what:<52} {measured:>12}  {spread:>15}  {wanted:<18} {verdict}");
    }

    /// Prints one figure that was measured once.
    pub fn once(&self, what: &str, unit: &str, figure: f64, target: Target) {
        self.row(what, unit, Spread { lower: figure, median: figure, upper: figure }, target);
    }
}

impl Target {
    fn judge(self, figure: f64, unit: &str) -> (String, &'static str) {
        match self {
            Target::AtMost(limit) => {
                let verdict = if figure <= limit { "ok" } else { "missed" };
                (format!("at most {limit} {unit}"), verdict)
            }
            Target::AtLeast(limit) => {
                let verdict = if figure >= limit { "ok" } else { "missed" };
                (format!("at least {limit} {unit}"), verdict)
            }
            Target::None => (String::new(), ""),
        }
    }
}

/// Formats a figure with about three digits.
fn short(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
