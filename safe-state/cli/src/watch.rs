//! `safe-state watch`: shows the jobs live in the terminal.

mod pace;
mod sample;
mod view;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::exit::Failed;
use super::parse;
use super::place::Place;
use super::screen::{self, Screen};
use sample::Sample;
use view::View;

/// The longest time until a key is noticed.
const HEARING: Duration = Duration::from_millis(50);

/// Shows the jobs live: how far they are, how fast, who runs them, and what went wrong.
///
/// Keys: up and down to scroll, q to leave. With `--json`, a line for each look.
#[derive(Args, Debug)]
pub(super) struct Watch {
    /// One job alone.
    job: Option<String>,
    /// How often to look.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse::time)]
    every: Duration,
    /// Leaves after so many looks.
    #[arg(long, value_name = "COUNT", value_parser = parse::number::<u64>)]
    looks: Option<u64>,
}

impl Watch {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let looks = self.looks.unwrap_or(u64::MAX);
        let samples = self.samples(place)?;
        if screen.is_json() {
            for _ in 0..looks {
                if !screen::is_read(&samples.recv().map_err(gone)??.to_line()?)? {
                    break;
                }
            }
            return Ok(());
        }
        if !io::stdout().is_terminal() {
            let advice = "`watch` needs a terminal; `list` shows the jobs once, and `watch --json` a line for each look";
            return Err(Failed::new(advice));
        }
        // `ratatui` restores the terminal on a panic as well.
        let mut terminal = ratatui::try_init().map_err(|error| {
            // The terminal may have been changed before the error.
            let _ = ratatui::try_restore();
            undrawn(error)
        })?;
        let watched = show(&mut terminal, &samples, View::new(format!("`{place}`")), looks);
        let restored = ratatui::try_restore().map_err(undrawn);
        watched.and(restored)
    }

    /// Looks on a thread of its own, because a backend may be slow and keys have to be noticed. The thread ends when
    /// the receiver is dropped.
    fn samples(&self, place: &Place) -> Result<Receiver<Result<Sample, Failed>>, Failed> {
        let (sender, samples) = channel();
        let (place, job, every) = (place.clone(), self.job.clone(), self.every);
        let look = move || look_on(&place, job.as_deref(), every, &sender);
        let started = thread::Builder::new().name("looking".to_owned()).spawn(look);
        started.map_err(|error| Failed::new(format!("cannot start a thread: {error}")))?;
        Ok(samples)
    }
}

fn look_on(
    place: &Place,
    job: Option<&str>,
    every: Duration,
    sender: &Sender<Result<Sample, Failed>>,
) {
    loop {
        let began = Instant::now();
        if sender.send(Sample::take(place, job)).is_err() {
            return;
        }
        thread::sleep(every.saturating_sub(began.elapsed()));
    }
}

fn show(
    terminal: &mut DefaultTerminal,
    samples: &Receiver<Result<Sample, Failed>>,
    mut view: View,
    looks: u64,
) -> Result<(), Failed> {
    let mut looked = 0;
    loop {
        match samples.recv_timeout(HEARING) {
            Ok(sample) => {
                view.add(sample, Instant::now());
                looked += 1;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(gone(())),
        }
        terminal.draw(|frame| view.draw(frame)).map_err(undrawn)?;
        if looked >= looks {
            return Ok(());
        }
        while event::poll(Duration::ZERO).map_err(undrawn)? {
            match event::read().map_err(undrawn)? {
                Event::Key(key) if leaves(key) => return Ok(()),
                Event::Key(KeyEvent { code: KeyCode::Down, .. }) => view.scroll(1),
                Event::Key(KeyEvent { code: KeyCode::Up, .. }) => view.scroll(-1),
                _ => {}
            }
        }
    }
}

fn leaves(key: KeyEvent) -> bool {
    let is_interrupt =
        key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    let is_leave = matches!(key.code, KeyCode::Char('q') | KeyCode::Esc);
    key.kind == KeyEventKind::Press && (is_leave || is_interrupt)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it")]
fn undrawn(error: io::Error) -> Failed {
    Failed::new(format!("cannot draw on the terminal: {error}"))
}

fn gone<E>(_: E) -> Failed {
    Failed::new("the thread that looks is gone")
}
