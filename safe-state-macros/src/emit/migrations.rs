//! Tells the job of older versions, and generates the proof that their values become those of the variable.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::parse::options::migrate::{Migrated, Migration};
use crate::syntax::hygiene::{at, local};

/// Returns the calls that tell the job of its migrations.
pub(crate) fn told(plan: &Plan) -> TokenStream {
    plan.options.restored.migrations.iter().map(|it| told_of(plan, it)).collect()
}

fn told_of(plan: &Plan, migration: &Migration) -> TokenStream {
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let from = if is_none(&migration.from) {
        quote_spanned! {site=> .migrates_from(#krate::__private::None::<#krate::__private::String>) }
    } else {
        let from = &migration.from;
        quote_spanned! {site=> .migrates_from(#krate::__private::Some(#from)) }
    };
    let Some(with) = &migration.with else { return from };
    let name = match &migration.of {
        Migrated::Named(variable) => variable.name().to_token_stream(),
        Migrated::Step(step) => quote_spanned! {site=> &#krate::__private::step_name(#step) },
        Migrated::Only => return from,
    };
    let here = at(with.span());
    quote_spanned! {here=> #from.migrate(#name, #with) }
}

/// Returns whether the version is written as `None`: the checkpoint has no version.
fn is_none(from: &Expr) -> bool {
    matches!(from, Expr::Path(path) if path.path.is_ident("None"))
}

/// Returns `restored` with a check by the compiler: the variable's last migration gives a value of the same type, and
/// each migration takes what the one before it gives.
pub(crate) fn checked(
    plan: &Plan,
    variable: &CarriedVariable,
    restored: TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    let value = local("value");
    let is_its = |it: &&Migration| matches!(&it.of, Migrated::Named(of) if *of == variable.named);
    let of_it = plan.options.restored.migrations.iter().filter(is_its);
    let mut with = of_it.filter_map(|it| it.with.as_ref()).peekable();
    if with.peek().is_none() {
        return restored;
    }
    let site = Span::mixed_site();
    let first = quote_spanned! {site=> #value };
    let last = with.fold(first, |value, with| {
        let here = at(with.span());
        quote_spanned! {here=> (#with)(#value) }
    });
    quote_spanned! {site=> #krate::__private::migrated(|#value| #last, #restored) }
}
