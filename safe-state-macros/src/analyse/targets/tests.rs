//! Tests the rules by which a loop is chosen, on functions as tokens.

use proc_macro2::TokenStream;
use quote::quote;

use super::*;
use crate::analyse::survey::survey;
use crate::parse::function::{arguments, parse};

/// Returns the heads of the loops chosen in a function, or the text of the error.
fn chosen(function: TokenStream, iter: Option<&str>) -> std::result::Result<Vec<String>, String> {
    let function = parse(function).map_err(|error| error.to_string())?;
    let arguments = arguments(&function.sig).map_err(|error| error.to_string())?;
    let iter = iter.map(|name| quote::format_ident!("{name}"));
    let search = Search {
        function: &function.sig.ident,
        arguments: &arguments,
        iter: iter.as_ref(),
        items: &ItemOptions::default(),
    };
    let survey = survey(&function.block);
    let targets = find(&survey, &search).map_err(|error| error.to_string())?;
    let heads = targets.iter().filter_map(|target| survey.loops.get(target.at));
    Ok(heads.map(|it| it.text.clone()).collect())
}

#[track_caller]
fn takes(function: TokenStream, heads: &[&str]) {
    assert_eq!(chosen(function, None).as_deref(), Ok(&*owned(heads)));
}

#[track_caller]
fn refuses(function: TokenStream, words: &str) {
    let refused = chosen(function, None).unwrap_err();
    assert!(refused.contains(words), "{refused}");
}

fn owned(heads: &[&str]) -> Vec<String> {
    heads.iter().map(ToString::to_string).collect()
}

