//! Tests the command `safe-state`, as a user runs it.

mod closed_output;
mod command;
mod hostile;
mod intruders;
mod looking;
mod moving;
mod shown;
mod steering;
mod telling;
mod transcript;
mod watching;
