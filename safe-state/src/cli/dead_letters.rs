//! `safe-state dead-letters`: the items given up on.

use std::fmt::Write as _;

use clap::Args;
use safe_state_backends::{DeadLetter, Failure, Timestamp};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BAD, BOLD, DIM, Screen, Shown};

/// Shows the items that a job has given up on, and why.
#[derive(Args, Debug)]
pub(super) struct DeadLetters {
    /// The job's name.
    job: String,
    /// Shows no more than the last so many.
    #[arg(long, value_name = "COUNT")]
    last: Option<usize>,
}

#[derive(Serialize)]
struct Told {
    job: String,
    count: usize,
    dead_letters: Vec<Letter>,
}

#[derive(Serialize)]
struct Letter {
    #[serde(rename = "loop")]
    loop_id: u16,
    /// The items of the loops around it.
    within: Vec<u64>,
    /// The hash of its key.
    key: Option<u64>,
    attempts: u32,
    failure: Failure,
}

impl DeadLetters {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let look = place.look(&self.job)?;
        let letters = look.checkpoint.dead_letters();
        if letters.is_empty() {
            return Err(Failed::nothing(format!("job `{}` has given up no item", self.job)));
        }
        let skipped = letters.len().saturating_sub(self.last.unwrap_or(usize::MAX));
        let dead_letters = letters.iter().skip(skipped).map(|letter| Letter::of(&letter)).collect();
        screen.show(&Told { job: self.job.clone(), count: letters.len(), dead_letters })
    }
}

impl Letter {
    fn of(letter: &DeadLetter) -> Self {
        Letter {
            loop_id: letter.loop_id(),
            within: letter.within().to_vec(),
            key: letter.key_hash(),
            attempts: letter.attempts(),
            failure: letter.failure().clone().without_details(),
        }
    }
}

fn text_of(failure: &Failure) -> String {
    let index = failure.index().unwrap_or_default();
    let message = escape::block(failure.message(), "    ");
    let mut text = format!("{BAD}item {index}{BAD:#}: {message}\n");
    let mut line = |name: &str, value: &str| {
        let (name, value) = (escape::line(name), escape::block(value, "    "));
        // Writing into a string does not fail.
        let _ = writeln!(text, "  {DIM}{name}{DIM:#} {value}");
    };
    failure.causes().iter().for_each(|cause| line("caused by", cause));
    line("type", failure.error_type());
    failure.location().into_iter().for_each(|location| line("at", location));
    line("when", &Timestamp::from(failure.at()).to_string());
    for it in failure.captured() {
        line(&it.name, &format!("= {}", it.value));
    }
    text
}

impl Shown for Told {
    fn text(&self) -> String {
        let mut text =
            format!("job {BOLD}{}{BOLD:#}: {} given up\n", escape::line(&self.job), self.count);
        for letter in &self.dead_letters {
            let times = if letter.attempts == 1 { "once" } else { "times" };
            let tried = match letter.attempts {
                1 => times.to_owned(),
                count => format!("{count} {times}"),
            };
            // Writing into a string does not fail.
            let _ = write!(text, "\n{}  {DIM}tried {tried}{DIM:#}\n", text_of(&letter.failure));
        }
        text
    }
}
