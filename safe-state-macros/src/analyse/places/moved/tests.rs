use syn::parse_quote;

use super::*;

/// Checks what the statements `before` the second loop have done to `v`.
#[track_caller]
fn check(held: Option<Held>, before: &str, behind: &str) {
    let text = format!(
        "{{ let mut v = Vec::new(); for x in 0..3 {{ v.push(x); }} {before} for x in 0..3 {{ f(&w, x); }} {behind} }}"
    );
    let block = syn::parse_str(&text).unwrap();
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 1), held);
}

#[test]
fn a_move_before_the_loop_is_seen() {
    let moved = Some(Held::Moved);
    check(moved, "let w = v;", "");
    check(moved, "let w = sorted(v);", "");
    check(moved, "let w = v.rows;", "");
    check(moved, "let w: Vec<_> = v.into_iter().collect();", "");
    check(moved, "let w = v.build();", "");
    check(moved, "let Some(w) = v else { return };", "");
    check(moved, "let w = move |x| v.get(x);", "");
    check(moved, "let w = v;", "v = w; v.push(1);");
}

#[test]
fn what_may_be_lent_before_the_loop_is_seen() {
    let lent = Some(Held::Lent);
    check(lent, "let w = &v[1..];", "");
    check(lent, "let w = &mut v;", "");
    check(lent, "let w = |x| v.get(x);", "");
    check(lent, "let w: Vec<_> = v.iter().collect();", "");
    check(lent, "let (ref w, _) = v;", "");
    check(lent, "let w = v.build();", "v.push(1);");
}

#[test]
fn what_is_neither_moved_nor_lent_is_seen() {
    check(None, "let w = v.len(); v[0] += 1;", "");
    check(None, "v.push(1);", "f(v);");
    check(None, "if c { drop(v); return; }", "");
    check(None, "log!(\"{}\", v);", "");
}

#[test]
fn a_loop_in_a_branch_has_what_that_has_moved() {
    let text = "{ let mut v = Vec::new(); for x in 0..3 { v.push(x); } \
                if c { let w = v; for x in 0..3 { f(&w, x); } return; } for x in 0..3 { f(x); } g(v) }";
    let block = syn::parse_str(text).unwrap();
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 1), Some(Held::Moved));
    assert_eq!(held_before(&block, (&parse_quote!(v), 1), 2), None);
}

#[test]
fn a_move_of_another_variable_of_the_name_is_none() {
    check(None, "let w = &mut v; { let v = 1; drop(v); }", "");
}

#[test]
fn a_move_that_cfg_may_leave_out_is_none() {
    check(None, "#[cfg(feature = \"off\")] drop(v);", "");
}
