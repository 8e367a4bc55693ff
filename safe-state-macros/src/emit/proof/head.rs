//! The proof that the closures in the head of a `for` loop with `cursor` or `consumed` change nothing from before the loop
//! but what is named. A resumed run does not call them again for complete items.
//!
//! ```text
//! for row in rows_after(&db, cursor!()).inspect(|row| stats.note(row)) { .. }    // gets before it
//! let check = || {
//!     let mut asked_0 = known(&types).0.fake();
//!     let _ = rows_after(&asked_0, ..).inspect(|row| stats.note(row));
//!     never()
//! };
//! let _ = name_in_fresh_what_the_head_changes(check);
//! ```
//!
//! Outside of the head's closures all variables become locals of the copy, as a head may take from them.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, Macro, Pat};

use crate::analyse::lending;
use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::place::is_place;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::emit::proof::copy::Copy;
use crate::emit::proof::fakes::asked_locals;
use crate::emit::proof::rename::{Renamed, rename, spell_out_fields};
use crate::emit::proof::taken::Taken;
use crate::emit::proof::written::Written;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, locals, moved_crate};
use crate::syntax::leaving::leaves;

/// Returns the closure with the head's copy and the call that it is passed to, if there is something to prove.
pub(crate) fn closure(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    outer: &[Outer<'_>],
    (copy, returned): (&mut Copy<'_>, &TokenStream),
    taken: &mut Taken,
) -> Option<TokenStream> {
    if lending::lends(plan, target) {
        return lent(plan, written, outer, (copy, returned), taken);
    }
    let is_one = matches!(target.items.identity, Identity::Cursor(_) | Identity::Consumed(_));
    if !written.is_for || !is_one || leaves(|it| it.visit_expr(written.head)) {
        return None;
    }
    let mut found = Found::default();
    found.visit_expr(written.head);
    let has_value = |it: &&Outer<'_>| !matches!(it.kind, Kind::Local(local) if !local.has_value());
    let mentioned = free::names(|free| free.visit_expr(written.head));
    let of: Vec<&Outer<'_>> = outer
        .iter()
        .filter(|it| free::holds(&mentioned, &it.ident) && !found.binds(&it.ident))
        .filter(has_value)
        .collect();
    let is_free = |it: &Outer<'_>| {
        !it.is_constant() && !it.is_elsewhere && !outer::is_named(plan, &it.ident, target)
    };
    let is_closure = |it: &Outer<'_>| {
        is_free(it) && matches!(it.kind, Kind::Local(local) if local.closure().is_some())
    };
    let is_called = |it: &Outer<'_>| free::holds(&found.in_closures, &it.ident) && is_free(it);
    if !of.iter().any(|it| is_called(it) || is_closure(it)) {
        return None;
    }
    let (declared, named, asked) = locals_of(plan, target, &of, &is_free, taken);
    let closures = of.iter().filter(|it| is_closure(it)).map(|it| it.ident.clone()).collect();
    let mut head = written.head.clone();
    spell_out_fields(&mut head);
    copy.visit_expr_mut(&mut head);
    Head { named: &named, asked: &asked, closures, own: &found.own }.visit_expr_mut(&mut head);
    let bound = if plan.is_async {
        "name_in_fresh_what_the_async_head_changes"
    } else {
        "name_in_fresh_what_the_head_changes"
    };
    Some(passed(plan, (written, bound), (&declared, &head.to_token_stream()), returned))
}

