//! The exit codes of a program whose run has stopped.

use std::fmt::Debug;
use std::process::ExitCode;

use super::note::{self, Ending};

/// The variables that set codes, and the codes if nothing does: for later, for idle, and for what ended on purpose.
const CODES: [(&str, u8); 3] = [
    ("SAFE_STATE_EXIT_STOPPED", 75),
    ("SAFE_STATE_EXIT_IDLE", 76),
    ("SAFE_STATE_EXIT_CANCELLED", 77),
];

/// The exit codes of a program whose run stopped on purpose, so that a batch system knows whether
/// to run it again.
///
/// By default they are 75, 76 and 77, or what these environment variables say:
/// `SAFE_STATE_EXIT_STOPPED`, `SAFE_STATE_EXIT_IDLE`, `SAFE_STATE_EXIT_CANCELLED`.
///
/// ```
/// use std::process::ExitCode;
/// use safe_state::{Error, ExitCodes, Job};
///
/// # let dir = tempfile::tempdir().unwrap();
/// let mail = Job::new("mail").state_dir(dir.path());
/// mail.abandon("the customer has left")?;
/// let ended = mail.run(0..3, |_| Ok::<(), Error>(()));
/// let code = ExitCodes::new().cancelled(9).of(ended);
/// assert_eq!(code, ExitCode::from(9));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCodes {
    stopped: u8,
    idle: u8,
    cancelled: u8,
}

impl ExitCodes {
    /// Those that the environment says, and else 75, 76 and 77.
    pub fn new() -> Self {
        let [stopped, idle, cancelled] = CODES.map(|(name, code)| {
            let Ok(said) = std::env::var(name) else { return code };
            said.trim().parse().unwrap_or_else(|_| {
                crate::tell(
                    name,
                    &format!("`{said}` is no exit code from 0 to 255, so it is {code}"),
                );
                code
            })
        });
        ExitCodes { stopped, idle, cancelled }
    }

    /// For a run that is to go on later: a signal asked it to end, its time was over, or a limit was passed.
    pub fn stopped(mut self, code: u8) -> Self {
        self.stopped = code;
        self
    }

    /// For a worker that found nothing left to claim, with `on_idle = "leave"`.
    pub fn idle(mut self, code: u8) -> Self {
        self.idle = code;
        self
    }

    /// For a run that was cancelled or abandoned, or has ended itself by `stop!`: it is not to be run again by itself.
    pub fn cancelled(mut self, code: u8) -> Self {
        self.cancelled = code;
        self
    }

    /// Returns what `main` is to return. An error is written to standard error as Rust does it for a `main` that returns
    /// one, and any error but of a run that was to stop gives 1.
    ///
    /// The error may be any that holds ours, as `anyhow::Error` does: it is known by its message, of the last run of this
    /// process.
    pub fn of<T, E: Debug>(self, ended: Result<T, E>) -> ExitCode {
        let Err(error) = ended else { return ExitCode::SUCCESS };
        let message = format!("{error:?}");
        // Whether anyone reads it is not known.
        let _ =
            std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("Error: {message}\n"));
        let Some(ending) = note::ends(&message) else {
            note::forget();
            return ExitCode::FAILURE;
        };
        ExitCode::from(self.code(ending))
    }

    /// Returns the code for that.
    pub fn code(self, ending: Ending) -> u8 {
        match ending {
            Ending::Later | Ending::Limit => self.stopped,
            Ending::Idle => self.idle,
            Ending::OnPurpose => self.cancelled,
        }
    }

    /// Returns all of them.
    pub fn all(self) -> [u8; 3] {
        [self.stopped, self.idle, self.cancelled]
    }
}

impl Default for ExitCodes {
    fn default() -> Self {
        ExitCodes::new()
    }
}
