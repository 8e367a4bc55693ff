//! Measures the resources that guards and their data take.

use std::{env, fs, thread};

use rustix::process::{Signal, getpid, kill_process};
use safe_state::guard::{Data, Ended, Guard, GuardError};
use serde_bytes::ByteBuf;

use crate::{ending, tell};

/// Runs eight guards at a time, whose jobs die.
pub(crate) fn beside() -> Result<Ended, GuardError> {
    let guard = |at: usize| {
        let job = move |data: &Data| data.insert("at", at).map(|()| std::process::abort());
        Guard::new(format!("guard {at}"))
            .rescue(tell)
            .args(["beside-one", &at.to_string()])
            .run(job)
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|at| scope.spawn(move || guard(at))).collect();
        for one in all {
            drop(one.join().expect("no panic"));
        }
    });
    Guard::new("last").args(["beside-last"]).run(|_| ())
}

/// Runs one of the eight guards, in the process that its guard has started.
pub(crate) fn beside_one(at: &str) -> Result<Ended, GuardError> {
    let at: usize = at.parse().expect("a number");
    Guard::new(format!("guard {at}"))
        .run(move |data| data.insert("at", at).map(|()| std::process::abort()))
}

/// Runs a guard many times, and checks that it leaves nothing open or mapped.
pub(crate) fn again() -> Result<Ended, GuardError> {
    let used = || {
        let count = |path| fs::read_dir(path).expect("a directory").count();
        let mapped = fs::read_to_string("/proc/self/maps").expect("text");
        (count("/proc/self/fd"), count("/proc/self/task"), mapped.matches("memfd").count())
    };
    let run = || Guard::new("job").run(|data| ending::job(data, "kill"));
    run()?.cause().signal().expect("it was killed");
    let before = used();
    for _ in 0..20 {
        run()?.cause().signal().expect("it was killed");
    }
    assert_eq!(used(), before);
    Guard::new("last").run(|_| ())
}

/// Inserts values of any length, which take no more room than a few of the longest ones.
pub(crate) fn bounds() -> Result<Ended, GuardError> {
    const MIB: usize = 1 << 20;
    Guard::new("bounds").max_size(64 << 20).rescue(tell).run(|data| {
        let mut random = fastrand::Rng::with_seed(7);
        for step in 0..300 {
            let len = random.usize(..10 * MIB);
            data.insert("value", ByteBuf::from(vec![1; len]))?;
            data.insert(&format!("key {step}"), step)?;
            data.remove(&format!("key {}", step - 1));
        }
        let full = data.insert("large", ByteBuf::from(vec![2; 64 * MIB]));
        assert!(matches!(full, Err(GuardError::Full { .. })), "{full:?}");
        // The value that did not fit has changed nothing.
        assert_eq!(data.keys(), ["key 299", "value"]);
        data.remove("value");
        let fits = data.insert("large", ByteBuf::from(vec![2; 30 * MIB]));
        assert!(fits.is_ok(), "{fits:?}");
        Ok::<_, GuardError>(())
    })
}

/// Runs a guard that is asked to end while it rescues.
pub(crate) fn signal_in_rescue() -> Result<Ended, GuardError> {
    let rescue = |_: &_| kill_process(getpid(), Signal::TERM).expect("it is this process");
    Guard::new("job").rescue(rescue).run(|data| ending::job(data, "kill"))
}

/// Runs a guard whose program's file is removed before the guard starts it again.
pub(crate) fn replaced() -> Result<Ended, GuardError> {
    // The job finds another file at this path, or none, because the guard's process has removed it.
    let program = env::var_os("PROGRAM").expect("the path");
    let _ = fs::remove_file(program);
    Guard::new("job").run(|_| println!("the same"))
}
