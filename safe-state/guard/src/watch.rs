//! The guard's side: starts the job, waits for its end, and finds the cause.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal};

use super::cause::{Cause, Usage};
use super::layout::{Layout, word};
use super::memory::Memory;
use super::reader::Snapshot;
use super::role;
use super::shared;
use super::signals::{PassedOn, Recipient};
use super::sys::{self, Pages};
use crate::GuardError;

/// A job that runs in its own process. Dropping this before the job's end kills the job.
#[derive(Debug)]
pub(super) struct Watched {
    name: String,
    memory: Arc<Pages>,
    layout: Layout,
    pid: u32,
    process: OwnedFd,
    start: Start,
    signals: Option<PassedOn>,
    recipient: Option<Recipient>,
}

/// The state of the system when the process was started.
#[derive(Debug)]
struct Start {
    at: Instant,
    /// The number of processes that the kernel had killed for want of memory, if it counts them.
    kills: Option<u64>,
}

impl Watched {
    /// Starts this program again, for the guard `name`. The new process dies with the thread that calls this.
    ///
    /// `prepare` may write into the memory before the start.
    pub(super) fn start(
        name: &str,
        layout: Layout,
        arguments: &[OsString],
        prepare: impl FnOnce(&Pages),
    ) -> Result<Watched, GuardError> {
        let file = shared::file(layout)?;
        let memory = shared::map(&file, layout)?;
        shared::address(&memory, name, layout).map_err(GuardError::system("map shared memory"))?;
        prepare(&memory);
        let signals = PassedOn::begin().map_err(GuardError::system("handle signals"))?;
        let start = Start { at: Instant::now(), kills: kills_for_memory() };
        let not_started = GuardError::system("start the program again");
        let pid = start_again(file, Arc::clone(&memory), arguments).map_err(not_started)?;
        let recipient = Recipient::new(pid);
        let process =
            open_process(pid).map_err(GuardError::system("watch the process of the job"))?;
        Ok(Watched {
            name: name.to_owned(),
            memory,
            layout,
            pid,
            process,
            start,
            signals: Some(signals),
            recipient: Some(recipient),
        })
    }

    #[cfg(feature = "minidump")]
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    #[cfg(any(feature = "autosave", feature = "minidump"))]
    pub(super) fn memory(&self) -> Arc<Pages> {
        Arc::clone(&self.memory)
    }

    /// Waits for the end of the job, and returns the cause. From then on signals have their former effect again.
    pub(super) fn wait(&mut self) -> Result<Cause, GuardError> {
        let wait = || GuardError::system("wait for the process of the job");
        wait_for(&self.process).map_err(wait())?;
        // Dropped before the process is reaped, as its number may be another process's afterwards.
        drop(self.recipient.take());
        let (status, usage) = sys::reap(self.pid).map_err(wait())?;
        drop(self.signals.take());
        role::has_run(&self.name, status);
        let usage = Usage::of(&usage, self.start.at.elapsed());
        // The counter is read only after a SIGKILL, as the rescue waits meanwhile.
        let is_killed = status.signal() == Some(libc::SIGKILL);
        let is_out_of_memory = is_killed && kills_for_memory() > self.start.kills;
        Ok(Cause::find(&self.memory, status, usage, is_out_of_memory))
    }

    /// Returns the data as the job has left it.
    pub(super) fn data(&self) -> Snapshot {
        Snapshot::take(&*self.memory, self.layout)
    }
}

impl Drop for Watched {
    /// Kills the job if it has not been waited for: after a failure it must not go on without its guard.
    fn drop(&mut self) {
        if self.recipient.take().is_some() {
            sys::send(self.pid.cast_signed(), libc::SIGKILL);
            let _ = sys::reap(self.pid);
        }
    }
}

/// Starts this program again. The new process inherits the output, the environment and the directory of this one.
fn start_again(file: File, memory: Arc<Pages>, arguments: &[OsString]) -> io::Result<u32> {
    let guard = rustix::process::getpid();
    // The file at the program's path may be another program by now.
    let mut command = Command::new("/proc/self/exe");
    command.args(arguments);
    if let Some(program) = env::args_os().next() {
        command.arg0(program);
    }
    sys::spawn(&mut command, move || {
        sys::pass_on(file.as_fd())?;
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // Otherwise the guard has died before the signal was set.
        if rustix::process::getppid() != Some(guard) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        memory.store(
            word::JOB,
            rustix::process::getpid().as_raw_pid().cast_unsigned().into(),
            SeqCst,
        );
        Ok(())
    })
}

fn open_process(pid: u32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid.cast_signed()).ok_or(rustix::io::Errno::SRCH)?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Waits for a process to end, without reaping it. A process that is traced may stop meanwhile, which `wait` would
/// report as well.
fn wait_for(process: &OwnedFd) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::new(process, PollFlags::IN)], None) {
            Err(rustix::io::Errno::INTR) => {}
            ended => return Ok(ended.map(drop)?),
        }
    }
}

/// Returns how many processes of this machine the kernel has killed for want of memory, also in containers.
fn kills_for_memory() -> Option<u64> {
    let counters = fs::read_to_string("/proc/vmstat").ok()?;
    counters.lines().find_map(|line| line.strip_prefix("oom_kill "))?.parse().ok()
}
