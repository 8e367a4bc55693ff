//! The errors of a job, apart from those of its own code.

mod advice;
mod causes;
mod commit;
#[cfg(test)]
mod debug_tests;
mod input;
mod kind;
#[cfg(feature = "limits")]
mod limit;
mod message;
mod program;
mod reconnect;
mod shared;
mod stop;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use safe_state_backends::escape::Line;
use safe_state_backends::{CarriedError, DeadLetterNotRetryable, Error as BackendError, NotByHand};

use advice::{accept_another, or_start_over};
pub use advice::{items, start_over};
pub use causes::{causes, one_line};
pub use commit::CommitError;
#[cfg(feature = "limits")]
pub use limit::{LimitExceeded, Memory};
pub use message::{masked_message, message, panic_message, printed};
pub use reconnect::{ReconnectError, When};
pub use stop::StopReason;

/// The reason why a run could not begin, save or finish.
///
/// A function under [`#[resumable]`](https://docs.rs/safe-state/latest/safe_state/attr.resumable.html) that returns `Result<_,
/// E>` with `E: From<safe_state::Error>` returns this error. The bound holds for `anyhow::Error`, `eyre::Report`, `Box<dyn
/// Error>`, [`io::Error`], and an enum with `#[from] safe_state::Error`. Any other function panics with the same message.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The checkpoint could not be stored, read or reserved.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// Another run of the job is under way, and this run is a task of an array whose tasks all have a job with this name.
    #[error("{source}; {advice}")]
    HeldInArray {
        /// Advice for the user.
        advice: String,
        /// The backend's error, which names the holder.
        source: BackendError,
    },
    /// No backend is usable, so the checkpoint has no place.
    #[error(transparent)]
    NoBackend(Arc<BackendError>),
    /// Two places were given for the checkpoint.
    #[error(
        "job `{job}` has both a `state_dir` and a `backend` to keep its checkpoint in; remove one of them"
    )]
    TwoPlaces {
        /// The job's name.
        job: String,
    },
    /// The job's version differs from the checkpoint's.
    #[error("{}", program::version(job, stored.as_deref(), current.as_deref()))]
    VersionChanged {
        /// The job's name.
        job: String,
        /// The version that the checkpoint was begun with.
        stored: Option<String>,
        /// The version that the job has now.
        current: Option<String>,
    },
    /// The program's `migrate` can't convert a value of an older version to this version.
    #[error("{}", program::not_migrated(job, from.as_deref(), carried))]
    NotMigrated {
        /// The job's name.
        job: String,
        /// The version in which the value was stored.
        from: Option<String>,
        /// The variable, and the problem with it.
        carried: Box<CarriedError>,
    },
    /// The input is shorter than the number of its complete items.
    #[error("{}", input::shrank(job, *completed, *found))]
    InputShrank {
        /// The job's name.
        job: String,
        /// The number of complete items, as the checkpoint says.
        completed: u64,
        /// The number of items in the input, if the input tells it.
        found: Option<u64>,
    },
    /// An item of the input differs from the item that is complete under its index.
    ///
    /// If items change or move, identify them by `key`. If the input does not give complete items again, mark the loop
    /// `#[resume(consumed)]`. If only the indices matter, say `on_input_change = "continue"`.
    #[error("{}", input::changed(job, *index))]
    InputChanged {
        /// The job's name.
        job: String,
        /// The item's index.
        index: u64,
    },
    /// The items of a loop contain an address, which differs in every process, so they can't be recognised.
    #[error("{}", input::not_compared(job))]
    NotCompared {
        /// The job's name.
        job: String,
    },
    /// The first item of a loop can't be serialised, so the loop's items could not be recognised later.
    #[error("{}", input::not_serializable(job))]
    NotSerializable {
        /// The job's name.
        job: String,
    },
    /// A loop over a channel identifies its items by index, but a channel gives each item only
    /// once.
    #[error("{}", input::gives_once(job))]
    GivesOnce {
        /// The job's name.
        job: String,
    },
    /// A loop identifies its items in another way than the checkpoint does.
    #[error("{}", input::identity_changed(job, before))]
    ItemIdentityChanged {
        /// The job's name.
        job: String,
        /// The way in which the items were identified before.
        before: &'static str,
    },
    /// The last run was interrupted inside an item's inner loop, and the input now gives a new item
    /// before that one. The carried values already contain a part of the interrupted item.
    #[error("{}", input::inner_loop_interrupted(job))]
    InnerLoopInterrupted {
        /// The job's name.
        job: String,
    },
    /// The run stopped because it was asked to, and has saved all that is complete, unless it was a replay. That is not a
    /// failure: run it again to go on.
    #[error("job `{job}` stopped {reason}{}", reason.what_now(job), job = Line(job), reason = Line(reason))]
    Stopped {
        /// The job's name.
        job: String,
        /// The reason.
        reason: StopReason,
    },
    /// The run ended itself by `stop!`, and has saved all that is complete. That is not a failure: run it again to go on.
    #[error("the run ended itself: {reason}; run it again to go on", reason = Line(reason))]
    StoppedItself {
        /// The reason, in the program's words.
        reason: String,
    },
    /// A dead letter can't be put back to be retried.
    #[error(
        "the dead letters of job `{job}` cannot be retried, for item {index}: {reason}; \
         do them by hand: `dead_letters()` of the checkpoint tells what they are", job = Line(job), reason = Line(reason))]
    DeadLetterNotRetryable {
        /// The job's name.
        job: String,
        /// The item's index.
        index: u64,
        /// The reason why it can't be retried.
        reason: DeadLetterNotRetryable,
    },
    /// The stored progress can't be changed by hand in this way.
    #[error("job `{job}` cannot be changed in this way: {reason}", job = Line(job), reason = Line(reason))]
    NotByHand {
        /// The job's name.
        job: String,
        /// The reason why it can't be changed.
        reason: NotByHand,
    },
    /// What is complete by key is asked of a job of which several loops know items by key.
    #[error(
        "several loops of job `{job}` know items by key, and what is complete in one is not in another; name the loop by \
         its number, as in `completed_keys_in(0)`", job = Line(job))]
    SeveralLoops {
        /// The job.
        job: String,
    },
    /// The new name for a job is the name of another job.
    #[error("job `{job}` cannot be called `{name}`: there is a job of that name", job = Line(job), name = Line(name))]
    NameTaken {
        /// The job's present name.
        job: String,
        /// The new name.
        name: String,
    },
    /// The job has had as many runs as it may.
    #[error(
        "job `{job}` has had {runs} runs, and `max_runs` allows no more; look at why it does not finish, {}, or {}",
        accept_another(job), start_over(job), job = Line(job))]
    TooManyRuns {
        /// The job's name.
        job: String,
        /// The number of runs it has had.
        runs: u32,
    },
    /// An item's key cannot be serialised.
    #[error("{}", input::key_not_serializable(job, *index, reason))]
    KeyNotSerializable {
        /// The job's name.
        job: String,
        /// The item's position in the input.
        index: u64,
        /// The error of the key's `Serialize`.
        reason: String,
    },
    /// The function has changed since the checkpoint was made.
    #[error("{}", program::code(job))]
    CodeChanged {
        /// The job's name.
        job: String,
    },
    /// An argument that belongs to the job has changed since the job began.
    #[error("{}", program::argument(job, argument))]
    ArgumentChanged {
        /// The job's name.
        job: String,
        /// The argument's name.
        argument: String,
    },
    /// A variable in `fresh(..)` has made the file anew that complete items wrote.
    #[error("{}", program::file(job, name, path))]
    MadeAnew {
        /// The job's name.
        job: String,
        /// The variable.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// Another function began the job, under the same name.
    #[error("{}", program::function(job, function))]
    OtherFunction {
        /// The job's name.
        job: String,
        /// The path of the function that is called.
        function: String,
    },
    /// Two functions of the program have one default name, so each would go on with the other's progress.
    #[error("{}", program::shared_name(job, place, other))]
    SharedName {
        /// The job's name.
        job: String,
        /// The place of the function that is called.
        place: String,
        /// The place of the function that had the name before.
        other: String,
    },
    /// The slices that the program gives do not fit the loop's input.
    #[error("the slices of job `{job}` do not fit the input of its loop: {reason}", job = Line(job), reason = Line(reason))]
    Slices {
        /// The job's name.
        job: String,
        /// The problem with the slices.
        reason: String,
    },
    /// A worker of a shared job has other settings than the workers before it.
    #[error("{}", shared::worker_differs(job, found, stored))]
    WorkerDiffers {
        /// The job's name.
        job: String,
        /// The settings of this worker.
        found: String,
        /// The settings of the workers before it.
        stored: String,
    },
    /// A loop that many workers share can't be cut into slices.
    #[error("{}", shared::length_unknown(job))]
    LengthUnknown {
        /// The job's name.
        job: String,
    },
    /// The input of a shared loop does not give its items again as it did before.
    #[error("the input of a loop of job `{job}` does not give its items again: {reason}", job = Line(job), reason = Line(reason))]
    NotGivenAgain {
        /// The job's name.
        job: String,
        /// The reason, and advice for the user.
        reason: String,
    },
    /// The values of variables at the end of a slice are not stored any more, and the result of all slices is unknown without
    /// them.
    #[error("{}", shared::slice_lost(job, *slice))]
    SliceLost {
        /// The job.
        job: String,
        /// The slice, from 0.
        slice: u32,
    },
    /// The function of a shared job returned from within a slice, with no error.
    #[error("{}", shared::returned_from_slice(job))]
    ReturnedFromSlice {
        /// The job's name.
        job: String,
    },
    /// The job's checkpoint was removed while this worker had a slice.
    #[error("job `{job}` was cleared while this worker was running; run it again to start over", job = Line(job))]
    Cleared {
        /// The job's name.
        job: String,
    },
    /// A cursor can't identify an item.
    #[error("in job `{job}`, the cursor of item {index} {reason}", job = Line(job))]
    BadCursor {
        /// The job's name.
        job: String,
        /// The item's index.
        index: u64,
        /// The problem with the cursor, and advice for the user.
        reason: &'static str,
    },
    /// A carried variable cannot be saved, or its stored value cannot be restored as its present type.
    #[error("in job `{job}`, {carried}{}", or_start_over(job, carried), job = Line(job))]
    Carried {
        /// The job's name.
        job: String,
        /// The variable, and the problem with it.
        carried: CarriedError,
    },
    /// Items are complete, but a carried variable was not carried yet when they completed.
    #[error("{}", program::not_carried(job, name, *completed))]
    NotCarried {
        /// The job's name.
        job: String,
        /// The variable's name.
        name: String,
        /// The number of complete items.
        completed: u64,
    },
    /// The function reads a carried variable at a place whose value the checkpoint lacks, because
    /// another release, or another version of the function, wrote it.
    #[error("{}", program::not_kept(job, name, place))]
    NotKept {
        /// The job's name.
        job: String,
        /// The variable's name.
        name: String,
        /// The place, as text.
        place: String,
    },
    /// A `step!` ran a second time in one run; its name identifies one value.
    #[error(
        "in job `{job}`, `step!({step:?}, ..)` ran twice in one run; give each step a name of its own", job = Line(job))]
    DuplicateStep {
        /// The job's name.
        job: String,
        /// The step's name.
        step: String,
    },
    /// A handle cannot be rebuilt, or its state cannot be saved.
    #[error("in job `{job}`, `{name}` {}", source.told(job), job = Line(job), name = Line(name))]
    Reconnect {
        /// The job's name.
        job: String,
        /// The variable's name.
        name: String,
        /// The reason.
        source: ReconnectError,
    },
    /// The failed item can't be run again by itself.
    #[error(
        "job `{job}` cannot be replayed: {reason}; set SAFE_STATE_REPLAY to the index of the item that failed, \
         or to nothing for a run that counts", job = Line(job), reason = Line(reason))]
    Replay {
        /// The job's name.
        job: String,
        /// The reason why it can't be replayed.
        reason: String,
    },
    /// An item's transaction was not committed by `commit!`, or it is unknown whether it was.
    #[error("in job `{job}`, {commit}", job = Line(job))]
    Commit {
        /// The job's name.
        job: String,
        /// The state of the transaction, as far as known.
        commit: CommitError,
        /// The driver's error.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// A thread could not be started: the one that saves for an async function, or the one that watches limits.
    #[error("cannot start a thread, to save for an async function or to watch limits")]
    Thread(#[source] io::Error),
    /// The work took longer, or used more memory, than its limit allows.
    #[cfg(feature = "limits")]
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The system does not tell how much memory is in use.
    #[cfg(feature = "limits")]
    #[error("cannot watch a limit on memory")]
    Memory(#[source] io::Error),
}

safe_state_backends::debug_is_one_line!(Error);
