//! Finds the connections that a loop uses for nothing but the transactions that its items end by `commit!`. What such a
//! connection changes is in its database, with the progress, so every run may use a new one: it needs no `fresh(..)`.
//! That it is a connection, and nothing else, is checked by its type.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Local, Macro, parse_quote};

use crate::analyse::place::{mentions, part};
use crate::analyse::plan::Plan;
use crate::analyse::survey::{Loop, Survey};
use crate::analyse::targets::Target;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::{bindings, own_names};
use crate::syntax::rewrite::body;

/// Returns the connections of all resumable loops that the options do not name.
pub(crate) fn connections(plan: &Plan, survey: &Survey, targets: &[Target]) -> Vec<Variable> {
    let bodies: Vec<(&Block, &Loop)> = targets
        .iter()
        .filter_map(|it| Some((body(plan.originals.get(&it.at)?)?, survey.loops.get(it.at)?)))
        .collect();
    let mut found: Vec<Variable> = Vec::new();
    for (body, around) in &bodies {
        for place in of_commits(plan, body) {
            let name = place.root.unraw().to_string();
            let is_named = plan.options.named().any(|it| it.holds(&place) || place.holds(it));
            let is_of_item = bodies.iter().any(|(body, _)| own_names(body).contains(&name));
            let is_ours = !is_named && !is_of_item && is_mutable(plan, around, &place.root);
            let is_used_apart = |body: &Block| mentions(without_beginnings(body, &place), &place);
            if is_ours && !found.contains(&place) && !bodies.iter().any(|(it, _)| is_used_apart(it))
            {
                found.push(place);
            }
        }
    }
    found
}

/// Returns what the transactions are begun on that the body commits.
fn of_commits(plan: &Plan, body: &Block) -> Vec<Variable> {
    let mut committed = Committed { plan, transactions: Vec::new(), begun: Vec::new() };
    committed.visit_block(body);
    let Committed { transactions, begun, .. } = committed;
    let begun = begun.into_iter().filter(|(transaction, _)| transactions.contains(transaction));
    begun.map(|(_, place)| place).collect()
}

/// Returns whether the source before the loop shows that the variable can be changed: it is `mut`, or a `&mut`.
fn is_mutable(plan: &Plan, around: &Loop, variable: &Ident) -> bool {
    let mut locals = around.scope.locals.iter().rev();
    if let Some(local) = locals.find(|it| it.binding.ident == *variable) {
        return local.binding.is_mut || local.is_mut_reference;
    }
    let argument = plan.arguments.iter().find(|it| it.ident == *variable);
    argument.is_some_and(|it| it.is_mut || it.is_mut_reference())
}

/// Returns the body without the initialisers that begin something on `place`.
fn without_beginnings(body: &Block, place: &Variable) -> impl ToTokens {
    struct Without<'a>(&'a Variable);
    impl VisitMut for Without<'_> {
        fn visit_local_mut(&mut self, local: &mut Local) {
            match &mut local.init {
                Some(init) if part(&init.expr).as_ref() == Some(self.0) => {
                    init.expr = parse_quote!(());
                }
                _ => visit_mut::visit_local_mut(self, local),
            }
        }
    }
    let mut body = body.clone();
    Without(place).visit_block_mut(&mut body);
    body
}

/// The variables that a body commits.
struct Committed<'p> {
    plan: &'p Plan,
    transactions: Vec<Ident>,
    /// The variables of the body with what each initialiser is made of.
    begun: Vec<(Ident, Variable)>,
}

impl<'ast> Visit<'ast> for Committed<'_> {
    fn visit_macro(&mut self, mac: &'ast Macro) {
        if self.plan.our_macro(&mac.path).as_deref() == Some("commit")
            && let Ok(Expr::Path(transaction)) = mac.parse_body()
        {
            self.transactions.extend(transaction.path.get_ident().cloned());
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let [binding] = bindings(&local.pat).as_slice()
            && let Some(place) = local.init.as_ref().and_then(|init| part(&init.expr))
        {
            self.begun.push((binding.ident.clone(), place));
        }
        visit::visit_local(self, local);
    }
}
