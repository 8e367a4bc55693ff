//! Contains the code that `docs/guide/observability.md` shows.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Each run is a trace, from now on. Shut the provider down at the end, or the last spans are lost.
pub(crate) fn send_traces(exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("batch"));
    let wanted = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("safe_state", LevelFilter::DEBUG); // `INFO`: the runs alone
    tracing_subscriber::registry().with(layer.with_filter(wanted)).init();
    provider
}
