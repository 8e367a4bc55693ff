use super::*;

#[test]
fn each_cause_is_in_the_chain_once() {
    let job = || "job".to_owned();
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let stored = || BackendError::Backend { action: "saving", job: job(), source: full().into() };
    let flush = ReconnectError::because("cannot flush a file", full());
    let name = || "out".to_owned();
    let errors = [
        Error::Backend(stored()),
        Error::NoBackend(Arc::new(stored())),
        Error::Reconnect { job: job(), name: name(), source: flush },
        Error::Thread(full()),
    ];
    for error in errors {
        let chain: Vec<String> = std::iter::once(error.to_string())
            .chain(causes(&error).map(ToString::to_string))
            .collect();
        assert!(chain.len() > 1, "{chain:?} names no cause");
        for (at, cause) in chain.iter().enumerate() {
            assert!(!chain[..at].iter().any(|told| told.contains(cause)), "{chain:?}");
        }
        assert_eq!(one_line(&error), chain.join(": "));
    }
}

#[test]
fn who_may_start_over_is_told_how() {
    let job = || "tenant \"7\"".to_owned();
    let sum = || "sum".to_owned();
    let changed =
        CarriedError::TypeChanged { name: sum(), stored: "u8".to_owned(), current: "u16" };
    let errors = [
        Error::VersionChanged { job: job(), stored: None, current: None },
        Error::NotMigrated { job: job(), from: None, carried: Box::new(changed.clone()) },
        Error::InputShrank { job: job(), completed: 2, found: Some(1) },
        Error::InputChanged { job: job(), index: 1 },
        Error::ItemIdentityChanged { job: job(), before: "a key" },
        Error::InnerLoopInterrupted { job: job() },
        Error::CodeChanged { job: job() },
        Error::OtherFunction { job: job(), function: sum() },
        Error::MadeAnew { job: job(), name: sum(), path: "out".into() },
        Error::TooManyRuns { job: job(), runs: 3 },
        Error::SliceLost { job: job(), slice: 3 },
        Error::WorkerDiffers { job: job(), found: sum(), stored: sum() },
        Error::Carried { job: job(), carried: changed },
        Error::NotCarried { job: job(), name: sum(), completed: 2 },
        Error::NotKept { job: job(), name: sum(), place: "at its declaration".to_owned() },
    ];
    let how = ", or start over by `safe-state clear JOB` or `Job::new(\"tenant \\\"7\\\"\").clear_checkpoint()`";
    for error in errors {
        assert!(error.to_string().ends_with(how), "{error}");
    }
    let new = CarriedError::TooMany { name: sum() };
    assert!(!Error::Carried { job: job(), carried: new }.to_string().contains("start over"));
}

#[test]
fn a_command_names_the_job_as_a_shell_takes_it() {
    let changed = |job: &str| Error::CodeChanged { job: job.to_owned() }.to_string();
    let plain = changed("import-./orders.csv");
    assert!(plain.contains("`safe-state accept import-./orders.csv`"), "{plain}");
    assert!(plain.contains("`safe-state clear import-./orders.csv`"), "{plain}");
    for job in ["a b", "-x", "a;b", "m\u{fc}ller", "$HOME"] {
        assert!(changed(job).contains("`safe-state clear JOB`"), "{}", changed(job));
    }
}
