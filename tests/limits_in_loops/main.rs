//! Tests limits in resumable loops: what is saved, which item is to blame, and what happens to it.

mod cooperative;
mod ended;
mod first;
