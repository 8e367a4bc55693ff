//! Tests what is compared of a job's input and call, and what a run does with an input that has changed.

mod arguments;
mod changed;
mod compared;
mod edits;
mod told_apart;
mod work;