/// Returns the proof that the head of a loop changes nothing but what it lends; nothing if it mentions no variable that it could
/// change.
fn lent(
    plan: &Plan,
    written: &Written<'_>,
    outer: &[Outer<'_>],
    (copy, returned): (&mut Copy<'_>, &TokenStream),
    taken: &mut Taken,
) -> Option<TokenStream> {
    let mentioned = free::names(|free| free.visit_expr(written.head));
    let places = lending::lent(written.head).into_iter().filter(|place| {
        outer.iter().any(|it| it.ident == place.root)
            && plan.options.named().any(|named| named.holds(place))
    });
    let places: Vec<Variable> = places.collect();
    let is_open = |it: &Outer<'_>| {
        let is_lent = places.iter().any(|place| place.is_whole() && place.root == it.ident);
        free::holds(&mentioned, &it.ident) && !it.is_constant() && !is_lent
    };
    if leaves(|it| it.visit_expr(written.head)) || !outer.iter().any(is_open) {
        return None;
    }
    let (declared, renamed) = asked_locals(plan, places.into_iter(), |it| at(it.span()), taken);
    let mut head = written.head.clone();
    spell_out_fields(&mut head);
    copy.visit_expr_mut(&mut head);
    let head = rename(head.into_token_stream(), &renamed);
    let bound = if plan.is_async {
        "change_in_the_body_and_walk_by_reference_what_the_async_head_does_not_lend"
    } else {
        "change_in_the_body_and_walk_by_reference_what_the_head_does_not_lend"
    };
    Some(passed(plan, (written, bound), (&declared, &head), returned))
}

/// Returns the closure that declares the locals and evaluates the head, and the call that it is passed to.
fn passed(
    plan: &Plan,
    (written, bound): (&Written<'_>, &str),
    (declared, head): (&TokenStream, &TokenStream),
    returned: &TokenStream,
) -> TokenStream {
    locals!(check);
    let here = at(written.head.span());
    let krate = moved_crate(&plan.krate, here);
    let asyncness = plan.is_async.then(|| quote_spanned! {here=> async });
    let bound = Ident::new(bound, here);
    quote_spanned! {here=>
        let #check = #asyncness || -> #returned {
            #declared
            let _ = #head;
            #krate::__private::never()
        };
        let _ = #krate::__private::#bound(#check);
    }
}

/// Returns the declarations of locals for the variables `of` the head, what gets their names in the head's closures, and
/// what gets them elsewhere in it.
fn locals_of(
    plan: &Plan,
    target: &Target,
    of: &[&Outer<'_>],
    is_free: &dyn Fn(&Outer<'_>) -> bool,
    taken: &mut Taken,
) -> (TokenStream, Vec<Renamed>, Vec<Renamed>) {
    let whole = |it: &Outer<'_>| Variable { root: it.ident.clone(), fields: Vec::new() };
    let is_of = |named: &&Variable| of.iter().any(|it| it.ident == named.root);
    let named = outer::named_in(plan, target).filter(is_of).cloned();
    let elsewhere = of.iter().filter(|it| !is_free(it) && !it.is_constant()).map(|it| whole(it));
    let mut in_closures: Vec<Variable> = Vec::new();
    for variable in named.chain(elsewhere) {
        if !in_closures.contains(&variable) {
            in_closures.push(variable);
        }
    }
    let rest = of.iter().map(|it| whole(it)).filter(|it| !in_closures.contains(it));
    let rest: Vec<Variable> = rest.collect();
    let count = in_closures.len();
    let asked = in_closures.into_iter().chain(rest);
    let (declared, renamed) = asked_locals(plan, asked, |it| at(it.span()), taken);
    let named = renamed.iter().take(count).cloned().collect();
    (declared, named, renamed)
}

/// The names in a head.
#[derive(Default)]
struct Found {
    /// The names in closures that these do not bind themselves.
    in_closures: BTreeSet<String>,
    /// The names that blocks and arms of the head bind.
    own: Vec<String>,
}

impl Found {
    fn binds(&self, ident: &Ident) -> bool {
        self.own.iter().any(|it| *ident == it)
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        self.in_closures.extend(free::names(|free| free.visit_expr_closure(it)));
    }

    fn visit_pat(&mut self, it: &'ast Pat) {
        self.own.extend(bindings(it).iter().map(Binding::name));
        visit::visit_pat(self, it);
    }
}

/// Replaces the variables of a head by locals, in closures only those that are named.
struct Head<'a> {
    named: &'a [Renamed],
    asked: &'a [Renamed],
    /// Closures from before the loop. The copy calls them through a `&`, so they must be `Fn`.
    closures: Vec<Ident>,
    own: &'a [String],
}

impl VisitMut for Head<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(it) => {
                // By a `move` the copy itself would be moved from. What the head binds itself has to be moved.
                let names = free::names(|free| free.visit_expr_closure(it));
                if !self.own.iter().any(|own| names.contains(own)) {
                    it.capture = None;
                }
                *expr = Expr::Verbatim(rename(expr.to_token_stream(), self.named));
            }
            Expr::Path(it) if self.closures.iter().any(|name| it.path.is_ident(name)) => {
                let here = at(it.span());
                *expr = Expr::Verbatim(quote_spanned! {here=> (&#it) });
            }
            _ if is_place(expr) => {
                *expr = Expr::Verbatim(rename(expr.to_token_stream(), self.asked));
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_macro_mut(&mut self, it: &mut Macro) {
        it.tokens = rename(it.tokens.clone(), self.asked);
    }
}
