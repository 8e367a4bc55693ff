//! Tests the `tracing` spans, and what is said in them.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::resumable;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    /// The spans that were made on this thread, by their numbers; the spans that the thread is in; and the lines that
    /// were said.
    static MADE: RefCell<Vec<(u64, String)>> = const { RefCell::new(Vec::new()) };
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Ear(AtomicU64);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => write!(self.0, " {value:?}").unwrap(),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

fn named(number: u64) -> String {
    MADE.with_borrow(|made| made.iter().find(|(it, _)| *it == number).unwrap().1.clone())
}

fn path() -> String {
    let entered = ENTERED.with_borrow(Clone::clone);
    entered.into_iter().map(named).collect::<Vec<_>>().join(" / ")
}

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let mut fields = Fields(attributes.metadata().name().to_owned());
        attributes.record(&mut fields);
        MADE.with_borrow_mut(|made| made.push((number, fields.0)));
        Id::from_u64(number)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let line = format!("{}:{}", path(), fields.0);
        SAID.with_borrow_mut(|said| said.push(line));
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            let at = entered.iter().rposition(|it| *it == id.into_u64()).expect("it was entered");
            entered.remove(at);
        });
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

/// Returns the lines that `speak` says on this thread, each behind the spans that it was said in.
fn heard(speak: impl FnOnce()) -> Vec<String> {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Ear(AtomicU64::new(1))).unwrap();
    });
    SAID.take();
    speak();
    assert_eq!(path(), "", "all spans are left");
    SAID.take()
}

#[resumable(name = "mail", backend = "memory:spans", iter = items, save_every = 100, fresh(fails))]
fn send(items: &[u64], fails: bool) -> anyhow::Result<()> {
    for item in items {
        tracing::info!("sending {item}");
        anyhow::ensure!(!fails || *item < 2, "no");
    }
    tracing::info!("sent");
    Ok(())
}

#[test]
fn what_is_said_in_an_item_is_in_its_span() {
    let said = heard(|| send(&[0, 1, 2], true).unwrap_err().chain().for_each(drop));
    let expected = [
        r#"run job="mail" run=1: opened job=mail run=1"#,
        r#"run job="mail" run=1 / item index=0: sending 0"#,
        r#"run job="mail" run=1 / item index=1: sending 1"#,
        r#"run job="mail" run=1 / item index=2: sending 2"#,
    ];
    assert_eq!(said[..4], expected);
    let made =
        MADE.with_borrow(|made| made.iter().map(|(_, span)| span.clone()).collect::<Vec<_>>());
    let items = made.iter().filter(|span| span.starts_with("item"));
    assert!(items.eq(["item index=0", "item index=1", "item index=2"]), "one each: {made:?}");
    let said = heard(|| send(&[0, 1, 2], false).unwrap());
    assert!(
        said.contains(&r#"run job="mail" run=2 / item index=2: sending 2"#.to_owned()),
        "{said:#?}"
    );
    assert!(said.contains(&r#"run job="mail" run=2: sent"#.to_owned()), "{said:#?}");
    assert!(
        said.last().unwrap().starts_with(r#"run job="mail" run=2: finished job=mail completed=3"#),
        "{said:#?}"
    );
}

#[resumable(name = "async", backend = "memory:spans", iter = items)]
async fn send_async(items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        tokio::task::yield_now().await;
        tracing::info!("sending {item}");
    }
    Ok(())
}

#[test]
fn an_async_run_is_in_its_spans_while_it_is_polled() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let said = heard(|| {
        let both = async {
            tokio::join!(send_async(&[0, 1]), async {
                for _ in 0..2 {
                    tokio::task::yield_now().await;
                    tracing::info!("elsewhere");
                }
            })
        };
        runtime.block_on(both).0.unwrap();
    });
    for line in [
        r#"run job="async" run=1 / item index=0: sending 0"#,
        r#"run job="async" run=1 / item index=1: sending 1"#,
        ": elsewhere",
    ] {
        assert!(said.iter().any(|it| it == line), "{line}: {said:#?}");
    }
}
