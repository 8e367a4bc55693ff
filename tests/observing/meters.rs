//! Tests what is counted and measured, as a recorder gets it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use safe_state::{Action, Error, Job, MemoryBackend, resumable};

#[derive(Default)]
struct Recorded {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

fn name(key: &Key) -> String {
    let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
    key.name().to_owned() + &labels.collect::<String>()
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.counters.lock().unwrap();
        Counter::from_arc(Arc::clone(counters.entry(name(key)).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut histograms = self.histograms.lock().unwrap();
        Histogram::from_arc(Arc::clone(histograms.entry(name(key)).or_default()))
    }
}

#[resumable(name = "mail", backend = Arc::clone(backend), max_attempts = 2, backoff = safe_state::Backoff::none(), on_error = decide, fresh(fails_at))]
fn send(backend: &Arc<MemoryBackend>, fails_at: u64) -> anyhow::Result<()> {
    for item in 0..6_u64 {
        anyhow::ensure!(item != 2 && item != fails_at, "no");
    }
    Ok(())
}

fn decide(error: &safe_state::ErrorContext) -> Action {
    if error.index() == 2 && error.is_last() { Action::DeadLetter } else { Action::Retry }
}

#[test]
fn runs_items_and_saves_are_counted_under_their_names() {
    let recorded = Recorded::default();
    let backend = Arc::new(MemoryBackend::default());
    metrics::with_local_recorder(&recorded, || {
        send(&backend, 4).unwrap_err();
        send(&backend, 9).unwrap();
        let job = Job::new("brief").backend(Arc::clone(&backend));
        let stopped = job.max_runtime(std::time::Duration::ZERO).run(0..2, |_| Ok::<_, Error>(()));
        stopped.unwrap_err();
    });
    let counters = recorded.counters.lock().unwrap();
    let counted = |name: &str| counters.get(name).map(|count| count.load(Ordering::Relaxed));
    for (name, count) in [
        ("safe_state_items_total job=mail outcome=completed", 6),
        ("safe_state_items_total job=mail outcome=given_up", 1),
        ("safe_state_items_total job=mail outcome=skipped", 0),
        ("safe_state_runs_total job=mail end=failed", 1),
        ("safe_state_runs_total job=mail end=finished", 1),
        ("safe_state_runs_total job=brief end=stopped", 1),
    ] {
        assert_eq!(counted(name), Some(count), "{name}: {counters:?}");
    }
    assert_eq!(counted("safe_state_items_total job=mail outcome=retried"), Some(2));
    let histograms = recorded.histograms.lock().unwrap();
    for name in ["safe_state_item_seconds job=mail", "safe_state_save_seconds job=mail"] {
        let values = histograms[name].0.lock().unwrap();
        assert!(
            values.len() >= 4 && values.iter().all(|value| *value >= 0.0),
            "{name}: {values:?}"
        );
    }
}
