//! Runs the guide's code of a job that is asked from outside to wait, or to stop.

use safe_state::{Error, Job};

use super::world::World;

fn ask() -> Result<(), Error> {
    let import = Job::new("nightly-import");
    import.pause()?; // the run saves, and waits before its next item
    import.resume()?; // it goes on
    import.cancel()?; // it saves, and ends with `Error::Stopped`
    Ok(())
}

#[test]
fn a_run_that_is_cancelled_ends_and_the_next_goes_on() {
    let _world = World::begin();
    let import = Job::new("nightly-import");
    let run = |items| import.run(0..items, |item| if item == 2 { ask() } else { Ok(()) });
    let error = run(u64::MAX).unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error}");
    assert_eq!(import.requested().unwrap(), None, "the run has used it up");
    let done = import.peek_checkpoint().unwrap().unwrap().progress().completed;
    assert!(done >= 3, "{done}");
    run(done + 2).unwrap();
}
