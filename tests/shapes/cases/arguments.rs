//! Shows how arguments are written.

use safe_state_tests::shapes::{step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn item_pattern(items: &[(u32, u32)]) {
    for (a, b) in items {
        step((a, b));
    }
}

#[resumable(backend = store())]
fn tuple((a, items): (u32, Vec<u32>)) -> u32 {
    for x in items {
        step(x + a);
    }
    a
}

#[resumable(backend = store())]
fn unnamed(_: u32, items: Vec<u32>) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn raw(r#type: Vec<u32>) {
    for r#in in r#type {
        step(r#in);
    }
}

#[resumable(backend = store())]
fn r#loop(items: Vec<u32>) {
    for x in items {
        step(x);
    }
}

struct Page<'a> {
    number: u32,
    lines: &'a [&'a str],
}

#[resumable(backend = store())]
fn fields(Page { number, lines }: Page<'_>) -> u32 {
    for line in lines {
        step((number, line));
    }
    number
}

#[resumable(backend = store())]
fn field_of_argument(page: &Page<'_>) -> u32 {
    for line in page.lines {
        step((page.number, line));
    }
    page.number
}

#[resumable(backend = store())]
fn names_of_generated_code(
    items: &[u32],
    run: u32,
    job: u32,
    it: u32,
    ctx: u32,
    error: u32,
    outcome: u32,
) -> u32 {
    let resume = run + job;
    for x in items {
        let on_error = x + it + ctx;
        step(on_error + resume);
    }
    error + outcome
}

#[resumable(name = format!("tenant-{tenant}"), backend = store())]
fn name_from_argument(tenant: String, items: &[u32]) -> String {
    for x in items {
        step((&tenant, x));
    }
    tenant
}

#[resumable(name = tenant, backend = store())]
fn name_is_argument(tenant: &str, items: &[u32]) {
    for x in items {
        step((tenant, x));
    }
}

#[resumable(backend = store())]
fn function_pointer(items: &[u32], work: fn(u32)) {
    for x in items {
        work(*x);
    }
}

#[resumable(backend = store(), fresh(work))]
fn callback(items: &[u32], work: &mut dyn FnMut(u32) -> Result<(), String>) -> Result<(), String> {
    for x in items {
        work(*x)?;
    }
    Ok(())
}

#[resumable(backend = store())]
fn many_references<'a>(items: &'a [&'a str], longest: &'a str) -> &'a str {
    for x in items {
        step(x);
    }
    items.iter().copied().chain([longest]).max_by_key(|x| x.len()).unwrap_or(longest)
}

safe_state_tests::shapes! {
    item_pattern => item_pattern(&[(1, 2), (3, 4)]);
    tuple => tuple((10, vec![1, 2]));
    unnamed => unnamed(0, vec![1, 2]);
    raw => raw(vec![1, 2]);
    raw_name => r#loop(vec![1, 2]);
    fields => fields(Page { number: 4, lines: &["a", "b"] });
    field_of_argument => field_of_argument(&Page { number: 4, lines: &["a", "b"] });
    names_of_generated_code => names_of_generated_code(&[1, 2], 1, 2, 3, 4, 5, 6);
    name_from_argument => name_from_argument("acme".to_owned(), &[1, 2]);
    name_is_argument => name_is_argument("acme", &[1, 2]);
    function_pointer => function_pointer(&[1, 2], |x| step(x));
    callback => callback(&[1, 2], &mut |x| try_step(x).map_err(|error| error.to_string()));
    many_references => many_references(&["a", "bcd"], "ef");
}
