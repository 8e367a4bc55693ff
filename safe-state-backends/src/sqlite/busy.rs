//! The wait for another connection that writes.

use std::thread;
use std::time::Duration;

/// The likely cause of a long wait, and what to do about it.
const WRITES: &str = "another connection has a transaction open that writes; if that is the program's own, around what saves \
     the progress, let it save the item itself: `commit!(tx)`";

/// The longest pause between two looks whether another connection still writes. The first pauses are as many milliseconds long
/// as looks have been taken.
const PAUSE: Duration = Duration::from_millis(25);
/// The number of looks in the first second.
const A_SECOND: i32 = 53;
/// The number of looks in 30 seconds, which is the longest wait.
const LOOKS: i32 = 1213;

/// The error of a wait in which another connection has written for longer than the backend waits.
#[derive(Debug, thiserror::Error)]
#[error("{WRITES}")]
pub(super) struct Busy(#[source] pub(super) rusqlite::Error);

/// Pauses, and returns whether to look again for the end of another connection's transaction. Another thread of the program may
/// end it, so the wait is a long one. But if the thread that waits is the one that has to end it, nobody does; so a warning tells
/// the likely cause early.
pub(super) fn looks_again(looks: i32) -> bool {
    if looks == A_SECOND {
        tracing::warn!(target: "safe_state", "still waiting for the database: {WRITES}");
    }
    let pause = looks.try_into().map_or(PAUSE, Duration::from_millis);
    thread::sleep(pause.min(PAUSE));
    looks < LOOKS
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    #[test]
    fn a_wait_ends_after_half_a_minute_and_is_told_after_a_second() {
        let pause = |look: i32| Duration::from_millis(look.cast_unsigned().into()).min(PAUSE);
        let time = |looks| (0..looks).map(pause).sum::<Duration>();
        assert_eq!(time(A_SECOND), Duration::from_secs(1));
        assert_eq!(time(LOOKS), Duration::from_secs(30));
        let told = |looks| {
            WARNINGS.set(0);
            let again = tracing::subscriber::with_default(Ear, || looks_again(looks));
            (WARNINGS.get(), again)
        };
        assert_eq!(told(A_SECOND), (1, true));
        assert_eq!(told(A_SECOND + 1), (0, true));
        assert_eq!(told(LOOKS), (0, false));
    }

    thread_local! {
        static WARNINGS: Cell<u32> = const { Cell::new(0) };
    }

    /// Counts the warnings of this thread.
    struct Ear;

    impl Subscriber for Ear {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn event(&self, _: &Event<'_>) {
            WARNINGS.set(WARNINGS.get() + 1);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
}
