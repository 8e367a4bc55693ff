//! What stands in the proof's closure for named variables, and for the items.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;

use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::analyse::worklists;
use crate::emit::policy;
use crate::emit::proof::copy::Copy;
use crate::emit::proof::rename::{Renamed, rename, spell_out_fields};
use crate::emit::proof::taken::{self, Taken};
use crate::emit::proof::written::Written;
use crate::emit::proof::{asked, beside, parts};
use crate::parse::options::variable::Variable;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, locals};

/// A named variable as a local of the proof.
pub(crate) struct Fake {
    pub(crate) declared: TokenStream,
    pub(crate) touched: TokenStream,
}

/// The variables that the body may see, and which are named or have their proof elsewhere, but the one to be `kept`, as
/// locals; and what of its tokens gets another name.
pub(crate) fn fakes(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    (seen, apart, kept): (&[&Outer<'_>], &[Ident], Option<&Variable>),
    taken: &mut Taken,
) -> (Vec<Fake>, Vec<Renamed>) {
    let krate = &plan.krate;
    let here = at(written.keyword);
    let body = written.body.to_token_stream();
    let (mut fakes, mut renamed) = (Vec::new(), Vec::new());
    let elsewhere = seen.iter().filter(|it| it.is_elsewhere && !it.is_constant());
    let elsewhere = elsewhere.filter(|it| !outer::is_named(plan, &it.ident, target));
    // Of a variable that can't be borrowed as a whole, the fields that the body uses.
    let places = |it: &&Outer<'_>| {
        let parts = apart.contains(&it.ident).then(|| parts::used(body.clone(), &it.ident));
        let whole = || vec![Variable { root: it.ident.clone(), fields: Vec::new() }];
        parts.flatten().unwrap_or_else(whole)
    };
    let elsewhere: Vec<Variable> = elsewhere.flat_map(places).collect();
    let named = outer::named_in(plan, target).filter(|named| Some(*named) != kept);
    for (number, variable) in named.chain(&elsewhere).enumerate() {
        let Some(it) = seen.iter().find(|it| it.ident == variable.root) else { continue };
        let name = if variable.is_whole() && it.ident != "self" {
            it.ident.clone()
        } else {
            let Variable { root, fields } = variable;
            let to = local(&format!("named_{number}"));
            let (root, fields) = (root.to_string(), fields.clone());
            renamed.push(Renamed { root, fields, to: to.clone() });
            to
        };
        if matches!(it.kind, Kind::Local(local) if !local.has_value()) {
            let declared = quote_spanned! {here=> let mut #name; };
            fakes.push(Fake { declared, touched: TokenStream::new() });
            continue;
        }
        let place = if variable.is_whole() { it.ident.to_token_stream() } else { variable.place() };
        let known = taken::take(plan, &place, taken);
        let value = if plan.connections.contains(variable) {
            quote_spanned! {here=> #krate::__private::connection!(#known) }
        } else {
            quote_spanned! {here=> #known.fake() }
        };
        fakes.push(Fake {
            declared: quote_spanned! {here=> let mut #name = #value; },
            touched: quote_spanned! {here=> #krate::__private::touch(&mut #name); },
        });
    }
    (fakes, renamed)
}

/// Returns the declarations of locals that stand in a head's copy for the variables or fields it asks, and how these are renamed.
pub(crate) fn asked_locals(
    plan: &Plan,
    asked: impl Iterator<Item = Variable>,
    place: impl Fn(&Variable) -> Span,
    taken: &mut Taken,
) -> (TokenStream, Vec<Renamed>) {
    let krate = &plan.krate;
    let (mut declared, mut renamed) = (TokenStream::new(), Vec::new());
    for (number, variable) in asked.enumerate() {
        let here = place(&variable);
        let to = local(&format!("asked_{number}"));
        let known = taken::take(plan, &variable.place(), taken);
        declared.extend(quote_spanned! {here=>
            let mut #to = #known.fake();
            #krate::__private::touch(&mut #to);
        });
        let Variable { root, fields } = variable;
        renamed.push(Renamed { root: root.to_string(), fields, to });
    }
    (declared, renamed)
}

/// What binds the next item.
pub(crate) struct NextItem {
    pub(crate) bound: TokenStream,
    /// The declaration of what takes the item's type, which stands before the loop.
    pub(crate) kind: TokenStream,
    /// The check that refuses items of some types. It stands behind the loop, as the body may tell the type.
    pub(crate) check: TokenStream,
}

/// Returns what binds the next item.
pub(crate) fn next_item(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    (outer, named): (&[Outer<'_>], &[Renamed]),
    copy: &mut Copy<'_>,
    taken: &mut Taken,
) -> NextItem {
    let krate = &plan.krate;
    let nothing = TokenStream::new;
    locals!(item_type, item, kind);
    let here = at(written.keyword);
    let pat = written.pat;
    if written.is_for {
        // Bound as in the loop that runs: what does not fit is one and the same error.
        let bound = policy::bound(pat, written.keyword, krate);
        let bound = quote_spanned! {here=> let #item = #item_type.fake(); let #pat = #bound; };
        return NextItem { bound, kind: nothing(), check: nothing() };
    }
    let mut head = written.head.clone();
    spell_out_fields(&mut head);
    copy.visit_expr_mut(&mut head);
    let is_worklist = worklists::takes(plan, target);
    let asked = if is_worklist { Vec::new() } else { asked_of(plan, (target, written), outer) };
    let (declared, renamed) = asked_locals(plan, asked.into_iter(), |_| here, taken);
    let renamed = if is_worklist { named } else { &renamed };
    let head = rename(head.into_token_stream(), renamed);
    let all_named: Vec<&Variable> = plan.options.named().collect();
    let is_named = beside::is_named(written.head, &all_named, outer);
    let value = policy::bound(pat, written.keyword, krate);
    let bound = quote_spanned! {here=>
        #declared
        let #item = match #head {
            #krate::__private::Some(#item) => #item,
            #krate::__private::None => break,
        };
    };
    if is_named {
        let bound = quote_spanned! {here=> #bound let #pat = #value; };
        return NextItem { bound, kind: nothing(), check: nothing() };
    }
    let there = at(written.head.span());
    NextItem {
        bound: quote_spanned! {here=>
            #bound
            #krate::__private::is_of(&#kind, &#item);
            let #pat = #value;
        },
        kind: quote_spanned! {here=> let #kind = #krate::__private::type_of_step(); },
        check: quote_spanned! {there=> #krate::__private::read_only!(#kind); },
    }
}

/// Returns the variables that the head may change. These are all, if a resumed run asks the head again for complete items;
/// otherwise what it takes from, and what is named.
fn asked_of(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    outer: &[Outer<'_>],
) -> Vec<Variable> {
    let names = free::names(|free| free.visit_expr(written.head));
    let of = outer.iter().filter(|it| {
        free::holds(&names, &it.ident)
            && !matches!(it.kind, Kind::Local(local) if !local.has_value())
    });
    if !asked::gives_once(plan, (target, written)) {
        return of.map(|it| Variable { root: it.ident.clone(), fields: Vec::new() }).collect();
    }
    let of: Vec<&Outer<'_>> = of.collect();
    let source = asked::source(written.head, outer);
    let elsewhere = of.iter().filter(|it| it.is_elsewhere);
    let elsewhere = elsewhere.map(|it| Variable { root: it.ident.clone(), fields: Vec::new() });
    let all = source.into_iter().chain(outer::named_in(plan, target).cloned()).chain(elsewhere);
    all.filter(|it| of.iter().any(|outer| outer.ident == it.root)).collect()
}
