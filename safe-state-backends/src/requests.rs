//! What is asked of a job from outside, who pressed which button, and signs by which a change is noticed.

pub(crate) mod asking;
pub(crate) mod press;
pub(crate) mod presses;
pub(crate) mod request;
pub(crate) mod signs;
