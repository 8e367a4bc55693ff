//! The proof that a `step!` changes nothing from before it, as a resumed run does not evaluate it again.
//!
//! ```text
//! step!("rates", fetch(&mut client)?)    // gets before its value, if `client` is `fresh`
//! let given = type_of_step();
//! if false {
//!     let check = || -> Result<u64> {
//!         let mut client = fake(&client);
//!         of_step(&given, fetch(&mut client)?);
//!         never()
//!     };
//!     let _ = let_the_step_give_what_it_changes(check);
//! }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Block, Error, Expr, Result, Stmt};

use crate::analyse::changes::changes_in;
use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::survey::Scope;
use crate::analyse::survey::patterns::OfArgument;
use crate::emit::proof::copy::Copy;
use crate::emit::proof::rename::{Renamed, rename};
use crate::emit::proof::{given, macros, parts, returned_by, shells};
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::own_names;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, locals, moved_crate};
use crate::syntax::leaving::hides_labels;

/// Where a `step!` stands, or a loop with a `checkpoint!()` in it.
pub(crate) struct Place<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) span: Span,
    pub(crate) is_in_loop: bool,
    /// Whether it is a loop, which may change what is carried.
    pub(crate) is_loop: bool,
}

impl Place<'_> {
    /// Returns the variables that may change here.
    fn named<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Variable> {
        let carried = plan.options.restored.carry.iter().filter(|_| self.is_loop);
        carried.chain(plan.options.lasting())
    }

    /// Returns whether the variable may change here.
    fn may_change(&self, plan: &Plan, ident: &Ident) -> bool {
        self.named(plan).any(|named| named.is(ident))
    }

    /// Returns the function of the runtime that asks for a closure that is `Fn`. Errors show its name.
    fn bound(&self, plan: &Plan) -> Ident {
        let name = match (self.is_loop, plan.is_async) {
            (true, is_async) => super::bound(is_async, false),
            (false, true) => "let_the_async_step_give_what_it_changes",
            (false, false) => "let_the_step_give_what_it_changes",
        };
        Ident::new(name, at(self.span))
    }
}