#[test]
fn the_loop_that_walks_an_argument_is_taken() {
    takes(quote! { fn f(items: T) { for b in items.iter() {} } }, &["for b in items . iter ()"]);
    takes(quote! { fn f(n: u64) { for a in 0..n {} } }, &["for a in 0 .. n"]);
    takes(quote! { fn f(&self) { for a in &self.all {} } }, &["for a in & self . all"]);
    takes(quote! { fn f(r#in: T) { for a in r#in {} } }, &["for a in r#in"]);
    takes(quote! { fn f(x: T) { for a in vec![x; 3] {} } }, &["for a in vec ! [x ; 3]"]);
}

#[test]
fn a_loop_within_a_chosen_loop_is_part_of_its_items() {
    takes(quote! { fn f(items: T) { for a in items { for b in items {} } } }, &["for a in items"]);
}

#[test]
fn the_only_outermost_loop_is_taken_if_none_walks_an_argument() {
    takes(quote! { fn f() { for a in all() { for b in a {} } } }, &["for a in all ()"]);
    refuses(quote! { fn f() { for a in x() {} for b in y() {} } }, "`for a in x ()`, `for b");
}

#[test]
fn several_outermost_loops_need_a_choice() {
    let two = quote! { fn f(a: T) { for x in a {} for y in 0..3 {} } };
    refuses(two.clone(), "`for x in a`, `for y in 0 .. 3`; mark those");
    refuses(two.clone(), "or say which with `iter = a`");
    assert_eq!(chosen(two, Some("a")), Ok(owned(&["for x in a"])));
    refuses(quote! { fn f(a: T) { for x in a {} while more() {} } }, "`while more ()`");
    refuses(quote! { fn f(a: T) { loop { go() } for x in a {} } }, "`loop`, `for x in a`");
    refuses(quote! { fn f() { if b { for x in y() {} } else { loop { go() } } } }, "several loops");
    takes(quote! { fn f(a: T) { #[resume] for x in a {} loop { go() } } }, &["for x in a"]);
    takes(quote! { fn f(a: T) { if false { loop {} } for x in a {} } }, &["for x in a"]);
}

#[test]
fn two_loops_that_walk_an_argument_need_a_choice() {
    let two = quote! { fn f(a: T, b: T) { for x in a {} for y in b {} } };
    refuses(two.clone(), "loops walk both `a` and `b`");
    assert_eq!(chosen(two.clone(), Some("b")), Ok(owned(&["for y in b"])));
    assert!(chosen(two, Some("c")).unwrap_err().contains("expected one of `a`, `b`"));
    refuses(quote! { fn f(a: T) { for x in a {} for y in a {} } }, "second loop over `a`");
}

#[test]
fn a_marker_chooses() {
    takes(quote! { fn f(a: T) { for x in a {} #[resume] for y in z() {} } }, &["for y in z ()"]);
    refuses(quote! { fn f(a: T) { #[resume] a.go(); for x in a {} } }, "on a loop in the");
    refuses(quote! { fn f(a: T) { #[resume(x)] for x in a {} } }, "no `x` for one loop");
    refuses(
        quote! { fn f(a: T) { loop { #[resume] for x in a {} } } },
        "again and again; move the inner",
    );
    refuses(
        quote! { fn f(a: T) { for y in z { #[resume] for x in a {} } } },
        "mark this one with `#[resume]` as well",
    );
}

#[test]
fn a_marker_in_a_nested_resumable_function_belongs_to_that() {
    takes(
        quote! { fn f(a: T) {
            #[safe_state::resumable] fn g(b: T) { #[resume] for y in b {} }
            for x in a {}
        } },
        &["for x in a"],
    );
    refuses(
        quote! { fn f(a: T) { fn g(b: T) { #[resume] for y in b {} } for x in a {} } },
        "in the function's own body",
    );
}

#[test]
fn cfg_may_choose_one_of_several_loops() {
    takes(
        quote! { fn f(a: T) { #[cfg(x)] for x in a {} #[cfg(not(x))] for y in a {} } },
        &["for x in a", "for y in a"],
    );
    refuses(
        quote! { fn f(a: T) { #[cfg(x)] for x in a {} #[cfg(x)] for y in a {} } },
        "second loop",
    );
}

#[test]
fn a_name_that_hides_the_argument_is_not_the_argument() {
    refuses(quote! { fn f(a: T) { let a = other(); for x in a {} } }, "hides the argument");
    takes(quote! { fn f(a: T) { let a = sorted(a); for x in a {} } }, &["for x in a"]);
    takes(quote! { fn f(a: T) { { let a = other(); } for x in a {} } }, &["for x in a"]);
}

#[test]
fn what_hides_the_loop_is_named() {
    refuses(quote! { fn f(a: T) { run!({ for x in a {} }) } }, "cannot see into macros");
    refuses(quote! { fn f(a: T) { (|| for x in a {})() } }, "inside this closure");
    refuses(quote! { fn f(a: T) { fn g() { for x in a {} } } }, "inside `g`");
    refuses(quote! { fn f(a: T) { struct S; impl S { fn g() { for x in a {} } } } }, "`g`");
    refuses(quote! { fn f(a: T) { while let Some(x) = a.next() {} } }, "is not resumed by itself");
    refuses(quote! { fn f(a: T) { while let Some(x) = a.recv() {} } }, "mark it with `#[resume]`");
    refuses(quote! { fn f(a: T) { loop {} } }, "no items that could be counted");
    refuses(quote! { fn f(a: T) { a.for_each(g) } }, "`for_each` walks");
    refuses(quote! { fn f(a: T) {} }, "no loop to resume in `f`");
    takes(quote! { fn f(a: impl for<'x> Fn(&'x T)) { for x in a {} } }, &["for x in a"]);
}

#[test]
fn what_has_no_order_is_refused() {
    refuses(quote! { fn f(a: &HashMap<K, V>) { for x in a {} } }, "use a `BTreeMap`");
    refuses(quote! { fn f(a: T) { let b: HashSet<K> = g(a); for x in &b {} } }, "BTreeSet");
    refuses(quote! { fn f(a: T) { for x in a.par_iter().map(g) {} } }, "`par_iter`");
    takes(
        quote! { fn f(a: HashMap<K, V>, b: T) { for x in b.at(a) {} } },
        &["for x in b . at (a)"],
    );
}
