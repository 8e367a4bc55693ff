//! What people do with a job that they operate: each verb on each kind of backend, and against a run under way.

mod asking;
mod by_hand;
mod hooks;
mod keeping;
mod moving;
mod places;
mod programs;
mod raced;
mod status;
mod steps;
