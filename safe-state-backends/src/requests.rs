//! The requests made of a job from outside, the buttons that people pressed, and the signs by which a change is noticed.

pub(crate) mod asking;
pub(crate) mod press;
pub(crate) mod presses;
pub(crate) mod request;
pub(crate) mod signs;
