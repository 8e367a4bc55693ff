//! What the server does in one step.

use ::redis::Script;

/// Those from `renew` on begin with what checks the claim.
pub(super) struct Scripts {
    pub(super) acquire: Script,
    pub(super) held_by: Script,
    pub(super) resume: Script,
    pub(super) release: Script,
    pub(super) renew: Script,
    pub(super) save: Script,
    pub(super) append: Script,
    pub(super) delete: Script,
}

macro_rules! under_claim {
    ($file:literal) => {
        Script::new(concat!(include_str!("claim.lua"), include_str!($file)))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Scripts {
            acquire: Script::new(include_str!("acquire.lua")),
            held_by: Script::new(include_str!("held_by.lua")),
            resume: Script::new(include_str!("resume.lua")),
            release: Script::new(include_str!("release.lua")),
            renew: under_claim!("renew.lua"),
            save: under_claim!("save.lua"),
            append: under_claim!("append.lua"),
            delete: under_claim!("delete.lua"),
        }
    }
}
