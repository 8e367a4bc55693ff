//! `safe-state dead-letters`: the items given up on.

use clap::Args;
use safe_state_backends::{DeadLetter, Failure, Timestamp};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{BAD, BOLD, Screen, Shown, field, items, times, within};

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
struct Shelf {
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
        screen.show(&Shelf { job: self.job.clone(), count: letters.len(), dead_letters })
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

impl Letter {
    /// `item 3`, and of which loop that is, if it is not the only one.
    fn item(&self) -> String {
        let index = self.failure.index().unwrap_or_default();
        if self.loop_id == 0 && self.within.is_empty() {
            return format!("item {index}");
        }
        format!("item {index} of loop {}{}", self.loop_id, within(&self.within))
    }

    fn text(&self) -> String {
        let failure = &self.failure;
        let message = escape::block(failure.message(), "    ");
        let mut text = format!("{BAD}{}{BAD:#}: {message}\n", self.item());
        let mut line = |name: &str, value: &str| text += &field(name, value);
        failure.causes().iter().for_each(|cause| line("caused by", cause));
        line("type", failure.error_type());
        failure.location().into_iter().for_each(|location| line("at", location));
        line("when", &Timestamp::from(failure.at()).to_string());
        line("tried", &times(self.attempts));
        for it in failure.captured() {
            line("captured", &format!("{} = {}", it.name, it.value));
        }
        text
    }
}

impl Shown for Shelf {
    fn text(&self) -> String {
        let job = escape::line(&self.job);
        let mut text =
            format!("job {BOLD}{job}{BOLD:#}: {} given up on\n", items(self.count as u64));
        text.extend(self.dead_letters.iter().map(|letter| format!("\n{}", letter.text())));
        text
    }
}
