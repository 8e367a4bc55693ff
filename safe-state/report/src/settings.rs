//! What reports take in, as the program has set it.

use std::sync::{PoisonError, RwLock};

static CURRENT: RwLock<Settings> = RwLock::new(Settings { include_source: true, depth: 3 });

/// What reports take in. The last one set counts, for the whole process.
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
    /// Whether a report has the source lines around its places. The default is that it has.
    pub fn include_source(self, include_source: bool) -> Self {
        Settings { include_source, ..self }
    }

    /// How deep values are shown: 0 is the value alone, 1 its parts as well. The default is 3; more than
    /// 32 is 32.
    pub fn depth(self, depth: u8) -> Self {
        Settings { depth: depth.min(32), ..self }
    }

    /// Makes these the ones that count.
    pub fn set(self) {
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = self;
    }

    pub(super) fn current() -> Self {
        *CURRENT.read().unwrap_or_else(PoisonError::into_inner)
    }
}
