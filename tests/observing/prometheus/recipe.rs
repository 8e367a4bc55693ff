//! Contains the code that `docs/guide/observability.md` shows.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Counts what runs do, from now on. What `render` of it returns is what Prometheus scrapes.
pub(crate) fn count() -> Result<PrometheusHandle, BuildError> {
    let seconds = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0];
    let histograms = Matcher::Suffix("_seconds".to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(histograms, &seconds)?.install_recorder()
}
