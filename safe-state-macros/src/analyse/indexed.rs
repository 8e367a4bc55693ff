//! Loops over the indices of a list, such as `for i in 0..rows.len()` and `while i < rows.len()`, whose items are numbers that
//! tell nothing of the rows. The row behind each number is compared, as if the loop said `check = |i| rows[*i]`.

mod lists;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    BinOp, Block, Expr, ExprForLoop, ExprIf, Pat, RangeLimits, Type, parse_quote,
    parse_quote_spanned,
};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::parse::options::items::{Identity, OfItem};
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::own_names;
use crate::syntax::free_variables as free;
use crate::syntax::loop_forms::while_let;

use lists::lists_at;

/// Lets the `for` loops over indices compare the rows, unless their options say how their items are known.
pub(crate) fn compare_rows(plan: &Plan, targets: &mut [Target]) {
    for target in targets.iter_mut().filter(|_| !is_said(plan)) {
        let is_by_index = matches!(target.items.identity, Identity::Index);
        let Some(Expr::ForLoop(it)) = plan.originals.get(&target.at) else { continue };
        let is_alone = is_by_index && target.items.side_by_side.is_none();
        if let Some(check) = is_alone.then(|| rows_of(plan, it)).flatten() {
            target.items.identity = Identity::Check(check);
        }
    }
}

/// Returns whether the options say what is compared.
fn is_said(plan: &Plan) -> bool {
    plan.options.settings.has("on_input_change") || plan.options.settings.has("shared")
}

fn rows_of(plan: &Plan, it: &ExprForLoop) -> Option<OfItem> {
    let Pat::Ident(index) = &*it.pat else { return None };
    let lists = lists_of(plan, &it.body, it.body.to_token_stream(), &index.ident, false);
    if index.subpat.is_some() || lists.is_empty() || !counts(&it.expr) {
        return None;
    }
    let here = it.expr.span();
    let item = Ident::new("index", here);
    let is_counted = |list: &&Variable| counted(&it.expr).is_some_and(|rows| list.is(rows));
    let krate = &plan.krate;
    let rows = lists.iter().find(is_counted);
    // Other lists may be shorter, and their rows may be what can't be compared.
    let others: Vec<&Variable> = lists.iter().filter(|list| !is_counted(list)).collect();
    let others = quote_spanned! {here=> #(#krate::__private::row!(#others, *#item),)* };
    let body = match rows {
        Some(rows) if others.is_empty() => parse_quote_spanned! {here=> #rows[*#item] },
        Some(rows) => parse_quote_spanned! {here=> (&#rows[*#item], #others) },
        None => parse_quote_spanned! {here=> (#others) },
    };
    Some(OfItem { option: here, pat: parse_quote! { #item }, body })
}

/// The lists that a `while` loop reads by an index, which is carried: the rows before the index are done.
pub(crate) struct Watermark<'a> {
    pub(crate) index: &'a CarriedVariable,
    pub(crate) lists: Vec<Variable>,
}

/// Returns the lists that the loop reads by indices that grow, unless the options say what is compared.
pub(crate) fn watermarks<'p>(plan: &'p Plan, target: &Target) -> Vec<Watermark<'p>> {
    let Some(Expr::While(it)) = plan.originals.get(&target.at) else { return Vec::new() };
    let Some((_, head)) = while_let(it) else { return Vec::new() };
    let is_compared = matches!(target.items.identity, Identity::Index)
        && target.items.side_by_side.is_none()
        && !is_said(plan);
    let indices = plan.carried.iter().filter(|index| {
        is_compared && !index.is_handle() && index.named.is_whole() && !target.hides(&index.ident)
    });
    let of_index = |index: &'p CarriedVariable| {
        let in_head = lists_at(head.to_token_stream(), &index.ident, true);
        if in_head.is_empty() && !is_bounded(head, &index.ident) {
            return None;
        }
        let mut read = head.to_token_stream();
        read.extend(it.body.to_token_stream());
        let lists = lists_of(plan, &it.body, read, &index.ident, true);
        (!lists.is_empty()).then_some(Watermark { index, lists })
    };
    indices.filter_map(of_index).collect()
}

/// Returns the lists from before a loop that `read` reads at the index, and that the loop does not change.
fn lists_of(
    plan: &Plan,
    body: &Block,
    read: TokenStream,
    index: &Ident,
    as_watermark: bool,
) -> Vec<Variable> {
    let own = own_names(body);
    if free::holds(&own, index) && as_watermark {
        return Vec::new();
    }
    let mut lists = lists_at(read, index, as_watermark);
    lists.retain(|list| {
        let is_named = plan.options.named().any(|it| it.holds(list) || list.holds(it));
        !is_named && !free::holds(&own, &list.root) && may_be_held(plan, &list.root)
    });
    lists
}

/// Returns whether the condition of a loop says how far the index may grow.
fn is_bounded(cond: &Expr, index: &Ident) -> bool {
    let is_index = |expr: &Expr| match expr {
        Expr::Path(it) => it.path.is_ident(index),
        Expr::Binary(it) if matches!(it.op, BinOp::Add(_)) => {
            matches!(&*it.left, Expr::Path(it) if it.path.is_ident(index))
        }
        Expr::Cast(it) => matches!(&*it.expr, Expr::Path(it) if it.path.is_ident(index)),
        _ => false,
    };
    match cond {
        Expr::If(ExprIf { cond, .. }) => is_bounded(cond, index),
        Expr::Paren(it) => is_bounded(&it.expr, index),
        Expr::Binary(it) => match it.op {
            BinOp::And(_) => is_bounded(&it.left, index) || is_bounded(&it.right, index),
            BinOp::Lt(_) | BinOp::Le(_) => is_index(&it.left),
            BinOp::Gt(_) | BinOp::Ge(_) => is_index(&it.right),
            BinOp::Ne(_) => is_index(&it.left) || is_index(&it.right),
            _ => false,
        },
        _ => false,
    }
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

const LEAVING: [&str; 5] = ["filter", "rev", "skip", "step_by", "take"];

/// Returns whether the loop walks numbers of a range, also behind methods that leave out numbers or change their order.
fn counts(head: &Expr) -> bool {
    match head {
        Expr::Paren(it) => counts(&it.expr),
        Expr::MethodCall(it) => {
            LEAVING.iter().any(|name| it.method == name) && counts(&it.receiver)
        }
        Expr::Range(_) => true,
        _ => false,
    }
}

/// Returns the list in `0..rows.len()`, also behind methods that leave out indices or change their order.
fn counted(head: &Expr) -> Option<&Ident> {
    match head {
        Expr::Paren(it) => counted(&it.expr),
        Expr::MethodCall(it) => {
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

/// Returns whether the loop's rows are compared, for tests.
#[cfg(test)]
fn is_seen(head: &str, body: &str) -> bool {
    let (head, body): (Expr, Block) =
        (syn::parse_str(head).unwrap(), syn::parse_str(body).unwrap());
    let index = Ident::new("i", proc_macro2::Span::call_site());
    let lists = lists_at(body.to_token_stream(), &index, false);
    counted(&head).is_some_and(|rows| lists.iter().any(|list| list.is(rows)))
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
