//! Tests which bodies are taken to change a variable.

use super::*;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

#[track_caller]
fn check(changes: bool, body: TokenStream) {
    let text = body.to_string();
    let block = TokenTree::Group(Group::new(Delimiter::Brace, body));
    let body: Block = syn::parse2(block.into()).unwrap();
    let found = Search::of(&syn::parse_quote!(x), |search| search.visit_block(&body));
    assert_eq!(found, changes, "{text}");
}

#[test]
fn changes_are_seen() {
    check(true, quote! { x = 1; });
    check(true, quote! { x += 1; });
    check(true, quote! { x.field[2].deep <<= 1; });
    check(true, quote! { (x, y) = pair; });
    check(true, quote! { f(&mut x); });
    check(true, quote! { x.push(1); });
    check(true, quote! { x.seen.insert(1); });
    check(true, quote! { items.iter().for_each(|y| x.push(y)); });
    check(true, quote! { writeln!(x, "a")?; });
    check(true, quote! { while let Some(y) = x.pop() {} });
    check(true, quote! { if go { match y { Some(_) => x -= 1, None => {} } } });
    check(true, quote! { { let x = 2; f(x); } x += 1; });
    check(true, quote! { dbg!(f(&mut x)); });
    check(true, quote! { assert!(x.insert(y)); });
    check(true, quote! { matches!(x.pop(), Some(n) if n > 1); });
    check(true, quote! { matches!(y, Some(n) | Other(n) if x.insert(n)); });
    check(true, quote! { vec![x.pop(); 2]; });
    check(true, quote! { assert!(x.pop() => y); });
    check(true, quote! { x(y); });
    check(true, quote! { [x, y] = [y, x + y]; });
    check(true, quote! { Pair { x, .. } = pair; });
    check(true, quote! { let n = step!("n", { x.push(1); x.len() }); });
    check(true, quote! { let n = step!("n", take(&mut x)?); });
    check(true, quote! { match x { ref mut y => y.push(1) } });
    check(true, quote! { if let Pair(ref mut y, _) = x { y.push(1); } });
    check(true, quote! { let ref mut y = x; });
}

#[test]
fn reading_is_no_change() {
    check(false, quote! { f(x); });
    check(false, quote! { f(&x); y += x; });
    check(false, quote! { if x.contains(&y) { println!("{x} {}", x.len()); } });
    check(false, quote! { y[x] = 1; });
    check(false, quote! { let n = step!("n", x.len()); });
    check(false, quote! { let n = step!("n", x.clone()); });
    check(false, quote! { let n = step!("n", send(&x).await?,); });
    check(false, quote! { assert!(x == 1 && x <= 2); });
    check(false, quote! { matches!(x.first(), Some(n) | Other(n) if n > 1,); });
    check(false, quote! { matches!(y, Some(mut x) if x.push(1)); });
    check(false, quote! { vec![x.len(); 2]; });
    check(false, quote! { assert!(y => "x"); });
    check(false, quote! { thing.x = 1; thing.x.push(2); });
}

#[test]
fn the_bodys_own_variables_are_its_own() {
    check(false, quote! { let mut x = 0; x += 1; });
    check(false, quote! { for x in y.iter_mut() { x.push(1); } });
    check(false, quote! { if let Some(x) = y && let Some(z) = x { x.push(z); } });
    check(false, quote! { match y { Some(mut x) => x.push(1), None => {} } });
    check(false, quote! { f(|x| x.push(1)); });
    check(false, quote! { fn g(mut x: u8) { x += 1; } });
    check(false, quote! { let Some(mut x) = y else { return }; x.push(1); });
}

#[test]
fn what_only_a_name_says_is_seen() {
    let by_name =
        |is_known, stmt: Stmt| read_by_name(&stmt, &syn::parse_quote!(x), is_known).is_some();
    for is_known in [true, false] {
        assert!(by_name(is_known, syn::parse_quote! { log!(x); }));
        assert!(by_name(is_known, syn::parse_quote! { let n = info!(n = x.len()); }));
        assert!(!by_name(is_known, syn::parse_quote! { info!("{x}"); }));
        assert!(!by_name(is_known, syn::parse_quote! { println!("{}", x); }));
        assert!(!by_name(is_known, syn::parse_quote! { let seen = &x; }));
        assert!(!by_name(is_known, syn::parse_quote! { y.get(1); }));
        assert_eq!(by_name(is_known, syn::parse_quote! { let n = x.get(1); }), !is_known);
        assert_eq!(by_name(is_known, syn::parse_quote! { println!("{}", x.len()); }), !is_known);
    }
}
