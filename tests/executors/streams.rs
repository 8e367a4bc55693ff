//! Tests `while let` loops over the streams of tokio and of smol.

use std::sync::Arc;

use safe_state::{MemoryBackend, Results, resumable};
use safe_state_tests::Ran;
use safe_state_tests::shapes::send;

use super::on_tokio;

/// Defines one function for the `StreamExt` of each crate.
macro_rules! job {
    ($name:ident, $($stream:ident)::+) => {
        mod $name {
            use super::*;
            use $($stream)::+::{Stream, StreamExt};

            #[resumable(name = "stream", backend = Arc::clone(store), carry(doubled), fresh(fails_at))]
            pub(super) async fn job(
                store: &Arc<MemoryBackend>,
                mut stream: impl Stream<Item = u64> + Unpin,
                ran: &Ran,
                fails_at: Option<u64>,
            ) -> anyhow::Result<Vec<u64>> {
                let mut doubled = Results::new();
                #[resume]
                while let Some(item) = stream.next().await {
                    tokio::task::yield_now().await;
                    anyhow::ensure!(fails_at != Some(item), "asked to fail");
                    ran.note(item);
                    doubled.push(2 * item);
                }
                Ok(doubled.into())
            }
        }
    };
}

job!(tokios, tokio_stream);
job!(smols, smol::stream);

#[derive(Default)]
struct Case {
    store: Arc<MemoryBackend>,
    ran: Ran,
}

fn check(run: impl Fn(&Case, Option<u64>) -> anyhow::Result<Vec<u64>>) {
    for fails_at in 1..=4 {
        let case = Case::default();
        run(&case, Some(fails_at)).unwrap_err();
        assert_eq!(run(&case, None).unwrap(), [2, 4, 6, 8]);
        assert_eq!(case.ran.take(), [1, 2, 3, 4]);
    }
}

#[test]
fn a_stream_resumes_under_tokio() {
    check(|Case { store, ran }, fails_at| {
        on_tokio(send(tokios::job(store, tokio_stream::iter(1..=4), ran, fails_at)))
    });
}

#[test]
fn a_stream_resumes_under_smol() {
    check(|Case { store, ran }, fails_at| {
        smol::block_on(send(smols::job(store, smol::stream::iter(1..=4), ran, fails_at)))
    });
}
