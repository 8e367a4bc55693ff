//! Tests the state of a job, as programs ask for it.

use std::thread;

use safe_state::{Error, State};

use crate::places::{done, on_each};

#[test]
fn each_state_is_told() {
    on_each(|place| {
        let state = |name| place.job(name).status().unwrap().state;
        assert_eq!(state("mail"), State::Waiting);
        let job = place.fail("mail", 3);
        let status = job.status().unwrap();
        assert_eq!(
            (status.state, status.progress.total, status.runs.runs),
            (State::Failed, Some(8), 1)
        );
        let details = status.details.unwrap();
        assert!(details.failure.unwrap().contains("item 3: no"));
        assert_eq!(details.completed_items, "0-2");
        job.run(3..8, |_| {
            let status = job.status()?;
            assert_eq!(status.state, State::Running);
            assert_eq!(status.holder.unwrap().pid, std::process::id());
            job.pause()?;
            assert_eq!(job.status()?.state, State::Paused);
            job.resume()?;
            Err::<(), _>(std::io::Error::other("again"))
        })
        .unwrap_err();
        // How a run has ended is not hidden by what is asked of the next.
        job.pause().unwrap();
        let status = job.status().unwrap();
        assert_eq!((status.state, status.asked.asked), (State::Failed, Some("pause")));
        job.abandon("").unwrap();
        assert_eq!(state("mail"), State::Abandoned);
        let kept = place.job("bill").keep_on_success(true);
        done(&kept);
        assert_eq!(state("bill"), State::Finished);
        // Whatever it has come to, no run of it begins.
        kept.abandon("").unwrap();
        assert_eq!(state("bill"), State::Abandoned);
        kept.resume().unwrap();
        let running = kept.clone();
        thread::spawn(move || {
            running.run(0..20, |_| -> Result<(), Error> {
                running.cancel()?;
                thread::sleep(std::time::Duration::from_millis(60));
                Ok(())
            })
        })
        .join()
        .unwrap()
        .unwrap_err();
        assert_eq!(state("bill"), State::Stopped);
        let listed: Vec<_> = job.list().unwrap().into_iter().map(|it| (it.job, it.state)).collect();
        let listed: Vec<_> = listed.iter().map(|(job, state)| (job.as_str(), *state)).collect();
        assert_eq!(listed, [("bill", State::Stopped), ("mail", State::Abandoned)]);
        // A job that has not begun is listed as long as something is asked of it.
        let later = place.job("later");
        later.pause_because("no paper").unwrap();
        let listed = job.list().unwrap();
        let all: Vec<_> = listed.iter().map(|it| (it.job.as_str(), it.state)).collect();
        assert_eq!(all[1..], [("later", State::Paused), ("mail", State::Abandoned)]);
        assert_eq!(listed[1].asked.reason.as_deref(), Some("no paper"), "{}", place.name);
        later.resume().unwrap();
        assert_eq!(job.list().unwrap().len(), 2);
    });
}

#[test]
fn the_json_says_its_version_and_is_flat() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        let json = serde_json::to_value(job.status().unwrap()).unwrap();
        assert_eq!(json["safe_state_status"], 1);
        assert_eq!((&json["state"], &json["completed"]), (&"failed".into(), &3.into()));
        assert!(json["loops"].is_array() && json["reason"].is_null() && json["version"].is_null());
        let nested = json.as_object().unwrap().iter().filter(|(_, value)| value.is_object());
        assert_eq!(nested.map(|(name, _)| name).collect::<Vec<_>>(), ["timings"], "{json:#}");
    });
}
