//! Generates the code that compares the rows which a `while` loop reads by a carried index.
//!
//! ```text
//! while at < rows.len() { work(&rows[at])?; at += 1; }    // saves with `at`, and compares when it is restored
//! run.carry_rows("rows[..at]", 0, rows_before_index!(rows, &at))
//! ```

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::analyse::carried::CarriedVariable;
use crate::analyse::indexed::watermarks;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::emit::kept_values::or_fail;
use crate::parse::options::variable::Variable;
use crate::syntax::hygiene::{at, local, moved};

/// Returns the names under which the fingerprints of the loop's rows are stored.
pub(crate) fn names(plan: &Plan, target: &Target) -> Vec<String> {
    each(plan, target, |index, list| name(index, list))
}

/// Returns the code that takes the fingerprints of the loop's rows into the next save, with `fail` for those that can't be
/// taken.
pub(crate) fn carried(
    plan: &Plan,
    run: &TokenStream,
    target: &Target,
    fail: &TokenStream,
) -> TokenStream {
    let (krate, depth) = (&plan.krate, target.depth);
    let error = &local("error");
    let carried = each(plan, target, |index, list| {
        let (here, name, rows) =
            (at(index.ident.span()), name(index, list), rows(plan, index, list));
        let run = moved(run, here);
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) = #run.carry_rows(#name, #depth, #rows) { #fail }
        }
    });
    carried.into_iter().collect()
}

/// Returns the code behind the loop's head that compares the rows before an index which has been restored.
pub(crate) fn checked(plan: &Plan, run: &TokenStream, target: &Target) -> TokenStream {
    let Target { depth, id, .. } = target;
    let checked = each(plan, target, |index, list| {
        let (here, name, rows) =
            (at(index.ident.span()), name(index, list), rows(plan, index, list));
        let run = moved(run, here);
        let check = quote_spanned! {here=> #run.check_rows(#name, (#depth, #id), #rows) };
        or_fail(plan, index, &check)
    });
    checked.into_iter().collect()
}

fn each<T>(plan: &Plan, target: &Target, of: impl Fn(&CarriedVariable, &Variable) -> T) -> Vec<T> {
    let watermarks = watermarks(plan, target);
    let pairs = watermarks.iter().flat_map(|it| it.lists.iter().map(|list| (it.index, list)));
    pairs.map(|(index, list)| of(index, list)).collect()
}

fn name(index: &CarriedVariable, list: &Variable) -> String {
    format!("{}[..{}]", list.name(), index.name())
}

fn rows(plan: &Plan, index: &CarriedVariable, list: &Variable) -> TokenStream {
    let krate = &plan.krate;
    let here = at(index.ident.span());
    let index = index.value();
    quote_spanned! {here=> #krate::__private::rows_before_index!(#list, #index) }
}
