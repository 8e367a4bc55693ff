//! Limits in resumable loops: what is saved, which item is to blame, and what becomes of it.

mod cooperative;
mod ended;
mod first;
