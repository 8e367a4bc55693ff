//! Tests the recipe for Prometheus in `docs/guide/observability.md`, and what is scraped by it.

mod recipe;

use safe_state::{Action, resumable};

use recipe::count;

#[resumable(name = "mail", backend = "memory:prometheus", max_attempts = 1, on_error = |_| Action::DeadLetter, fresh(fails))]
fn mail(customers: &[&str], fails: bool) -> anyhow::Result<()> {
    #[resume]
    for customer in customers {
        if fails && *customer == "dan" {
            return Err(safe_state::stop!("enough"));
        }
        anyhow::ensure!(*customer != "eve", "no address");
    }
    Ok(())
}

#[test]
fn items_runs_and_saves_are_scraped() {
    let scraped = count().unwrap();
    mail(&["ada", "eve", "bob", "dan"], true).unwrap_err();
    mail(&["ada", "eve", "bob", "dan"], false).unwrap();
    let told = scraped.render();
    let expected = [
        "safe_state_items_total{job=\"mail\",outcome=\"completed\"} 4",
        "safe_state_items_total{job=\"mail\",outcome=\"given_up\"} 1",
        "safe_state_runs_total{job=\"mail\",end=\"stopped\"} 1",
        "safe_state_runs_total{job=\"mail\",end=\"finished\"} 1",
        "safe_state_save_seconds_bucket{job=\"mail\",le=\"+Inf\"}",
    ];
    for line in expected {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line} is not in\n{told}");
    }
}
