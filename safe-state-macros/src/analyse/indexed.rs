//! Loops over the indices of a list, such as `for i in 0..rows.len()`, whose items are numbers that tell nothing of the
//! rows. The row behind each number is compared, as if the loop said `check = |i| rows[*i]`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprForLoop, Pat, RangeLimits, Type, parse_quote, parse_quote_spanned};

use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::parse::options::items::{Identity, OfItem};
use crate::syntax::bindings::own_names;

/// Lets the loops over indices compare the rows, unless their options say how their items are known.
pub(crate) fn compare_rows(plan: &Plan, targets: &mut [Target]) {
    let is_said =
        plan.options.settings.has("on_input_change") || plan.options.settings.has("shared");
    for target in targets.iter_mut().filter(|_| !is_said) {
        let is_by_index = matches!(target.items.identity, Identity::Index);
        let Some(Expr::ForLoop(it)) = plan.originals.get(&target.at) else { continue };
        let is_alone = is_by_index && target.items.side_by_side.is_none();
        if let Some(check) = is_alone.then(|| rows_of(plan, it)).flatten() {
            target.items.identity = Identity::Check(check);
        }
    }
}

fn rows_of(plan: &Plan, it: &ExprForLoop) -> Option<OfItem> {
    let Pat::Ident(index) = &*it.pat else { return None };
    let rows = counted(&it.expr)?;
    let is_named = plan.options.named().any(|named| named.root == *rows);
    let is_shadowed = own_names(&it.body).contains(&rows.to_string());
    if index.subpat.is_some() || is_named || is_shadowed || !may_be_held(plan, rows) {
        return None;
    }
    if !indexes(it.body.to_token_stream(), rows, &index.ident) {
        return None;
    }
    let here = it.expr.span();
    let item = Ident::new("index", here);
    Some(OfItem {
        option: here,
        pat: parse_quote! { #item },
        body: parse_quote_spanned! {here=> #rows[*#item] },
    })
}

/// Returns whether a closure may refer to the list as long as the loop runs. A future that holds a reference to a list of its
/// own may no longer be `Send`.
fn may_be_held(plan: &Plan, rows: &Ident) -> bool {
    let mut arguments = plan.arguments.iter();
    let argument = arguments.find(|it| it.ident == *rows);
    let is_reference = argument
        .and_then(|it| it.ty.as_ref())
        .is_some_and(|ty| matches!(ty, Type::Reference(it) if it.mutability.is_none()));
    is_reference || !plan.is_async
}

/// Returns the list in `0..rows.len()`, also behind methods that leave out indices or change their order.
fn counted(head: &Expr) -> Option<&Ident> {
    match head {
        Expr::Paren(it) => counted(&it.expr),
        Expr::MethodCall(it) => {
            const LEAVING: [&str; 5] = ["filter", "rev", "skip", "step_by", "take"];
            LEAVING.iter().any(|name| it.method == name).then(|| counted(&it.receiver)).flatten()
        }
        Expr::Range(it) if matches!(it.limits, RangeLimits::HalfOpen(_)) => {
            let Some(Expr::MethodCall(end)) = it.end.as_deref() else { return None };
            let Expr::Path(rows) = &*end.receiver else { return None };
            rows.path.get_ident().filter(|_| end.method == "len" && end.args.is_empty())
        }
        _ => None,
    }
}

/// Returns whether `rows[index]` is among the tokens, also within macros.
fn indexes(tokens: TokenStream, rows: &Ident, index: &Ident) -> bool {
    let mut is_behind_rows = false;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            let within = group.stream();
            let is_index = *index == within.to_string();
            if is_behind_rows && group.delimiter() == Delimiter::Bracket && is_index {
                return true;
            }
            if indexes(within, rows, index) {
                return true;
            }
        }
        is_behind_rows = matches!(&token, TokenTree::Ident(it) if it == rows);
    }
    false
}

/// Returns whether the loop's rows are compared, for tests.
#[cfg(test)]
fn is_seen(head: &str, body: &str) -> bool {
    let (head, body): (Expr, syn::Block) =
        (syn::parse_str(head).unwrap(), syn::parse_str(body).unwrap());
    let index = Ident::new("i", proc_macro2::Span::call_site());
    counted(&head).is_some_and(|rows| indexes(body.to_token_stream(), rows, &index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_behind_an_index_are_seen() {
        assert!(is_seen("0..rows.len()", "{ work(&rows[i])?; }"));
        assert!(is_seen("(1..rows.len()).rev().step_by(2)", "{ println!(\"{}\", rows[i]); }"));
        assert!(!is_seen("0..rows.len()", "{ work(&others[i])?; }"));
        assert!(!is_seen("0..rows.len()", "{ work(&rows[i - 1])?; }"));
        assert!(!is_seen("0..=rows.len()", "{ work(&rows[i])?; }"));
        assert!(!is_seen("0..rows.len() + 1", "{ work(&rows[i])?; }"));
        assert!(!is_seen("(0..rows.len()).map(|i| i * 2)", "{ work(&rows[i])?; }"));
    }
}
