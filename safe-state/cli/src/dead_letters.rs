//! `safe-state dead-letters`: shows the items that were given up.

use clap::Args;
use safe_state_backends::Timestamp;
use safe_state_base::status::death::times;
use safe_state_base::status::letters::Letter;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::parse;
use super::place::Place;
use super::screen::{BAD, BOLD, Screen, Shown, field, items, within};

/// Shows the items that a job has given up, and why.
#[derive(Args, Debug)]
pub(super) struct DeadLetters {
    /// The job's name.
    job: String,
    /// Shows no more than the last so many.
    #[arg(long, value_name = "COUNT", value_parser = parse::number::<usize>)]
    last: Option<usize>,
}

#[derive(Serialize)]
struct Shelf {
    job: String,
    count: usize,
    dead_letters: Vec<Letter>,
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

/// Returns `item 3`, with its loop if that is not the only one.
fn item(letter: &Letter) -> String {
    let index = letter.failure.index().unwrap_or_default();
    if letter.loop_id == 0 && letter.within.is_empty() {
        return format!("item {index}");
    }
    format!("item {index} of loop {}{}", letter.loop_id, within(&letter.within))
}

fn letter_text(letter: &Letter) -> String {
    let failure = &letter.failure;
    let message = escape::block(failure.message(), "    ");
    let mut text = format!("{BAD}{}{BAD:#}: {message}\n", item(letter));
    let mut line = |name: &str, value: &str| text += &field(name, value);
    failure.causes().iter().for_each(|cause| line("caused by", cause));
    line("type", failure.error_type());
    failure.location().into_iter().for_each(|location| line("at", location));
    line("when", &Timestamp::from(failure.at()).to_string());
    line("tried", &times(letter.attempts));
    for it in failure.captured() {
        line("captured", &format!("{} = {}", it.name, it.value));
    }
    text
}

impl Shown for Shelf {
    fn text(&self) -> String {
        let job = escape::line(&self.job);
        let mut text = format!("job {BOLD}{job}{BOLD:#}: {} given up\n", items(self.count as u64));
        text.extend(self.dead_letters.iter().map(|letter| format!("\n{}", letter_text(letter))));
        text
    }
}
