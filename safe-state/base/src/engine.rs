//! The batch system that this process runs under, as far as its environment tells: the submission that the process belongs to,
//! its task of an array, and the end of its time.

mod array;
mod ends;
mod environment;
mod squeue;
mod submission;

pub use array::{ArrayTask, array_task};
pub use ends::{EndWatch, heed, told};
pub use submission::submission;
