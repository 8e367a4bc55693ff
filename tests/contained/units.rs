//! Tests that systemd accepts the units of the guide.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::blocks;

/// Returns the units of the page, by the names of their files, with `/bin/true` in place of their programs.
fn units() -> Vec<(String, String)> {
    blocks("systemd.md", "ini")
        .into_iter()
        .map(|block| {
            let (path, unit) = block.split_once('\n').unwrap();
            let name = path.strip_prefix("# /etc/systemd/system/").unwrap().to_owned();
            let there: Vec<String> = unit
                .lines()
                .map(|line| match line.strip_prefix("ExecStart=/usr/local/bin/") {
                    Some(_) => "ExecStart=/bin/true".to_owned(),
                    None => line.to_owned(),
                })
                .collect();
            (name, there.join("\n") + "\n")
        })
        .collect()
}

/// Returns what systemd objects to in the units; nothing if it accepts them.
fn objections(dir: &Path, units: &[(String, String)]) -> String {
    let paths: Vec<_> = units.iter().map(|(name, _)| dir.join(name)).collect();
    for ((_, unit), path) in units.iter().zip(&paths) {
        fs::write(path, unit).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no", "--recursive-errors=no"]).args(paths);
    let verified = verify.output().expect("there is `systemd-analyze`, of systemd");
    let said = String::from_utf8(verified.stderr).unwrap();
    assert_eq!(verified.status.success(), said.is_empty(), "{said}");
    said
}

/// Returns whether the unit would stay dead after its watchdog or its time limit has ended it.
fn stays_dead(unit: &str) -> bool {
    let has = |key: &str| unit.lines().any(|line| line.starts_with(key));
    let is_ended = has("WatchdogSec=") || has("RuntimeMaxSec=");
    let restarts = ["on-failure", "on-abnormal", "always"].map(|it| format!("Restart={it}"));
    is_ended && !unit.lines().any(|line| restarts.iter().any(|restart| restart == line))
}

#[test]
fn a_unit_that_is_ended_is_started_again() {
    let units = units();
    let watched = units.iter().filter(|(_, unit)| unit.contains("WatchdogSec="));
    assert_eq!(watched.clone().count(), 2);
    for (name, unit) in watched {
        assert!(!stays_dead(unit), "{name}");
        assert!(stays_dead(&unit.replace("Restart=", "#")), "{name}");
    }
}

#[test]
fn systemd_takes_the_units_of_the_guide() {
    let (dir, units) = (tempfile::tempdir().unwrap(), units());
    assert_eq!(units.len(), 3);
    assert_eq!(objections(dir.path(), &units), "");
    for (wrong, right) in
        [("WatchdogSecs=", "WatchdogSec="), ("OOMPolicy=go on", "OOMPolicy=continue")]
    {
        let broken: Vec<_> = units
            .iter()
            .filter(|(_, unit)| unit.contains(right))
            .map(|(name, unit)| (name.clone(), unit.replace(right, wrong)))
            .collect();
        assert_ne!(objections(dir.path(), &broken), "", "{wrong}");
    }
}
