//! Tests the output of each command, for people and for programs.

use std::fs;
use std::time::Duration;

use safe_state::Error;

use crate::command::Jobs;
use crate::transcript::Transcript;

/// The name of the job in each golden file.
const GOLDEN: &str = "müller/import";

fn of_golden(name: &str, commands: &[&str]) {
    let jobs = Jobs::golden(name);
    let both = |it: Transcript, command: &&str| it.both(&jobs, &command.replace("JOB", GOLDEN));
    commands
        .iter()
        .fold(Transcript::default(), both)
        .assert_the_same(&jobs, &format!("golden_{name}"));
}

/// Returns a directory with a job that failed, one that stopped, one that finished, and two files that are no
/// checkpoints.
fn several() -> Jobs {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "connection reset\x1b[31m by\npeer");
    jobs.job("bill").keep_on_success(true).run(0..10, |_| Ok::<_, Error>(())).unwrap();
    jobs.fail("tape", 2, "no");
    let stopped = jobs.job("tape").max_runtime(Duration::ZERO);
    stopped.run(0..8, |_| Ok::<_, Error>(())).unwrap_err();
    jobs.fail("damaged", 6, "no");
    let path = jobs.job("damaged").checkpoint_path().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(path, bytes).unwrap();
    fs::write(jobs.dir().join("foreign.safestate"), "GIF89a").unwrap();
    jobs
}

#[test]
fn commands_show_jobs_in_every_state() {
    let jobs = several();
    Transcript::default()
        .both(&jobs, "list")
        .both(&jobs, "peek mail")
        .both(&jobs, "peek tape")
        .both(&jobs, "explain bill")
        .both(&jobs, "failure bill")
        .both(&jobs, "dead-letters bill")
        .both(&jobs, "peek damaged")
        .both(&jobs, "peek foreign")
        .assert(&jobs, "states");
}

#[test]
fn commands_print_with_styles() {
    let jobs = several();
    let transcript = Transcript::default().styled(&jobs, "list").styled(&jobs, "peek mail");
    transcript.styled(&jobs, "explain mail").assert(&jobs, "styles");
}

#[test]
fn commands_show_a_job_that_runs() {
    let jobs = Jobs::new();
    let run = jobs.job("mail").run(0..3, |item| {
        if item == 2 {
            Transcript::default()
                .both(&jobs, "list")
                .both(&jobs, "peek mail")
                .both(&jobs, "explain mail")
                .both(&jobs, "clear mail")
                .both(&jobs, "export mail DIR/mail.out")
                .assert(&jobs, "running");
        }
        Ok::<_, Error>(())
    });
    run.unwrap();
}

#[test]
fn commands_tell_that_a_job_is_not_there() {
    let jobs = Jobs::new();
    let transcript = Transcript::default().both(&jobs, "list");
    jobs.fail("invoices", 6, "no");
    transcript
        .both(&jobs, "history mail")
        .typed(&jobs, "peek invoice")
        .typed(&jobs, "clear invoice")
        .typed(&jobs, "pause invoice")
        .typed(&jobs, "resume invoice")
        .typed(&jobs, "resume invoice")
        .typed(&jobs, "cancel invoice")
        .assert(&jobs, "no_such_job");
}

#[test]
fn commands_tell_how_a_job_is_steered() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    Transcript::default()
        .both(&jobs, "pause mail")
        .typed(&jobs, "list")
        .typed(&jobs, "explain mail")
        .both(&jobs, "resume mail")
        .both(&jobs, "cancel mail")
        .both(&jobs, "retry mail")
        .typed(&jobs, "replay mail -- /nowhere")
        .typed(&jobs, "clear mail")
        .assert(&jobs, "steered");
}

#[test]
fn commands_show_golden_jobs() {
    of_golden("given-up", &["dead-letters JOB", "dead-letters JOB --last 1", "retry JOB"]);
    of_golden("often-run", &["history JOB", "peek JOB"]);
    of_golden("failed", &["peek JOB", "failure JOB"]);
    of_golden("nested", &["peek JOB", "explain JOB"]);
    of_golden("keyed", &["peek JOB", "explain JOB"]);
    of_golden("carried", &["peek JOB", "explain JOB"]);
    of_golden("retried", &["peek JOB", "explain JOB"]);
}

#[test]
fn commands_tell_how_a_job_moves() {
    let jobs = Jobs::golden("in-order");
    Transcript::default()
        .both(&jobs, "export müller/import DIR/out")
        .typed(&jobs, "export müller/import DIR/out --overwrite --json")
        .typed(&jobs, "export müller/import DIR/out --overwrite")
        .typed(&jobs, "import müller/import DIR/out")
        .typed(&jobs, "import müller/import DIR/out --overwrite")
        .typed(&jobs, "import müller/import DIR/out --overwrite --json")
        .typed(&jobs, "import mail DIR/out")
        .typed(&jobs, "import mail /nowhere")
        .assert_the_same(&jobs, "moved");
}

#[test]
fn the_doctor_tells_what_is_damaged() {
    let jobs = Jobs::golden("torn");
    let path = jobs.job(GOLDEN).checkpoint_path().unwrap();
    let damaged = jobs.dir().join("damaged");
    let mut bytes = fs::read(&path).unwrap();
    bytes[120] ^= 1;
    fs::write(&damaged, &bytes).unwrap();
    bytes[40] ^= 1;
    fs::write(jobs.dir().join("lost"), &bytes).unwrap();
    let transcript =
        Transcript::default().typed(&jobs, "doctor müller/import").typed(&jobs, "doctor müller");
    fs::rename(path, jobs.dir().join("torn")).unwrap();
    transcript
        .both(&jobs, "doctor DIR/torn")
        .typed(&jobs, "doctor DIR/torn --records")
        .both(&jobs, "doctor DIR/damaged")
        .typed(&jobs, "doctor DIR/damaged --repair DIR/new")
        .typed(&jobs, "doctor DIR/damaged --repair DIR/new")
        .both(&jobs, "doctor DIR/lost")
        .typed(&jobs, "doctor DIR/lost --repair DIR/other")
        .assert_the_same(&jobs, "doctor");
}

#[test]
fn commands_answer_their_arguments_without_a_terminal() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    Transcript::default()
        .typed(&jobs, "--version")
        .typed(&jobs, "--help")
        .typed(&jobs, "failure --help")
        .typed(&jobs, "peep")
        .typed(&jobs, "failure")
        .typed(&jobs, "list --backend file:DIR")
        .typed(&jobs, "watch")
        .typed(&jobs, "watch --json --looks 2 --every 1ms")
        .typed(&jobs, "run --restarts 1 --backoff 1ms..2ms -- false")
        .typed(&jobs, "run -- /nowhere")
        .assert(&jobs, "arguments");
}
