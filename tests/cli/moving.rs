//! Tests `export`, `import` and `doctor`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use safe_state::{Error, Job, resumable};

use crate::command::{Jobs, command, tell};

#[test]
fn a_job_goes_on_in_another_backend() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let file = jobs.dir().join("mail.out");
    let file = file.to_str().unwrap();
    let told = jobs.tell(&["export", "mail", file]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let told = jobs.tell(&["export", "mail", file]);
    assert!(told.code == 1 && told.err.contains("add --overwrite"), "{told:?}");
    assert_eq!(jobs.tell(&["export", "mail", file, "--overwrite"]).code, 0);

    let url = format!("sqlite:{}", jobs.dir().join("jobs.db").display());
    let import = |more: &[&str]| {
        tell(command().args(["--backend", &url, "import", "mail", file]).args(more))
    };
    let told = import(&[]);
    assert!(told.code == 0 && told.out.contains("6 items complete"), "{told:?}");
    let told = import(&[]);
    assert!(told.code == 1 && told.err.contains("add --overwrite"), "{told:?}");
    assert_eq!(import(&["--overwrite"]).code, 0);
    let mut ran = Vec::new();
    let job = Job::new("mail").backend(url.as_str());
    job.run(0..8, |item| {
        ran.push(item);
        let told = import(&["--overwrite"]);
        assert_eq!(told.code, 4, "{told:?}");
        Ok::<_, Error>(())
    })
    .unwrap();
    assert_eq!(ran, [6, 7]);
}

#[test]
fn a_pipe_carries_a_checkpoint() {
    let (from, to) = (Jobs::new(), Jobs::new());
    from.fail("mail", 6, "no");
    let mut export = command();
    export.arg("--dir").arg(from.dir()).args(["export", "mail", "-"]);
    let mut exporting = export.stdout(Stdio::piped()).spawn().unwrap();
    let pipe = exporting.stdout.take().unwrap();
    let told = tell(command().arg("--dir").arg(to.dir()).args(["import", "mail", "-"]).stdin(pipe));
    assert_eq!((told.code, exporting.wait().unwrap().code()), (0, Some(0)), "{told:?}");
    let checkpoint = |jobs: &Jobs| jobs.job("mail").peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint(&from), checkpoint(&to));
}

#[test]
fn a_running_job_is_exported_only_if_that_is_asked_for() {
    let jobs = Jobs::new();
    let file = jobs.dir().join("mail.out");
    let run = jobs.job("mail").run(0..3, |item| {
        if item == 2 {
            let refused = jobs.tell(&["export", "mail", file.to_str().unwrap()]);
            assert_eq!(refused.code, 4);
            assert!(refused.err.contains("or add --running"), "{}", refused.err);
            assert_eq!(jobs.tell(&["export", "mail", file.to_str().unwrap(), "--running"]).code, 0);
        }
        Ok::<_, Error>(())
    });
    run.unwrap();
    let told = jobs.tell(&["import", "mail", file.to_str().unwrap()]);
    assert!(told.out.contains("2 items complete"), "{told:?}");
}

#[resumable(name = "shared", shared, slices = 2, state_dir = jobs.dir(), fresh(fails))]
fn shared(jobs: &Jobs, fails: bool) -> anyhow::Result<()> {
    for item in 0..8 {
        anyhow::ensure!(!fails || item % 4 != 3, "no");
    }
    Ok(())
}

#[test]
fn a_job_that_many_workers_share_stays_where_its_slices_are() {
    let jobs = Jobs::new();
    shared(&jobs, true).unwrap_err();
    let path = jobs.job("shared").checkpoint_path().unwrap();
    let (path, out) = (path.to_str().unwrap(), jobs.dir().join("out"));
    let out = out.to_str().unwrap();
    for arguments in [
        &["export", "shared", out][..],
        &["export", "shared", out, "--running"],
        &["rename", "shared", "other"],
        &["import", "shared", path, "--as", "other"],
    ] {
        let told = jobs.tell(arguments);
        let says = told.err.contains("many workers share it");
        assert!(told.code == 1 && says && told.out.is_empty(), "{arguments:?}: {told:?}");
    }
    let told = Jobs::new().tell(&["import", "shared", path, "--overwrite"]);
    assert!(told.code == 1 && told.err.contains("many workers share it"), "{told:?}");
    assert!(!fs::exists(out).unwrap());
    // What the doctor has repaired goes back to its slices.
    let told = jobs.tell(&["import", "shared", path, "--overwrite"]);
    assert_eq!(told.code, 0, "{told:?}");
    shared(&jobs, false).unwrap();
}

