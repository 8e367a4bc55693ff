//! The exit codes of a program whose run has stopped.

use std::fmt::Debug;
use std::process::ExitCode;

use super::note::{self, Ending};

/// The variables that set the codes, and the default codes: for a run to be repeated later, for an idle worker, and for an end
/// on purpose.
const CODES: [(&str, u8); 3] = [
    ("SAFE_STATE_EXIT_STOPPED", 75),
    ("SAFE_STATE_EXIT_IDLE", 76),
    ("SAFE_STATE_EXIT_CANCELLED", 77),
];

/// The exit codes of a program whose run stopped on purpose, so that a batch system knows whether
/// to run it again.
///
/// The default codes are 75, 76 and 77. These environment variables change them: `SAFE_STATE_EXIT_STOPPED`,
/// `SAFE_STATE_EXIT_IDLE`, `SAFE_STATE_EXIT_CANCELLED`.
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
    /// Returns the codes that the environment sets, or 75, 76 and 77.
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

    /// Sets the code of a run that goes on later: a signal asked it to end, its time was over, or a limit was exceeded.
    pub fn stopped(mut self, code: u8) -> Self {
        self.stopped = code;
        self
    }

    /// Sets the code of a worker that found nothing left to claim, with `on_idle = "leave"`.
    pub fn idle(mut self, code: u8) -> Self {
        self.idle = code;
        self
    }

    /// Sets the code of a run that was cancelled or abandoned, or ended itself by `stop!`: nothing should repeat it
    /// automatically.
    pub fn cancelled(mut self, code: u8) -> Self {
        self.cancelled = code;
        self
    }

    /// Returns the exit code for `main` to return. Writes an error to standard error, like Rust does for a `main` that returns
    /// one. The code is 1 for any error that is not of a run that stopped on purpose.
    ///
    /// The error may be of any type that holds ours, such as `anyhow::Error`: it is recognised by its message, which is
    /// compared with those of the stopped runs of this process.
    pub fn of<T, E: Debug>(self, ended: Result<T, E>) -> ExitCode {
        let Err(error) = ended else { return ExitCode::SUCCESS };
        let message = format!("{error:?}");
        // The write may fail if nobody reads standard error.
        let _ =
            std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("Error: {message}\n"));
        let Some(ending) = note::ends(&message) else {
            note::forget();
            return ExitCode::FAILURE;
        };
        ExitCode::from(self.code(ending))
    }

    /// Returns the code for an ending.
    pub fn code(self, ending: Ending) -> u8 {
        match ending {
            Ending::Later | Ending::Limit => self.stopped,
            Ending::Idle => self.idle,
            Ending::OnPurpose => self.cancelled,
        }
    }

    /// Returns all three codes.
    pub fn all(self) -> [u8; 3] {
        [self.stopped, self.idle, self.cancelled]
    }
}

impl Default for ExitCodes {
    fn default() -> Self {
        ExitCodes::new()
    }
}
