//! Tests limits on time and memory: what is cancelled, what is interrupted, and what is left alone.

mod attributes;
mod guards;
mod memory;
mod table;
