//! Runs a program as process 1 of a pid namespace, as containers do. It works on Linux alone, and takes root or user
//! namespaces.

use std::process::Command;

/// Returns the command as process 1. It exits with the program's code, or dies of the signal that the program died of.
///
/// # Panics
///
/// If the system allows no pid namespace, which is the only way to be process 1.
pub fn as_process_1(command: &Command) -> Command {
    const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--kill-child", "--mount-proc"];
    let by_root: &[&str] = &[];
    let ways = [by_root, &["--user", "--map-root-user"]];
    let unshare = |way: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(way).args(NAMESPACE);
        unshare
    };
    let works =
        |way: &[&str]| unshare(way).arg("true").output().is_ok_and(|tried| tried.status.success());
    let way = ways.into_iter().find(|way| works(way));
    let way =
        way.expect("`unshare` of util-linux makes a pid namespace, as root or by user namespaces");
    let mut first = unshare(way);
    first.arg(command.get_program()).args(command.get_args());
    first
}
