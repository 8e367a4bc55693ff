//! Tests what a program tells of its runs while they are under way.

mod bars;
mod meters;
mod spans;
