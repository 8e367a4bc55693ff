//! Shows carried variables that one `let` binds with others.

use safe_state_tests::shapes::{Interrupted, store, try_step};

use super::resumable;

#[resumable(backend = store(), carry(sum, names))]
fn with_types(items: &[&str]) -> Result<(usize, Vec<String>), Interrupted> {
    let (mut sum, mut names): (usize, Vec<_>) = (0, Vec::new());
    for x in items {
        try_step(x)?;
        sum += x.len();
        names.push((*x).to_owned());
    }
    Ok((sum, names))
}

#[resumable(backend = store(), carry(a, c))]
fn within_one_another(items: &[u32]) -> Result<(u32, u32), Interrupted> {
    let (mut a, (b, mut c)) = (1, (7, 1));
    for x in items {
        try_step(x)?;
        a += x;
        c = (c * b + a) % 100;
    }
    Ok((a, c))
}

#[resumable(backend = store(), carry(low, high))]
fn in_an_array(items: &[u32]) -> Result<(u32, u32), Interrupted> {
    let [mut low, mut high] = [u32::MAX, 0];
    for x in items {
        try_step(x)?;
        low = low.min(*x);
        high = high.max(*x);
    }
    Ok((low, high))
}

#[resumable(backend = store(), carry(sum, product, all))]
fn in_each_outer_item(items: &[&[u32]]) -> Result<Vec<(u32, u32)>, Interrupted> {
    let mut all = Vec::new();
    #[resume]
    for part in items {
        let (mut sum, mut product) = (0, 1);
        #[resume]
        for x in *part {
            try_step(x)?;
            sum += x;
            product *= x;
        }
        all.push((sum, product));
    }
    Ok(all)
}

#[resumable(backend = store(), carry(found, last))]
fn one_that_fails(text: &str, items: &[u32]) -> Result<(usize, u32), Interrupted> {
    let (mut found, mut last) = (text.len(), text.parse::<u32>().map_err(|_| Interrupted)?);
    for x in items {
        try_step((x, last))?;
        found += 1;
        last = *x;
    }
    Ok((found, last))
}

safe_state_tests::shapes! {
    with_types => with_types(&["a", "bb", "c"]);
    within_one_another => within_one_another(&[1, 2, 3]);
    in_an_array => in_an_array(&[4, 2, 9]);
    in_each_outer_item => in_each_outer_item(&[&[1, 2], &[3, 4, 5]]);
    one_that_fails => one_that_fails("12", &[1, 2, 3]);
}
