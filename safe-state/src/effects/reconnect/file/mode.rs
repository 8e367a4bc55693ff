//! The mode that a file is open in, and the errors of operations on its path.

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
