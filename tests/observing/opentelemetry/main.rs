//! Tests the recipe for OpenTelemetry in `docs/guide/observability.md`, and what an exporter gets by it.

mod recipe;

use std::sync::{Arc, Mutex};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use safe_state::resumable;

use recipe::send_traces;

#[resumable(name = "mail", backend = "memory:traces", iter = customers, save_every = 2, fresh(fails))]
fn mail(customers: &[&str], fails: bool) -> anyhow::Result<()> {
    for customer in customers {
        anyhow::ensure!(!fails || *customer != "eve", "no address");
    }
    Ok(())
}

/// An exporter that keeps the spans that it is to send.
#[derive(Clone, Debug, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// Returns the value of a span's attribute, as text.
fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == name)?;
    Some(found.value.to_string())
}

fn events(span: &SpanData) -> Vec<&str> {
    span.events.iter().map(|event| event.name.as_ref()).collect()
}

#[test]
fn each_run_is_a_trace_with_its_items_and_saves() {
    let exported = Exported::default();
    let provider = send_traces(exported.clone());
    mail(&["ada", "bob", "eve"], true).unwrap_err();
    mail(&["ada", "bob", "eve"], false).unwrap();
    provider.shutdown().unwrap();

    let spans = exported.0.lock().unwrap();
    let named = |name: &str| spans.iter().filter(|it| it.name == name).collect::<Vec<_>>();
    let [failed, finished] = named("run")[..] else { panic!("{spans:#?}") };
    for (run, number) in [(failed, "1"), (finished, "2")] {
        assert_eq!(run.parent_span_id, SpanId::INVALID);
        assert_eq!(attribute(run, "job").as_deref(), Some("mail"));
        assert_eq!(attribute(run, "run").as_deref(), Some(number));
    }
    assert_ne!(failed.span_context.trace_id(), finished.span_context.trace_id());
    assert_eq!(events(finished), ["opened", "resumed", "saved", "finished"]);

    let items = named("item");
    let told = items.iter().map(|item| (item.parent_span_id, attribute(item, "index").unwrap()));
    let [failed, finished] = [failed, finished].map(|run| run.span_context.span_id());
    let expected = [(failed, "0"), (failed, "1"), (failed, "2"), (finished, "2")];
    assert!(told.eq(expected.map(|(run, index)| (run, index.to_owned()))), "{spans:#?}");
    assert_eq!(events(items[2]), ["failed"]);
    assert!(matches!(items[2].status, Status::Error { .. }), "{:?}", items[2]);

    let parents = [failed, finished, items[2].span_context.span_id()];
    let saves = named("save");
    assert!(saves.iter().all(|save| parents.contains(&save.parent_span_id)), "{spans:#?}");
    assert!(!saves.is_empty());
}
