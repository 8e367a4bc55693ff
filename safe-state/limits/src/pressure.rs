//! The control group's pressure on the process: whether little memory is left, or the kernel slows the process down.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use safe_state_base::tell;

use crate::cgroup::{Cgroup, Room};
use crate::memory::pause;
use crate::units::readable;
use crate::watchdog::Watch;

/// The time between two looks at memory that is far from its limit.
const INTERVAL: Duration = Duration::from_millis(100);
/// The time between two looks at a limit that has been reached, to see whether it still is. The steps for it are under
/// way.
const TIGHT_INTERVAL: Duration = Duration::from_millis(10);
/// If no more bytes than these are left, they may be gone before the loop has looked at a clock.
const NEAR: u64 = 64 << 20;
/// The time between two looks at whether the kernel slows the process down.
const SLOWED_INTERVAL: Duration = Duration::from_secs(1);
/// The time for which a group without a limit is taken to have none.
const UNLIMITED_FOR: Duration = Duration::from_secs(1);
/// The number of looks in a row in which the kernel has to have slowed it down. A short moment is no trouble.
const SLOWED_LOOKS: u32 = 3;

/// The process's control group in relation to its limits, as the watchdog sees it.
#[derive(Debug)]
pub(crate) struct Pressure {
    job: String,
    cgroup: Cgroup,
    is_near: AtomicBool,
    is_tight: AtomicBool,
    /// The time until the next look, in nanoseconds.
    pause: AtomicU64,
    seen: Mutex<Seen>,
}

/// The state of the looks: what was seen and reported.
#[derive(Debug, Default)]
struct Seen {
    has_ended: bool,
    has_told_tight: bool,
    slowed: Slowed,
}

/// The number of times that the kernel has slowed the group down, as far as was seen.
#[derive(Debug, Default)]
struct Slowed {
    next: Option<Instant>,
    times: Option<u64>,
    /// The number of looks in a row in which it had.
    looks: u32,
    is_told: bool,
}

impl Pressure {
    /// Makes the watch for this process; `None` if no group has a limit, or the system hides the groups.
    pub(crate) fn of_this_process(job: &str) -> Option<Self> {
        // A process that is moved to another group while it runs is still watched in the first one.
        static FOUND: OnceLock<Option<Cgroup>> = OnceLock::new();
        // Many short runs of a process do not each look for limits of its groups.
        static UNLIMITED_AT: Mutex<Option<Instant>> = Mutex::new(None);
        let mut unlimited_at = UNLIMITED_AT.lock().unwrap_or_else(PoisonError::into_inner);
        if unlimited_at.is_some_and(|at| at.elapsed() < UNLIMITED_FOR) {
            return None;
        }
        let found = FOUND.get_or_init(|| Cgroup::of_this_process().ok()).clone();
        let pressure = found.and_then(|cgroup| Pressure::of(job, cgroup));
        *unlimited_at = pressure.is_none().then(Instant::now);
        pressure
    }

    fn of(job: &str, cgroup: Cgroup) -> Option<Self> {
        let has_bound = cgroup.limit().is_some() || cgroup.slowed().is_some();
        has_bound.then(|| Pressure {
            job: job.to_owned(),
            cgroup,
            is_near: AtomicBool::new(false),
            is_tight: AtomicBool::new(false),
            pause: AtomicU64::new(0),
            seen: Mutex::default(),
        })
    }

    /// Returns whether so little memory is left that each item may be the last.
    pub(crate) fn is_near(&self) -> bool {
        self.is_near.load(Ordering::Relaxed)
    }

    /// Returns whether nine tenths of the limit are in use.
    pub(crate) fn is_tight(&self) -> bool {
        self.is_tight.load(Ordering::Relaxed)
    }

