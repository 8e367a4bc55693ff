//! Tests a job from run to run: who may run it, how a run ends, what it leaves, and what the next one does with that.

mod budget;
mod encrypted;
mod lease;
mod migrating;
mod outcome;
mod resume;
mod status;
mod testing;
