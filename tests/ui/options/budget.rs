use safe_state::resumable;

#[resumable(budget = "80%")]
fn more_than_half(urls: &[String]) {
    for _ in urls {}
}

#[resumable(budget = "1s")]
fn no_share(urls: &[String]) {
    for _ in urls {}
}

#[resumable(budget = 1)]
fn no_text(urls: &[String]) {
    for _ in urls {}
}

#[resumable(save_every = 10, budget = "1%")]
fn twice(urls: &[String]) {
    for _ in urls {}
}

fn main() {}
