//! How a file is open, and the errors of one that is not.

use std::io;
use std::path::Path;

use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mode {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
}

impl Mode {
    pub(super) fn is_written(self) -> bool {
        self.write || self.append
    }
}

pub(super) fn failed_on(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> ReconnectError {
    let text = format!("cannot {action} `{}`", path.display());
    move |error| ReconnectError::because(text, error)
}
