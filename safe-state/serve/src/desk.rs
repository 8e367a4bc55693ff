//! The state that the routes and the streams share.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::jobs::Jobs;
use crate::token::Token;
use crate::who::Who;

/// The header in which a button sends its token.
const TOKEN: &str = "x-safe-state-token";
/// The state that the routes share.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) streams: Arc<AtomicUsize>,
    /// `None` if the page only reads.
    pub(crate) token: Option<Token>,
    pub(crate) who: Who,
    pub(crate) place: Arc<str>,
}

/// The query for one job.
#[derive(Deserialize)]
pub(crate) struct OfJob {
    pub(crate) job: String,
}

impl Desk {
    /// Creates the state of the routes. Without a token, the page only reads.
    pub(crate) fn new(jobs: Arc<Jobs>, token: Option<Token>, who: Who, place: String) -> Self {
        Desk { jobs, streams: Arc::default(), token, who, place: place.into() }
    }

    /// Returns whether a request has the token.
    pub(crate) fn is_given(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(TOKEN).map(HeaderValue::as_bytes).unwrap_or_default();
        self.token.as_ref().is_some_and(|token| token.is(given))
    }
}

/// Returns the answer to a request that failed.
pub(crate) fn failed(status: StatusCode, why: &str) -> (StatusCode, Json<serde_json::Value>) {
    (status, Json(json!({ "error": why })))
}

/// Calls `call`, which may block, on a thread for blocking work.
pub(crate) async fn apart<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, (StatusCode, Json<serde_json::Value>)> {
    let called = tokio::task::spawn_blocking(call).await;
    called.map_err(|error| failed(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))
}
