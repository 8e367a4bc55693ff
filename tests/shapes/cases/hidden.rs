//! What the text hides: reads in macros and format strings, loops that are passed by, items that hide others.

use safe_state_tests::shapes::{Interrupted, step, store, try_step};

use super::resumable;

#[resumable(backend = store(), carry(total))]
fn read_by_a_macro_before_an_inner_loop(groups: &[Vec<u32>]) -> Result<u32, Interrupted> {
    let mut total = 0;
    macro_rules! so_far {
        () => {
            total
        };
    }
    #[resume]
    for group in groups {
        let before = so_far!();
        #[resume]
        for x in group {
            total += x;
            try_step(x)?;
        }
        try_step(total - before)?;
    }
    Ok(total)
}

fn pick(groups: &[Vec<u32>], _: u32) -> &[Vec<u32>] {
    groups
}

#[resumable(backend = store(), carry(total))]
fn changed_by_a_macro_under_a_head_that_reads(groups: &[Vec<u32>]) -> Result<u32, Interrupted> {
    let mut total = 0;
    macro_rules! add {
        ($x:expr) => {
            total += $x
        };
    }
    #[resume]
    for group in pick(groups, total) {
        #[resume]
        for x in group {
            add!(x);
            try_step(x)?;
        }
    }
    Ok(total)
}

#[resumable(backend = store(), carry(total))]
fn read_by_a_macro_between_loops_of_a_block(items: &[u32]) -> Result<u32, Interrupted> {
    let mut total = 0;
    macro_rules! so_far {
        () => {
            total
        };
    }
    {
        #[resume]
        for x in items {
            total += x;
            try_step(x)?;
        }
        let between = so_far!();
        #[resume]
        for x in items {
            total += x;
            try_step((x, between))?;
        }
    }
    Ok(total)
}

#[resumable(backend = store(), carry(total))]
fn a_loop_in_the_else_of_a_let(items: &[u32], limit: Option<u32>) -> Result<u32, Interrupted> {
    let mut total = 5;
    let Some(most) = limit else {
        #[resume]
        for x in items {
            total += x;
            try_step(x)?;
        }
        return Ok(total);
    };
    let begun = total;
    #[resume]
    for x in items {
        total += x;
        try_step((x.min(&most), begun))?;
    }
    Ok(total)
}

#[resumable(backend = store(), carry(total))]
fn a_loop_in_a_block_that_is_not_compiled(items: &[u32]) -> Result<u32, Interrupted> {
    let mut total = 5;
    #[cfg(any())]
    {
        #[resume]
        for x in items {
            total += x;
            try_step(x)?;
        }
    }
    let begun = total;
    #[resume]
    for x in items {
        total += x;
        try_step((x, begun))?;
    }
    Ok(total)
}

#[resumable(backend = store(), carry(total))]
fn a_loop_in_a_statement_that_is_not_compiled(items: &[u32]) -> Result<u32, Interrupted> {
    let mut total = 5;
    #[cfg(any())]
    if true {
        #[resume]
        for x in items {
            total += x;
            try_step(x)?;
        }
    }
    #[cfg(any())]
    let _ = {
        #[resume]
        for x in items {
            total += x;
            try_step(x)?;
        }
    };
    let begun = total;
    #[resume]
    for x in items {
        total += x;
        try_step((x, begun))?;
    }
    Ok(total)
}

#[resumable(backend = store(), carry(indent))]
fn a_width_in_a_format_string(items: &[u32]) -> Result<usize, Interrupted> {
    let mut indent = 4;
    let pad = format!("{:indent$}", "");
    for x in items {
        indent += 1;
        try_step((x, pad.len()))?;
    }
    Ok(indent)
}

#[resumable(backend = store(), carry(digits))]
fn a_precision_in_a_format_string(items: &[u32]) -> Result<usize, Interrupted> {
    let mut digits = 2;
    let text = format!("{:>9.digits$}", 1.0);
    for x in items {
        digits += 1;
        try_step((x, &text))?;
    }
    Ok(digits)
}

#[resumable(backend = store())]
fn items_of_the_body_hide_those_of_the_head(items: &[u32]) -> usize {
    const BATCH: usize = 4;
    for part in items.chunks(BATCH) {
        const BATCH: usize = 2;
        struct Row<'a>(&'a [u32]);
        let rows: Vec<&[u32]> = part.chunks(BATCH).map(Row).map(|row| row.0).collect();
        step(rows);
    }
    BATCH
}

#[resumable(backend = store())]
fn items_of_an_inner_block_hide_those_of_the_body(items: &[u32]) -> u32 {
    const STEP: u32 = 10;
    for x in items {
        let by = STEP;
        let inner = {
            const STEP: u32 = 1;
            struct Of(u32);
            Of(STEP).0
        };
        step((x + by + STEP, inner));
    }
    STEP
}

#[resumable(backend = store(), carry(rows))]
fn an_inner_loop_under_a_head_that_borrows(items: &[u32]) -> Result<u32, Interrupted> {
    let mut rows = Vec::new();
    #[resume]
    for x in items {
        rows.push(*x);
        try_step(x)?;
    }
    #[resume]
    for row in rows.iter() {
        #[resume]
        for x in items {
            try_step((row, x))?;
        }
    }
    Ok(rows.iter().sum())
}

#[resumable(backend = store(), carry(rows))]
fn an_inner_loop_under_a_head_that_takes(items: &[u32]) -> Result<(), Interrupted> {
    let mut rows = Vec::new();
    #[resume]
    for x in items {
        rows.push(*x);
        try_step(x)?;
    }
    #[resume]
    for row in rows {
        #[resume]
        for x in items {
            try_step((row, x))?;
        }
    }
    Ok(())
}

safe_state_tests::shapes! {
    read_by_a_macro_before_an_inner_loop => read_by_a_macro_before_an_inner_loop(&[vec![1, 2], vec![3, 4]]);
    changed_by_a_macro_under_a_head_that_reads => changed_by_a_macro_under_a_head_that_reads(&[vec![1, 2], vec![3]]);
    read_by_a_macro_between_loops_of_a_block => read_by_a_macro_between_loops_of_a_block(&[1, 2]);
    a_loop_in_the_else_of_a_let => a_loop_in_the_else_of_a_let(&[1, 2, 3], Some(9));
    not_the_loop_in_the_else_of_a_let => a_loop_in_the_else_of_a_let(&[1, 2, 3], None);
    a_loop_in_a_block_that_is_not_compiled => a_loop_in_a_block_that_is_not_compiled(&[1, 2, 3]);
    a_loop_in_a_statement_that_is_not_compiled => a_loop_in_a_statement_that_is_not_compiled(&[1, 2, 3]);
    a_width_in_a_format_string => a_width_in_a_format_string(&[1, 2]);
    a_precision_in_a_format_string => a_precision_in_a_format_string(&[1, 2]);
    items_of_the_body_hide_those_of_the_head => items_of_the_body_hide_those_of_the_head(&[1, 2, 3, 4, 5]);
    items_of_an_inner_block_hide_those_of_the_body => items_of_an_inner_block_hide_those_of_the_body(&[1, 2]);
    an_inner_loop_under_a_head_that_borrows => an_inner_loop_under_a_head_that_borrows(&[1, 2]);
    an_inner_loop_under_a_head_that_takes => an_inner_loop_under_a_head_that_takes(&[1, 2]);
}
