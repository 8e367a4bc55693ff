//! Tests programs that are started again.

mod lives;
mod terminal;
mod unattended;