/// Returns the proof that a loop with a `checkpoint!()` in it changes nothing from before it but what is named; none if
/// there is nothing to prove.
pub(crate) fn of_loop(plan: &Plan, it: &Expr, place: &Place<'_>) -> Option<TokenStream> {
    let block = Block {
        brace_token: syn::token::Brace(place.span),
        stmts: vec![Stmt::Expr(it.clone(), None)],
    };
    let macros = macros::called(&place.scope.macros, &block);
    let mut names = free::of_block(&block);
    names.extend(macros.iter().flat_map(|it| free_idents(it.mac.tokens.clone())));
    let outer = outer::outer(plan, place.scope, None);
    let seen: Vec<&Outer<'_>> = outer.iter().filter(|it| free::holds(&names, &it.ident)).collect();
    let is_open = |it: &&Outer<'_>| !it.is_constant() && !place.may_change(plan, &it.ident);
    if !super::proves_all() && !seen.iter().any(is_open) {
        return None;
    }
    let closure = closure(plan, (&block, &macros), place, (&outer, &seen));
    let shared = shared_checks(plan, place, &seen);
    Some(quote_spanned! {at(place.span)=> if false { #shared #closure } })
}

/// Returns the value of a step with the proof before it; the value alone if there is nothing to prove.
pub(crate) fn proved(plan: &Plan, value: &Expr, place: &Place<'_>) -> Result<Option<TokenStream>> {
    let block = Block {
        brace_token: syn::token::Brace(place.span),
        stmts: vec![Stmt::Expr(value.clone(), None)],
    };
    let macros = macros::called(&place.scope.macros, &block);
    let mut names = free::names(|free| free.visit_expr(value));
    names.extend(macros.iter().flat_map(|it| free_idents(it.mac.tokens.clone())));
    let outer = outer::outer(plan, place.scope, None);
    let seen: Vec<&Outer<'_>> = outer.iter().filter(|it| free::holds(&names, &it.ident)).collect();
    check_changes(plan, &block, value, &seen)?;
    let is_open = |it: &&Outer<'_>| !it.is_constant() && !place.may_change(plan, &it.ident);
    if !super::proves_all() && !seen.iter().any(is_open) {
        return Ok(None);
    }
    locals!(given);
    let krate = &plan.krate;
    let here = at(place.span);
    let closure = closure(plan, (&block, &macros), place, (&outer, &seen));
    let shared = shared_checks(plan, place, &seen);
    Ok(Some(quote_spanned! {here=> {
        let #given = #krate::__private::type_of_step();
        if false { #shared #closure }
        #krate::__private::step_of(&#given, #value)
    } }))
}

/// Refuses what the source shows to be changed.
fn check_changes(plan: &Plan, block: &Block, value: &Expr, seen: &[&Outer<'_>]) -> Result<()> {
    let own = own_names(block);
    let may_change =
        |kind: &Kind<'_>| kind.is_mut() || matches!(kind, Kind::Local(it) if !it.has_value());
    for it in seen.iter().filter(|it| may_change(&it.kind) && !free::holds(&own, &it.ident)) {
        let is_collection = matches!(it.kind, Kind::Local(local) if local.is_of_std());
        let covers = |place: &Variable| plan.options.lasting().any(|named| named.holds(place));
        let changed = changes_in(value, &it.ident, is_collection);
        if let Some(change) = changed.into_iter().find(|change| !covers(&change.place)) {
            let (name, root) = (change.place.name(), &it.ident);
            let text = format!(
                "the step changes `{name}`, and a resumed run does not evaluate it again\n\n\
                 help: let the step give the new value, and assign that: `{name} = step!(..)`\n\
                 help: if every run may start with a new one, add `fresh({root})` to `#[resumable]`"
            );
            return Err(Error::new(change.place.span(), text));
        }
    }
    Ok(())
}

/// Returns the closure with the copy of the step, and what it is passed to.
fn closure(
    plan: &Plan,
    (block, macros): (&Block, &[&syn::ItemMacro]),
    place: &Place<'_>,
    (outer, seen): (&[Outer<'_>], &[&Outer<'_>]),
) -> TokenStream {
    let here = at(place.span);
    let krate = moved_crate(&plan.krate, here);
    locals!(given, check);
    let Locals { mut declared, touched, renamed } = fakes(plan, place, seen, here);
    let given_away = given::given(block);
    let moved = seen.iter().filter(|it| !place.may_change(plan, &it.ident));
    for it in moved {
        let name = &it.ident;
        let value = given::given_value(&krate, it, &given_away);
        declared.extend(value.map(|value| quote_spanned! {here=> let #name = #value; }));
    }
    declared.extend(quote! { #(#macros)* });
    let own = own_names(block);
    let may_go_on = hides_labels(block);
    let mut copied = block.clone();
    let apart = &parts::taken_apart(outer, place.scope);
    let own = &own;
    Copy { plan, outer, apart, own, cursor: None, is_lost: false, may_go_on, inner: 0 }
        .visit_block_mut(&mut copied);
    let copied = rename(quote_spanned! {here=> match () { () => #copied } }, &renamed);
    let walk = if place.is_loop {
        // One without a `break` never ends.
        quote_spanned! {here=> if #krate::__private::maybe() { let _ = #copied; } }
    } else {
        quote_spanned! {here=> #krate::__private::of_step(&#given, #copied); }
    };
    // An iteration has locals of its own.
    let walk = if place.is_in_loop {
        quote_spanned! {here=> loop { if #krate::__private::maybe() { break; } #declared #walk } }
    } else {
        let touched = place.is_loop.then_some(touched);
        quote_spanned! {here=> #declared #walk #touched }
    };
    let walk = shells::around(&walk, &copied, (place.scope, here), &plan.krate);
    let (returned, unified) = returned_by(plan, block);
    let asyncness = plan.is_async.then(|| quote_spanned! {here=> async });
    let bound = place.bound(plan);
    let passed = quote_spanned! {here=> #krate::__private::#bound(#check) };
    let passed = if unified {
        quote_spanned! {here=> return #passed; }
    } else {
        quote_spanned! {here=> let _ = #passed; }
    };
    quote_spanned! {here=>
        let #check = #asyncness || -> #returned {
            #walk
            #krate::__private::never()
        };
        #passed
    }
}

/// Locals for what is named.
#[derive(Default)]
struct Locals {
    declared: TokenStream,
    /// The rule for which tokens change each of them, and which use it.
    touched: TokenStream,
    /// The parts of the copy that get another name.
    renamed: Vec<Renamed>,
}

/// Returns locals for what is named.
fn fakes(plan: &Plan, place: &Place<'_>, seen: &[&Outer<'_>], here: Span) -> Locals {
    let krate = &plan.krate;
    let mut locals = Locals::default();
    for (number, variable) in place.named(plan).enumerate() {
        let Some(it) = seen.iter().find(|it| it.ident == variable.root) else { continue };
        let mut name = it.ident.clone();
        if !variable.is_whole() || name == "self" {
            name = local(&format!("named_{number}"));
            let (root, fields) = (variable.root.to_string(), variable.fields.clone());
            locals.renamed.push(Renamed { root, fields, to: name.clone() });
        }
        if matches!(it.kind, Kind::Local(local) if !local.has_value()) {
            locals.declared.extend(quote_spanned! {here=> let mut #name; });
            continue;
        }
        let (root, fields) = (&it.ident, &variable.fields);
        let touched = quote_spanned! {here=> #krate::__private::touch(&mut #name); };
        locals.declared.extend(quote_spanned! {here=>
            let mut #name = #krate::__private::fake(&#root #(.#fields)*);
            #touched
        });
        locals.touched.extend(touched);
    }
    locals
}

/// Refuses variables that can be changed through a shared reference.
fn shared_checks(plan: &Plan, place: &Place<'_>, seen: &[&Outer<'_>]) -> TokenStream {
    let scope = place.scope;
    let checks = seen.iter().filter_map(|it| {
        let of_argument = match it.kind {
            Kind::Argument(_) | Kind::OfMacro(_) => return None,
            Kind::Local(local) if !local.has_value() => return None,
            // What is in a collection can't be changed while nothing is in it.
            Kind::Local(local) if local.init.is_empty && local.ty.is_none() => return None,
            Kind::Pattern(bound) if bound.is_item => return None,
            Kind::Local(local) => {
                scope.is_of_argument(local, &plan.arguments).then_some(OfArgument::Reference)
            }
            Kind::Pattern(_) => scope.bound_of_argument(&it.ident, &plan.arguments),
        };
        let is_meant = of_argument != Some(OfArgument::Reference)
            && !place.named(plan).any(|named| named.root == it.ident);
        is_meant.then(|| {
            let here = at(it.ident.span());
            let (krate, ident) = (moved_crate(&plan.krate, here), &it.ident);
            let but_borrowed = of_argument.map(|_| quote_spanned! {here=> , but borrowed });
            let unshared = if place.is_loop { "unshared" } else { "unshared_by_step" };
            let unshared = Ident::new(unshared, here);
            quote_spanned! {here=>
                #krate::__private::unshared!(
                    #krate::__private::type_of(&#ident), #unshared #but_borrowed
                );
            }
        })
    });
    let checks: Vec<TokenStream> = checks.collect();
    quote! { #(#checks)* }
}
