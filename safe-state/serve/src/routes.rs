//! The routes: which request gets which answer.

use std::net::SocketAddr;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use safe_state_backends::Press;
use safe_state_base::error::one_line;
use safe_state_report::Report;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::desk::{Desk, OfJob, apart, failed};
use crate::detail::{Detail, GivenUp};
use crate::files::{FILES, INDEX, LICENCE};
use crate::guards::{self, Guards};
use crate::stream;
use crate::verbs::{self, PressRequest, Undone};
use crate::window::Which;

/// The most bytes of a request, which are more than a button sends.
const BODY_LIMIT: usize = 16 * 1024;
/// The policy for a report, which is a document of its own with a style in it. It has no origin, and runs nothing.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// The query for some dead letters of a job.
#[derive(Deserialize)]
struct OfLetters {
    job: String,
    #[serde(default)]
    offset: usize,
    #[serde(default = "some")]
    limit: usize,
}

/// The query for a report: of the last run, or of the dead letter at the position `letter`.
#[derive(Deserialize)]
struct OfReport {
    job: String,
    letter: Option<usize>,
}

/// An answer, or the error in its place.
type Answer = Result<Response, (StatusCode, Json<serde_json::Value>)>;

/// Returns the router with all routes.
pub(crate) fn all(desk: Desk, guards: Guards) -> Router {
    let mut routes = Router::new().route("/", get(INDEX));
    for file in FILES.into_iter().chain([LICENCE]) {
        routes = routes.route(&format!("/{}", file.name), get(file));
    }
    routes
        .route("/api/page", get(page))
        .route("/api/jobs", get(list))
        .route("/api/jobs/events", get(stream::of_list))
        .route("/api/job", get(job))
        .route("/api/job/events", get(stream::of_job))
        .route("/api/letters", get(letters))
        .route("/api/presses", get(presses))
        .route("/api/do", post(perform))
        .route("/report", get(report))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
        .with_state(desk)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(guards, guards::guard))
}

fn some() -> usize {
    50
}

/// Answers what the page needs first.
async fn page(State(desk): State<Desk>, headers: HeaderMap) -> Json<serde_json::Value> {
    let is_known = desk.is_given(&headers);
    Json(json!({
        "place": &*desk.place,
        "read_only": desk.token.is_none(),
        "token": is_known,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn list(State(desk): State<Desk>, Query(which): Query<Which>) -> Answer {
    let window = apart(move || {
        // If listing fails, the window has the reason.
        let _ = desk.jobs.list();
        which.of(&desk.jobs, true)
    });
    Ok(Json(window.await?).into_response())
}

async fn job(State(desk): State<Desk>, Query(OfJob { job }): Query<OfJob>) -> Answer {
    let name = job.clone();
    let detail = apart(move || Detail::of(&desk.jobs, &name, true)).await?;
    known(&job, detail)
}

async fn letters(State(desk): State<Desk>, Query(of): Query<OfLetters>) -> Answer {
    let OfLetters { job, offset, limit } = of;
    let name = job.clone();
    let letters = apart(move || {
        let found = desk.jobs.look(&name)?;
        Ok(found
            .map(|it| GivenUp::bounded(&name, it.look.checkpoint.dead_letters(), offset, limit)))
    });
    known(&job, letters.await?)
}

/// Answers the buttons that were pressed for a job, even if one of them has cleared it.
async fn presses(State(desk): State<Desk>, Query(OfJob { job }): Query<OfJob>) -> Answer {
    let name = job.clone();
    let kept = apart(move || Press::load(&**desk.jobs.backend(), &name)).await?;
    let presses = kept.map_err(|it| unreadable(&it))?;
    Ok(Json(json!({ "job": job, "presses": presses })).into_response())
}

async fn report(State(desk): State<Desk>, Query(of): Query<OfReport>) -> Answer {
    let OfReport { job, letter } = of;
    let name = job.clone();
    let found = apart(move || desk.jobs.look(&name)).await?.map_err(|it| unreadable(&it))?;
    let report = found.and_then(|it| match letter {
        None => Report::of(&it.look.checkpoint),
        Some(at) => {
            let letter = it.look.checkpoint.dead_letters().iter().nth(at)?;
            Some(Report::of_letter(&job, &letter))
        }
    });
    let report = report.ok_or_else(|| failed(StatusCode::NOT_FOUND, "there is no report of it"))?;
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, REPORT_POLICY)];
    Ok((headers, report.to_html()).into_response())
}

/// Does what a button asks for. A form of another page can send neither JSON nor the header.
async fn perform(
    State(desk): State<Desk>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    asked: Result<Json<PressRequest>, JsonRejection>,
) -> Answer {
    if desk.token.is_none() {
        return Err(failed(StatusCode::FORBIDDEN, "this page only reads"));
    }
    if !desk.is_given(&headers) {
        let why = "this needs the token: open the link that the command has printed";
        return Err(failed(StatusCode::FORBIDDEN, why));
    }
    let Json(asked) = asked.map_err(|it| failed(it.status(), &it.body_text()))?;
    let done = apart(move || {
        let who = desk.who.has_sent(&headers, peer);
        let done = verbs::perform(desk.jobs.backend(), &asked, &who);
        desk.jobs.refresh(&asked.job);
        desk.jobs.tell();
        done
    });
    match done.await? {
        Ok(done) => Ok(Json(json!({ "done": done })).into_response()),
        Err(Undone::Unknown(why)) => Err(failed(StatusCode::NOT_FOUND, &why)),
        Err(Undone::Failed(why)) => Err(failed(StatusCode::CONFLICT, &why)),
    }
}

fn known<T: Serialize>(job: &str, found: Result<Option<T>, safe_state_backends::Error>) -> Answer {
    match found {
        Ok(Some(found)) => Ok(Json(found).into_response()),
        Ok(None) => {
            let why = format!("there is no checkpoint of job `{job}`");
            Err(failed(StatusCode::NOT_FOUND, &why))
        }
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &safe_state_backends::Error) -> (StatusCode, Json<serde_json::Value>) {
    failed(StatusCode::INTERNAL_SERVER_ERROR, &one_line(error))
}
