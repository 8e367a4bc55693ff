//! Tests items that fail: what is done about each, whatever way their bodies take.

mod across_runs;
mod answers;
mod crashes;
mod dead_letters;
mod exits;
mod model;
mod pauses;
mod places;
mod poison;
mod retry;
mod told;
mod values;
