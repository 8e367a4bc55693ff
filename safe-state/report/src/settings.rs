//! The settings for the contents of reports.

use std::sync::{PoisonError, RwLock};

static CURRENT: RwLock<Settings> = RwLock::new(Settings { include_source: true, depth: 3 });

/// The settings for the contents of reports. They apply to the whole process; the last ones set count.
///
/// ```
/// use safe_state::report::Settings;
///
/// Settings::default().include_source(false).depth(1).set();
/// # Settings::default().set();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub(super) include_source: bool,
    pub(super) depth: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { include_source: true, depth: 3 }
    }
}

impl Settings {
    /// Sets whether a report contains the source lines around its places. By default it does.
    pub fn include_source(self, include_source: bool) -> Self {
        Settings { include_source, ..self }
    }

    /// Sets how deep values are shown: 0 is the value alone, 1 also its parts. The default is 3; more than 32 counts as
    /// 32.
    pub fn depth(self, depth: u8) -> Self {
        Settings { depth: depth.min(32), ..self }
    }

    /// Applies these settings to the whole process.
    pub fn set(self) {
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = self;
    }

    pub(super) fn current() -> Self {
        *CURRENT.read().unwrap_or_else(PoisonError::into_inner)
    }
}
