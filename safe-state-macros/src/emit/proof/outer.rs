//! The variables from before a loop, and what is asked of them beside the proof, which does not see it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Pat, Type};

use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::proof::{Taken, Written};
use crate::parse::function::{Argument, bindings};
use crate::parse::options::variable::Variable;
use crate::resumable::Expansion;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, moved};

/// A variable from before the loop, as the body sees it.
pub(crate) struct Outer<'a> {
    pub(crate) ident: Ident,
    pub(crate) kind: Kind<'a>,
    /// Whether it is from before a loop around this one, and has its proof there.
    pub(crate) is_elsewhere: bool,
}

pub(crate) enum Kind<'a> {
    Argument(&'a Argument),
    Local(&'a Local),
    Pattern,
}

impl Outer<'_> {
    /// Whether the body can neither change nor move it: it is written as a `&T`, or as a primitive.
    pub(crate) fn is_constant(&self) -> bool {
        match self.kind {
            Kind::Argument(it) => !it.is_mut && it.ty.as_ref().is_some_and(is_constant),
            Kind::Local(_) | Kind::Pattern => false,
        }
    }
}

fn is_constant(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64", "str",
    ];
    match ty {
        Type::Reference(it) => it.mutability.is_none(),
        Type::Path(it) => PRIMITIVES.iter().any(|name| it.path.is_ident(name)),
        _ => false,
    }
}

impl Expansion {
    /// The variables that the loop of `target` may change: those that are named, without the carried ones of which
    /// its source shows that it only reads them.
    pub(crate) fn named_in(&self, target: &Target) -> impl Iterator<Item = &Variable> {
        let reads = |named: &Variable| {
            let carried = self.carried.iter().find(|it| it.named == *named);
            carried.is_some_and(|it| !it.places.saving.contains(&target.at))
        };
        self.options.named().filter(move |named| !reads(named))
    }

    /// Whether the variable is among them as a whole.
    pub(crate) fn is_named(&self, variable: &Ident, target: &Target) -> bool {
        self.named_in(target).any(|named| named.is(variable))
    }

    /// The variables from before the loop, of each name the one that the body sees.
    pub(crate) fn outer<'a>(&'a self, around: &'a Loop, within: Option<usize>) -> Vec<Outer<'a>> {
        let is_nested = within.is_some();
        let is_before = |local: &Local| within.is_some_and(|at| !local.around.contains(&at));
        let of =
            |ident: &Ident, kind, is_elsewhere| Outer { ident: ident.clone(), kind, is_elsewhere };
        let arguments =
            self.arguments.iter().map(|it| of(&it.ident, Kind::Argument(it), is_nested));
        let locals =
            around.locals.iter().map(|it| of(&it.binding.ident, Kind::Local(it), is_before(it)));
        let patterns = around.patterns.iter().map(|it| of(it, Kind::Pattern, false));
        let mut outer: Vec<Outer<'_>> = Vec::new();
        for one in arguments.chain(patterns).chain(locals) {
            // A constant in a pattern looks like a variable.
            let is_constant = one.ident.to_string().starts_with(char::is_uppercase);
            outer.retain(|before| before.ident != one.ident);
            outer.extend(Some(one).filter(|_| !is_constant));
        }
        outer
    }

    /// Refuses items by which the loop changes what it walks, unless that is named.
    pub(crate) fn items_check(
        &self,
        (target, written): (&Target, &Written<'_>),
        outer: &[Outer<'_>],
    ) -> TokenStream {
        let walked = free_idents(written.head.to_token_stream());
        let is_walked = |ident: &Ident| free::holds(&walked, ident);
        let is_named =
            self.options.lasting().any(|named| is_walked(&named.root)) || self.lends(target);
        // Behind a `&` of the caller's is what the caller lets be changed.
        let is_ours = outer.iter().any(|it| is_walked(&it.ident) && !it.is_constant());
        if !written.is_for || is_named || !is_ours {
            return TokenStream::new();
        }
        let (krate, item_type) = (&self.krate, &self.names.item_type);
        let here = at(written.head.span());
        let krate = moved(krate, here);
        quote_spanned! {here=> #krate::__private::read_only!(#item_type); }
    }

    /// Refuses locals that can be changed through a shared reference.
    pub(crate) fn shared_checks(
        &self,
        seen: &[&Outer<'_>],
        free: &BTreeSet<String>,
        taken: &mut Taken,
    ) -> TokenStream {
        let checks = seen.iter().filter_map(|it| {
            let Kind::Local(local) = it.kind else { return None };
            let is_meant = local.has_value()
                && !it.is_elsewhere
                && !local.is_of_argument(&self.arguments)
                && free::holds(free, &it.ident)
                && !self.options.named().any(|named| named.root == it.ident);
            is_meant.then(|| {
                let here = at(it.ident.span());
                let krate = moved(&self.krate, here);
                let known = self.take(&it.ident, taken);
                quote_spanned! {here=> #krate::__private::unshared!(#known); }
            })
        });
        checks.collect()
    }

    /// Refuses carried variables that are set back in a resumed run, and can be changed through another reference.
    pub(crate) fn kept_checks(
        &self,
        target: &Target,
        around: &Loop,
        taken: &mut Taken,
    ) -> TokenStream {
        let kept = self.carried.iter().filter(|it| it.places.are_kept());
        let kept = kept.filter(|it| it.is_first_before(target, &around.locals));
        let checks = kept.map(|variable| {
            let here = at(variable.ident.span());
            let krate = moved(&self.krate, here);
            let known = self.take(&variable.assigned(), taken);
            quote_spanned! {here=> #krate::__private::set_back!(#known); }
        });
        checks.collect()
    }
}

/// The names that the body binds.
pub(crate) fn own_names(body: &Block) -> BTreeSet<String> {
    struct Own(BTreeSet<String>);
    impl syn::visit::Visit<'_> for Own {
        fn visit_pat(&mut self, pat: &Pat) {
            self.0.extend(bindings(pat).iter().map(crate::parse::function::Binding::name));
            syn::visit::visit_pat(self, pat);
        }
    }
    let mut own = Own(BTreeSet::new());
    syn::visit::Visit::visit_block(&mut own, body);
    own.0
}
