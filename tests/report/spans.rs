//! Tests the `tracing` spans around a failure.

use std::io;
use std::path::Path;

use safe_state::report::Report;
use safe_state::resumable;
use tracing_subscriber::layer::SubscriberExt;

#[resumable(name = "spans", state_dir = dir)]
fn send(dir: &Path, orders: &[u64]) -> io::Result<()> {
    for order in orders {
        let _span = tracing::info_span!("sending", order, token = "hunter2").entered();
        Err(io::Error::other("lost"))?;
    }
    Ok(())
}

#[test]
fn a_report_tells_the_spans_around_the_failure() {
    let dir = tempfile::tempdir().unwrap();
    let subscriber = tracing_subscriber::registry().with(tracing_error::ErrorLayer::default());
    tracing::subscriber::with_default(subscriber, || {
        let _span = tracing::info_span!("nightly", day = 3).entered();
        send(dir.path(), &[7]).unwrap_err();
    });
    let report = Report::of(&send::peek_checkpoint(dir.path()).unwrap().unwrap()).unwrap();
    let spans: Vec<_> =
        report.details().spans.iter().map(|it| format!("{} {}", it.name, it.fields)).collect();
    let told = [
        "report::spans::sending order=7 token=\"***\"",
        "safe_state::item index=0",
        "safe_state::run job=\"spans\" run=1",
        "report::spans::nightly day=3",
    ];
    assert_eq!(spans, told);
}
