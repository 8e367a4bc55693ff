//! Programs that are started again.

mod lives;
mod unattended;
