//! The table that a bench prints.

use crate::Spread;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// No more than that.
    AtMost(f64),
    /// Whatever it is: it is there to be known.
    None,
}

/// Runs `figures` under `title`. `cargo bench` alone does: `cargo test --all-targets` starts
/// the same program, and has nothing to wait for here.
pub fn bench(title: &str, figures: impl FnOnce(&Table)) {
    if std::env::args().any(|argument| argument == "--bench") {
        println!("\n{title}");
        figures(&Table);
    }
}

/// Prints figures as they come.
#[derive(Debug)]
pub struct Table;

impl Table {
    /// One figure, `unit` behind its numbers.
    pub fn row(&self, what: &str, unit: &str, figure: Spread, target: Target) {
        let Spread { lower, median, upper } = figure;
        let measured = format!("{} {unit}", short(median));
        let spread = format!("{}..{}", short(lower), short(upper));
        let (wanted, verdict) = target.judge(median, unit);
        println!("  {what:<52} {measured:>12}  {spread:>15}  {wanted:<18} {verdict}");
    }

    /// One figure that was measured once.
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
            Target::None => (String::new(), ""),
        }
    }
}

/// Three digits, more or less.
fn short(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