    /// Returns how long it is until the next look at the group.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_nanos(self.pause.load(Ordering::Relaxed))
    }

    fn take_in(&self, room: Room, seen: &mut Seen) -> Duration {
        let left = room.left();
        self.is_near.store(left < NEAR, Ordering::Relaxed);
        self.is_tight.store(left == 0, Ordering::Relaxed);
        if left == 0 && !std::mem::replace(&mut seen.has_told_tight, true) {
            let (used, limit) = (readable(room.used), readable(room.limit));
            tracing::warn!(target: "safe_state", job = %self.job, used = room.used, limit = room.limit, "the control group's memory is nearly all in use");
            tell(
                &self.job,
                &format!(
                    "{used} of memory are in use in the control group, which may have {limit}: from now on what is \
                     complete is saved as items end, as the kernel may end the process"
                ),
            );
        }
        if left == 0 { TIGHT_INTERVAL } else { pause(left, INTERVAL) }
    }

    /// Reports that the kernel slows the group down, once it has done so for a while.
    fn look_whether_slowed(&self, slowed: &mut Slowed, now: Instant) {
        if slowed.is_told || slowed.next.is_some_and(|next| now < next) {
            return;
        }
        slowed.next = now.checked_add(SLOWED_INTERVAL);
        let Some((room, times)) = self.cgroup.slowed() else { return };
        let has_grown = slowed.times.replace(times).is_some_and(|before| times > before);
        // A process that only fills its file cache is slowed at the bound too, and loses nothing by it.
        let is_slowed = has_grown && room.left() == 0;
        slowed.looks = if is_slowed { slowed.looks + 1 } else { 0 };
        if slowed.looks < SLOWED_LOOKS {
            return;
        }
        slowed.is_told = true;
        let (used, limit) = (readable(room.used), readable(room.limit));
        tracing::warn!(target: "safe_state", job = %self.job, used = room.used, limit = room.limit, times, "the kernel slows the process down");
        tell(
            &self.job,
            &format!(
                "the kernel slows the process down: {used} of memory are in use in the control group, and above {limit}, \
                 its `memory.high` (`MemoryHigh=` of systemd), nothing fails, and all takes longer; \
                 so far it was held up {times} times"
            ),
        );
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Pressure {
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut seen = self.seen();
        if seen.has_ended {
            return None;
        }
        let next = self.cgroup.room().map_or(INTERVAL, |room| self.take_in(room, &mut seen));
        self.look_whether_slowed(&mut seen.slowed, now);
        self.pause.store(u64::try_from(next.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Some(now + next)
    }

    fn end(&self) {
        self.seen().has_ended = true;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn pressure(dir: &Path, files: &[(&str, u64)]) -> Option<Pressure> {
        for (name, bytes) in files {
            fs::write(dir.join(name), bytes.to_string()).unwrap();
        }
        Pressure::of("job", Cgroup::version_2(dir))
    }

    #[test]
    fn memory_is_tight_from_nine_tenths_of_the_bound_on() {
        let dir = tempfile::tempdir().unwrap();
        let files = [("memory.max", 1000 * MIB), ("memory.current", 100 * MIB)];
        let pressure = pressure(dir.path(), &files).unwrap();
        let began = Instant::now();
        for (used, is_near, is_tight, pause) in [
            (100, false, false, 100),
            (830, false, false, 35),
            (890, true, false, 5),
            (901, true, true, 10),
            (200, false, false, 100),
        ] {
            fs::write(dir.path().join("memory.current"), (used * MIB).to_string()).unwrap();
            let next = pressure.look(began).unwrap();
            assert_eq!((pressure.is_near(), pressure.is_tight()), (is_near, is_tight), "{used}");
            assert_eq!(next - began, Duration::from_millis(pause), "{used}");
            assert_eq!(pressure.pause(), Duration::from_millis(pause), "{used}");
        }
        pressure.end();
        assert_eq!(pressure.look(began), None);
    }

    #[test]
    fn a_group_without_a_bound_has_no_pressure() {
        let dir = tempfile::tempdir().unwrap();
        assert!(pressure(dir.path(), &[("memory.current", 5)]).is_none());
        fs::write(dir.path().join("memory.max"), "max\n").unwrap();
        assert!(pressure(dir.path(), &[]).is_none());
    }

    #[test]
    fn a_process_that_is_slowed_is_told_after_three_looks_in_a_row() {
        let dir = tempfile::tempdir().unwrap();
        let events = |times: u64| {
            fs::write(dir.path().join("memory.events"), format!("low 0\nhigh {times}\n")).unwrap();
        };
        events(0);
        let files = [("memory.high", 100 * MIB), ("memory.current", 99 * MIB)];
        let pressure = pressure(dir.path(), &files).unwrap();
        let mut now = Instant::now();
        let mut told_after = |times: &[u64]| {
            for &times in times {
                events(times);
                now += SLOWED_INTERVAL;
                pressure.look(now);
            }
            pressure.seen().slowed.is_told
        };
        assert!(!told_after(&[5, 9, 20, 20, 21, 22]), "it stopped in between");
        fs::write(dir.path().join("memory.stat"), format!("inactive_file {}\n", 50 * MIB)).unwrap();
        assert!(!told_after(&[30, 40, 50, 60]), "it fills its file cache");
        fs::write(dir.path().join("memory.stat"), "inactive_file 0\n").unwrap();
        assert!(!told_after(&[70, 80]) && told_after(&[90]));
    }
}
