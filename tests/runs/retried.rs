//! Compares runs with a model, in which items fail, are tried again and given up, and dead letters are put back. The
//! runs may be killed.

pub(crate) mod job;
mod model;

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use safe_state::Job;
use safe_state_tests::Effects;

use crate::plan::Way;
use job::{Answer, Bad, Kind, Run};
use model::Model;

fn kind() -> impl Strategy<Value = Kind> {
    let way = select(vec![Way::Index, Way::Key]);
    let save_every = select(vec![1, 2, 3, 1000]);
    let skip_limit = select(vec![u64::MAX, u64::MAX, 2]);
    (way, any::<bool>(), any::<bool>(), save_every, 1..4_u32, skip_limit).prop_map(
        |(way, carries, is_async, save_every, max_attempts, skip_limit)| Kind {
            way,
            carries,
            is_async,
            save_every,
            max_attempts,
            skip_limit,
        },
    )
}

fn bad() -> impl Strategy<Value = Bad> {
    let answers = vec![
        Answer::Retry,
        Answer::Skip,
        Answer::Bury,
        Answer::Bury,
        Answer::Fail,
        Answer::RetryThenSkip,
        Answer::RetryThenBury,
    ];
    (0..6_u32, 1..4_u32, select(answers)).prop_map(|(item, fails, answer)| Bad {
        item,
        fails,
        answer,
    })
}

/// Returns inputs for the runs. By index, inputs only grow.
fn inputs(way: Way, runs: usize) -> BoxedStrategy<Vec<Vec<u32>>> {
    let grown = |input: &mut Vec<u32>, part: Vec<u32>| {
        input.extend(part);
        Some(input.clone())
    };
    let parts = vec(vec(0..6_u32, 0..7), runs);
    match way {
        Way::Index => {
            parts.prop_map(move |parts| parts.into_iter().scan(Vec::new(), grown).collect()).boxed()
        }
        Way::Key | Way::Cursor => parts.boxed(),
    }
}

pub(crate) fn job_and_runs() -> impl Strategy<Value = (Kind, Vec<Run>)> {
    (kind(), 1..7_usize).prop_flat_map(|(kind, count)| {
        let killed = prop_oneof![3 => Just(None), 1 => (0..9_usize).prop_map(Some)];
        let rest = vec((vec(bad(), 0..4), killed, any::<bool>()), count);
        let runs = (inputs(kind.way, count), rest).prop_map(|(inputs, rest)| {
            let runs = inputs.into_iter().zip(rest);
            let run = |(input, (bad, killed, puts_back))| Run { input, bad, killed, puts_back };
            runs.map(run).collect()
        });
        (Just(kind), runs)
    })
}

/// Compares each run of a job with the model.
pub(crate) fn check(kind: Kind, runs: &[Run]) {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("retried").state_dir(dir.path());
    let mut model = Model::new(kind);
    for run in runs {
        if run.puts_back {
            assert_eq!(job.retry_dead_letters().unwrap(), model.put_back(), "{kind:?} {runs:#?}");
        }
        let expected = model.run(run);
        let found = do_run(dir.path(), kind, run);
        assert_eq!(found, expected, "{kind:?}, {run:?} of {runs:#?}");
        let checkpoint = job.peek_checkpoint().unwrap();
        assert_eq!(checkpoint.is_some(), model.is_kept(), "{kind:?} {runs:#?}");
        let letters = checkpoint.iter().flat_map(|found| found.dead_letters().iter());
        let letters: Vec<_> = letters.map(|letter| (letter.index(), letter.attempts())).collect();
        assert_eq!(letters, model.letters(), "{kind:?} {runs:#?}");
        let skipped = checkpoint.map_or(0, |found| found.skipped());
        assert_eq!(skipped, model.skipped(), "{kind:?} {runs:#?}");
    }
}

/// Does a run, in a process of its own if it is to be killed. Returns its attempts and how it ended.
fn do_run(dir: &Path, kind: Kind, run: &Run) -> (Vec<u32>, job::Ended) {
    let effects = Effects::open(dir.join("effects")).unwrap();
    let before = effects.all().len();
    let ended = match run.killed {
        Some(_) => crate::run_in_child(dir, "retried", &kind, run),
        None => Some(job::run(dir, kind, run)),
    };
    let new = effects.all().into_iter().skip(before);
    let tried = new.map(|item| u32::try_from(item).unwrap()).collect();
    (tried, ended.unwrap_or(job::Ended::Killed))
}