#[test]
fn what_is_no_checkpoint_of_the_job_is_not_imported() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let path = jobs.job("mail").checkpoint_path().unwrap();
    let path = path.to_str().unwrap();
    let told = jobs.tell(&["import", "bill", path]);
    assert!(told.code == 6 && told.err.contains("of job `mail`"), "{told:?}");
    let text = jobs.dir().join("text");
    fs::write(&text, "hello").unwrap();
    assert_eq!(jobs.tell(&["import", "mail", text.to_str().unwrap()]).code, 6);
    assert_eq!(jobs.tell(&["import", "mail", "/nowhere"]).code, 1);
}

#[test]
fn the_doctor_saves_what_stands_before_the_damage() {
    let jobs = Jobs::new();
    let path = jobs.job("mail").checkpoint_path().unwrap();
    let mut in_the_middle = Vec::new();
    let run = jobs.job("mail").run(0..8, |item| {
        if item == 6 {
            in_the_middle = fs::read(&path).unwrap();
        }
        Ok::<_, Error>(())
    });
    run.unwrap();
    fs::write(&path, in_the_middle).unwrap();
    let (file, new) = (path.to_str().unwrap(), jobs.dir().join("new"));
    let sound = jobs.json(&["doctor", file]);
    assert_eq!((&sound["sound"], &sound["saved"]["completed"]), (&true.into(), &6.into()));
    let records = sound["records"].as_array().unwrap();
    assert_eq!(records[0]["kind"], "snapshot");
    let third = usize::try_from(records[3]["offset"].as_u64().unwrap()).unwrap();

    let mut bytes = fs::read(&path).unwrap();
    bytes[third + 5] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let told = jobs.tell(&["doctor", file]);
    assert_eq!(told.code, 5);
    assert!(
        told.out.contains(&format!("damaged at byte {third}: a record's checksum")),
        "{told:?}"
    );
    assert!(told.out.contains("job `mail`, 2 of 8 items complete"), "{told:?}");
    assert!(told.err.contains("--repair NEW"), "{told:?}");

    let repaired = jobs.tell(&["doctor", file, "--repair", new.to_str().unwrap()]);
    assert_eq!(repaired.code, 0, "{repaired:?}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "the original is as it was");
    assert_eq!(jobs.tell(&["doctor", file, "--repair", new.to_str().unwrap()]).code, 1);
    assert_eq!(jobs.tell(&["import", "mail", new.to_str().unwrap(), "--overwrite"]).code, 0);
    let mut ran = Vec::new();
    let run = jobs.job("mail").run(0..8, |item| {
        ran.push(item);
        Ok::<_, Error>(())
    });
    run.unwrap();
    assert_eq!(ran, [2, 3, 4, 5, 6, 7]);
}

#[test]
fn the_doctor_knows_his_patients() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let path = jobs.job("mail").checkpoint_path().unwrap();
    let file = path.to_str().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[30] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let told = jobs.tell(&["doctor", file]);
    assert!(told.code == 5 && told.err.contains("nothing of it can be saved"), "{told:?}");
    let told = jobs.tell(&["doctor", file, "--repair", "/tmp/never"]);
    assert!(told.code == 5 && told.err.contains("its snapshot is gone"), "{told:?}");
    fs::write(&path, "GIF89a").unwrap();
    let told = jobs.tell(&["doctor", file]);
    assert!(told.code == 6 && told.err.contains("this is not a file of safe-state"), "{told:?}");
}

#[test]
fn no_job_gets_a_name_that_no_job_can_have() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let file = jobs.dir().join("exported");
    let file = file.to_str().unwrap();
    assert_eq!(jobs.tell(&["export", "mail", file]).code, 0);
    for name in ["safe-state/mail", ""] {
        for command in [
            &["rename", "mail", name][..],
            &["import", "mail", file, "--as", name],
            &["skip", name, "7"],
            &["done", name, "--until", "7"],
            &["pause", name],
        ] {
            let told = jobs.tell(command);
            assert!(told.code == 1 && told.err.contains("name"), "{command:?}: {told:?}");
        }
        assert!(jobs.job("mail").rename(name).is_err());
    }
    assert_eq!(jobs.json(&["list"])["jobs"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_none_of_our_files_is_not_sent_to_the_doctor() {
    let jobs = Jobs::new();
    let file = jobs.dir().join("rows.csv");
    fs::write(&file, "id,email").unwrap();
    let told = jobs.tell(&["import", "mail", file.to_str().unwrap()]);
    assert!(told.code == 6 && !told.err.contains("doctor"), "{told:?}");
}
