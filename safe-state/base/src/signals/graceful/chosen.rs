//! The choice of signals that ask a process to end.

use std::time::Duration;

#[cfg(unix)]
use signal_hook::consts::{SIGALRM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU};
use signal_hook::consts::{SIGINT, SIGTERM};

/// The time after which a second signal ends the process. Batch systems, supervisors and `timeout` send a signal to a process
/// and to its group, or twice, within milliseconds. A person who presses Ctrl-C again takes longer.
pub const SECOND_SIGNAL_AFTER: Duration = Duration::from_secs(2);

/// The signals that can be chosen, each with whether it only warns ahead of another one that ends the process.
#[cfg(unix)]
const SIGNALS: [(&str, i32, bool); 8] = [
    ("INT", SIGINT, false),
    ("TERM", SIGTERM, false),
    ("HUP", SIGHUP, false),
    ("QUIT", SIGQUIT, false),
    ("USR1", SIGUSR1, true),
    ("USR2", SIGUSR2, true),
    ("XCPU", SIGXCPU, true),
    ("ALRM", SIGALRM, true),
];
#[cfg(not(unix))]
const SIGNALS: [(&str, i32, bool); 2] = [("INT", SIGINT, false), ("TERM", SIGTERM, false)];

/// The signals that ask a process to end: `true` stands for SIGINT and SIGTERM, `false` for none, and a text names them, as in
/// `"TERM,USR1,USR2"`.
///
/// INT, TERM, HUP and QUIT end a process. Batch systems send USR1, USR2, XCPU and ALRM some time before they end one: these
/// only warn. A second signal does not end the process at once if it only warns, or if only a warning came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndSignals(u8);

impl EndSignals {
    /// Parses names of signals between commas, with or without `SIG`.
    ///
    /// # Errors
    ///
    /// The message says which name is unknown.
    pub fn parse(text: &str) -> Result<EndSignals, String> {
        let mut chosen = 0;
        for name in text.split(',').map(str::trim) {
            let upper = name.to_ascii_uppercase();
            let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
            let at = SIGNALS.iter().position(|(known, ..)| *known == bare);
            let Some(at) = at else {
                let known = SIGNALS.map(|(known, ..)| known).join(", ");
                return Err(format!(
                    "`{name}` is no signal that can ask to end; there are {known}"
                ));
            };
            chosen |= 1 << at;
        }
        Ok(EndSignals(chosen))
    }

    /// Returns whether no signal is chosen.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the numbers of the signals.
    pub fn numbers(self) -> Vec<i32> {
        let chosen = SIGNALS.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0);
        chosen.map(|(_, (_, number, _))| *number).collect()
    }

    #[cfg(unix)]
    pub(super) fn has(self, signal: i32) -> bool {
        self.numbers().contains(&signal)
    }
}

/// Returns whether a signal only warns.
#[cfg(unix)]
pub(super) fn only_warns(signal: i32) -> bool {
    SIGNALS.iter().any(|(_, number, warns)| *number == signal && *warns)
}

impl From<bool> for EndSignals {
    fn from(is_on: bool) -> Self {
        // SIGINT and SIGTERM.
        EndSignals(if is_on { 0b11 } else { 0 })
    }
}

impl From<&str> for EndSignals {
    /// # Panics
    ///
    /// Panics if the text names another signal.
    fn from(text: &str) -> Self {
        match EndSignals::parse(text) {
            Ok(signals) => signals,
            Err(error) => panic!("{error}"),
        }
    }
}

impl From<String> for EndSignals {
    /// # Panics
    ///
    /// Panics if the text names another signal.
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        let parsed = EndSignals::parse("TERM, sigint").unwrap();
        assert_eq!(parsed, EndSignals::from(true));
        assert!(EndSignals::from(false).is_empty() && EndSignals::from(false).numbers().is_empty());
        for bad in ["", "KILL", "TERM,", "TERM;INT", "15"] {
            let error = EndSignals::parse(bad).unwrap_err();
            assert!(error.contains("there are INT, TERM"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn some_signals_only_warn() {
        let parsed = EndSignals::parse("USR1,SIGTERM").unwrap();
        assert_eq!(parsed.numbers(), [SIGTERM, SIGUSR1]);
        assert!(only_warns(SIGUSR1) && !only_warns(SIGTERM));
        assert!(parsed.has(SIGUSR1) && !parsed.has(SIGINT));
    }
}
