use syn::parse_quote;

use super::*;

/// Checks what the statements in front of the second loop have done to `v`.
#[track_caller]
fn check(held: Option<Held>, before: &Block, behind: &Block) {
    let (before, behind) = (&before.stmts, &behind.stmts);
    let block = parse_quote!({
        let mut v = Vec::new();
        for x in 0..3 {
            v.push(x);
        }
        #(#before)*
        for x in 0..3 {
            f(&w, x);
        }
        #(#behind)*
    });
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 1), held);
}

#[test]
fn a_move_before_the_loop_is_seen() {
    let nothing = &parse_quote!({});
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = v;
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = sorted(v);
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = v.rows;
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w: Vec<_> = v.into_iter().collect();
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = v.build();
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let Some(w) = v else { return };
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = move |x| v.get(x);
        }),
        nothing,
    );
    check(
        Some(Held::Moved),
        &parse_quote!({
            let w = v;
        }),
        &parse_quote!({
            v = w;
            v.push(1);
        }),
    );
}

#[test]
fn what_may_be_lent_before_the_loop_is_seen() {
    let nothing = &parse_quote!({});
    check(
        Some(Held::Lent),
        &parse_quote!({
            let w = &v[1..];
        }),
        nothing,
    );
    check(
        Some(Held::Lent),
        &parse_quote!({
            let w = &mut v;
        }),
        nothing,
    );
    check(
        Some(Held::Lent),
        &parse_quote!({
            let w = |x| v.get(x);
        }),
        nothing,
    );
    check(
        Some(Held::Lent),
        &parse_quote!({
            let w: Vec<_> = v.iter().collect();
        }),
        nothing,
    );
    check(
        Some(Held::Lent),
        &parse_quote!({
            let (ref w, _) = v;
        }),
        nothing,
    );
    check(
        Some(Held::Lent),
        &parse_quote!({
            let w = v.build();
        }),
        &parse_quote!({
            v.push(1);
        }),
    );
}

#[test]
fn what_is_neither_moved_nor_lent_is_seen() {
    let nothing = &parse_quote!({});
    check(
        None,
        &parse_quote!({
            let w = v.len();
            v[0] += 1;
        }),
        nothing,
    );
    check(
        None,
        &parse_quote!({
            v.push(1);
        }),
        &parse_quote!({
            f(v);
        }),
    );
    check(
        None,
        &parse_quote!({
            if c {
                drop(v);
                return;
            }
        }),
        nothing,
    );
    check(
        None,
        &parse_quote!({
            log!("{}", v);
        }),
        nothing,
    );
}

#[test]
fn a_loop_in_a_branch_has_what_that_has_moved() {
    let block = parse_quote!({
        let mut v = Vec::new();
        for x in 0..3 {
            v.push(x);
        }
        if c {
            let w = v;
            for x in 0..3 {
                f(&w, x);
            }
            return;
        }
        for x in 0..3 {
            f(x);
        }
        g(v)
    });
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 1), Some(Held::Moved));
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 2), None);
}

#[test]
fn a_move_of_another_variable_of_the_name_is_none() {
    check(
        None,
        &parse_quote!({
            let w = &mut v;
            {
                let v = 1;
                drop(v);
            }
        }),
        &parse_quote!({}),
    );
}

#[test]
fn a_move_that_cfg_may_leave_out_is_none() {
    check(
        None,
        &parse_quote!({
            #[cfg(feature = "off")]
            drop(v);
        }),
        &parse_quote!({}),
    );
}
