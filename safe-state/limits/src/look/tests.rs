use safe_state_backends::Error as BackendError;

use super::*;
use crate::ProcessLimits;

/// A run that has nothing to save.
#[derive(Debug)]
struct Nothing;

impl Parked for Nothing {
    fn save(&mut self, _: Blame) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn settle(&mut self, _: u64) {}

    fn item_in_flight(&self) -> Option<u64> {
        None
    }
}

fn begun(limits: JobLimits) -> (RunWatch<Nothing>, Instant) {
    let began = Instant::now();
    let watch = RunWatch::new("job", limits, None, None, began).unwrap();
    watch.begin_item(Box::new(Nothing), began);
    (watch, began)
}

const HOUR: Duration = Duration::from_secs(3600);
const TEN_SECONDS: Option<Duration> = Some(Duration::from_secs(10));

#[test]
fn an_item_s_time_begins_anew_with_its_progress() {
    let (watch, began) = begun(JobLimits {
        item_timeout: TEN_SECONDS,
        process: ProcessLimits { grace_period: HOUR, ..ProcessLimits::default() },
    });
    let look = |seconds| {
        watch.look(began + Duration::from_secs(seconds));
        watch.token.check().is_ok()
    };
    assert!(look(9));
    watch.token.progress();
    assert!(look(10) && look(19));
    assert!(!look(20));
    watch.token.progress();
    assert!(look(21) && look(30) && !look(31));
    watch.end_item();
    assert!(look(50));
}

#[test]
fn a_run_s_time_is_not_given_back() {
    let (watch, began) = begun(JobLimits {
        item_timeout: None,
        process: ProcessLimits {
            timeout: TEN_SECONDS,
            grace_period: HOUR,
            ..ProcessLimits::default()
        },
    });
    watch.look(began + Duration::from_secs(9));
    watch.token.check().unwrap();
    for second in 10..13 {
        watch.look(began + Duration::from_secs(second));
        watch.token.check().unwrap_err();
        watch.token.progress();
        watch.token.check().unwrap();
    }
}

/// Items that begin and end without a lock, each noticed by the first look at it.
#[test]
fn an_item_s_time_begins_when_it_is_first_seen() {
    let (watch, began) = begun(JobLimits { item_timeout: TEN_SECONDS, ..JobLimits::default() });
    let look = |seconds| watch.look(began + Duration::from_secs(seconds));
    look(9);
    for _ in 0..3 {
        assert!(watch.pulse().end());
        watch.pulse().begin_next();
    }
    look(12);
    watch.token.check().unwrap();
    look(21);
    watch.token.check().unwrap();
    look(22);
    watch.token.check().unwrap_err();
    assert!(!watch.pulse().end(), "it is held");
    watch.unpark();
    watch.end_item();
    watch.token.check().unwrap();
}

#[test]
fn between_two_items_nothing_is_cancelled() {
    let (watch, began) = begun(JobLimits { item_timeout: TEN_SECONDS, ..JobLimits::default() });
    assert!(watch.pulse().end());
    watch.look(began + Duration::from_secs(50));
    watch.token.check().unwrap();
    watch.pulse().begin_next();
    watch.look(began + Duration::from_secs(51));
    watch.look(began + Duration::from_secs(60));
    watch.token.check().unwrap();
    assert!(watch.pulse().end(), "it is not held");
}

#[test]
fn the_watchdog_looks_again_by_the_end_of_an_item_s_time() {
    let (watch, began) = begun(JobLimits { item_timeout: TEN_SECONDS, ..JobLimits::default() });
    let again = watch.look(began + Duration::from_millis(9_500)).unwrap();
    // The next look is due sooner if a batch system ends the program.
    assert!(again <= began + Duration::from_secs(10));
}
