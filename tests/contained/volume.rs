//! Tests containers that share a volume. Each has process numbers of its own, and a container that is a virtual machine
//! has a boot of its own. A namespace stands for a container here, which takes root.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use safe_state::Job;
use safe_state_tests::Effects;

use crate::contained;

/// Returns the command as process 1 of a container, after the shell commands `prepared`.
fn in_container(prepared: &str, command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]);
    unshare.arg(format!("set -e; {prepared}\nexec \"$@\"")).arg("sh");
    unshare.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            unshare.env(name, value);
        }
    }
    unshare
}

/// Returns the shell command that makes a container believe that it was booted another time.
fn of_another_boot(dir: &Path, number: u32) -> String {
    let boot = dir.join(format!("boot-{number}"));
    fs::write(&boot, format!("00000000-0000-4000-8000-{number:012}\n")).unwrap();
    format!("mount --bind '{}' /proc/sys/kernel/random/boot_id", boot.display())
}

fn asks(prepared: &str, dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(arguments).args(["--dir", dir.to_str().unwrap()]);
    let Output { stdout, stderr, .. } = in_container(prepared, &command).output().unwrap();
    String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap()
}

fn begins(prepared: &str, dir: &Path) -> Child {
    let before = done(dir).len();
    let mut command = in_container(prepared, &contained("graceful", dir));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while done(dir).len() < before + 20 {
        thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Returns the command under `safe-state run`.
fn supervised(command: &Command) -> Command {
    let mut supervised = Command::new(env!("CARGO_BIN_EXE_command"));
    supervised.args(["run", "--"]).arg(command.get_program()).args(command.get_args());
    supervised
}

/// Returns the process id of the container's process 1.
fn process_1(container: &Child) -> Pid {
    let children = format!("/proc/{0}/task/{0}/children", container.id());
    Pid::from_raw(fs::read_to_string(children).unwrap().trim().parse().unwrap()).unwrap()
}

/// Kills the processes of the container, and waits until they are gone.
fn kill(container: &mut Child) {
    kill_process(process_1(container), Signal::KILL).unwrap();
    container.wait().unwrap();
}

fn done(dir: &Path) -> Vec<u64> {
    Effects::open(dir.join("effects")).unwrap().all()
}

fn takes_over(first: &str, second: &str, dir: &Path) {
    let mut runs = begins(first, dir);
    let refused = in_container(second, &contained("graceful", dir)).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("is already running"),
        "{first}, {second}: {said}"
    );
    assert!(asks(second, dir, &["list"]).contains("running"), "{first}, {second}");
    kill(&mut runs);
    for arguments in [&["list"][..], &["peek", "served"]] {
        let said = asks(second, dir, arguments);
        assert!(said.contains("served") && !said.contains("running"), "{first}, {second}: {said}");
    }
    let complete = Job::new("served").state_dir(dir).peek_checkpoint().unwrap().unwrap();
    let complete = complete.completed().len();
    let before = done(dir).len();
    let mut takes_over = begins(second, dir);
    kill(&mut takes_over);
    assert_eq!(done(dir).get(before), Some(&complete), "{first}, {second}");
}

#[test]
fn a_container_takes_over_the_job_of_a_killed_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (of_another_boot(dir.path(), 1), of_another_boot(dir.path(), 2));
    for (first, second) in [("", ""), (&*one, &*one), (&*one, &*other), ("", &*other)] {
        let volume = tempfile::tempdir().unwrap();
        takes_over(first, second, volume.path());
    }
}

/// A container of `docker run --read-only --volume` can write nothing but the volume.
#[test]
fn a_root_that_is_read_only_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    let volume = dir.path().display();
    let prepared = format!(
        "mount --bind '{volume}' '{volume}'; mount -o remount,bind,ro /; ! touch /safe-state-test 2>/dev/null"
    );
    for kind in ["graceful", "grows-paged"] {
        let mut command = in_container(&prepared, &contained(kind, dir.path()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while done(dir.path()).len() < 20 {
            assert!(child.try_wait().unwrap().is_none(), "{kind}: {:?}", child.wait_with_output());
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert_eq!(said, "", "{kind}");
        fs::remove_file(dir.path().join("effects")).unwrap();
    }
}

/// `docker stop` sends SIGTERM, waits some time, and sends SIGKILL, to process 1 alone.
#[test]
fn a_stopped_container_has_saved_all_or_stands_at_its_last_save() {
    for (kind, is_graceful) in [("graceful", true), ("hangs", false), ("supervised", true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut program = contained(if is_graceful { "graceful" } else { kind }, dir.path());
        if kind == "supervised" {
            program = supervised(&program);
        }
        let mut command = in_container("", &program);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while done(dir.path()).len() < 30 {
            thread::sleep(Duration::from_millis(5));
        }
        kill_process(process_1(&child), Signal::TERM).unwrap();
        let ended = (0..20).find_map(|_| {
            thread::sleep(Duration::from_millis(50));
            child.try_wait().unwrap()
        });
        assert_eq!(ended.is_some(), is_graceful, "{kind}");
        if ended.is_none() {
            kill(&mut child);
        }
        let (done, stored) =
            (done(dir.path()).len() as u64, Job::new("served").state_dir(dir.path()));
        let saved = stored.peek_checkpoint().unwrap().unwrap().completed().len();
        // The job `hangs` saves at every seventh item.
        let lost = if is_graceful { 0 } else { 7 };
        assert!((done - lost..=done).contains(&saved), "{kind}: {saved} of {done}");
    }
}
