//! Loops that take what they do from a carried variable, which knows by itself what is left:
//! `while let Some(x) = queue.pop_front()` and `while left > 0`.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Error, Expr, ExprMethodCall, ExprWhile, Item, Macro, Pat, Path, Result};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::place::{is_place, part};
use crate::analyse::plan::Plan;
use crate::analyse::receiving::receiving;
use crate::analyse::targets::Target;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::at;
use crate::syntax::loop_forms::{conditions, is_marker, while_let};

/// Whether the head of that loop, a `while let`, takes what it gives from a carried variable, which knows by itself
/// what is left.
pub(crate) fn takes(plan: &Plan, target: &Target) -> bool {
    let written = plan.originals.get(&target.at);
    let Some(Expr::While(it)) = written else { return false };
    let Some((_, head)) = while_let(it) else { return false };
    let mentioned = Mentioned::of(head);
    let carried: Vec<&CarriedVariable> = plan
        .carried
        .iter()
        .filter(|it| !it.is_handle() && free::holds(&mentioned.names, &it.ident))
        .collect();
    let is_carried =
        |place: &Variable| carried.iter().any(|it| place.holds(&it.named) || it.named.holds(place));
    let is_mentioned =
        mentioned.places.iter().any(is_carried) || carried.iter().any(|it| mentioned.in_macro(it));
    // What a channel gives is in no variable; and what does not come again may be asked for by one.
    let is_given =
        receiving(head, true).is_some() || matches!(target.items.identity, Identity::Consumed(_));
    is_mentioned && !(is_given && asked(head).iter().any(|place| !is_carried(place)))
}

/// Returns the variables and fields that a head asks for the next item.
fn asked(head: &Expr) -> Vec<Variable> {
    match head {
        Expr::Call(it) => it.args.iter().filter_map(part).collect(),
        Expr::Try(it) => asked(&it.expr),
        Expr::Await(it) => asked(&it.base),
        Expr::Paren(it) => asked(&it.expr),
        Expr::MethodCall(it) if part(head).is_none() => asked(&it.receiver),
        _ => part(head).into_iter().collect(),
    }
}

/// The names and places that a head mentions.
struct Mentioned {
    /// The variables that the head does not bind itself.
    names: BTreeSet<String>,
    /// The variables outside of macro calls, with the fields that the source writes behind them.
    places: Vec<Variable>,
    /// The names in macro calls.
    in_macros: BTreeSet<String>,
}

impl Mentioned {
    fn of(head: &Expr) -> Self {
        let names = free::names(|free| free.visit_expr(head));
        let mut mentioned = Mentioned { names, places: Vec::new(), in_macros: BTreeSet::new() };
        mentioned.visit_expr(head);
        mentioned
    }

    /// Returns whether a macro call in the head mentions the variable.
    fn in_macro(&self, variable: &CarriedVariable) -> bool {
        free::holds(&self.in_macros, &variable.ident)
    }
}

impl<'ast> Visit<'ast> for Mentioned {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if is_place(expr) {
            self.places.extend(part(expr));
        } else {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.in_macros.extend(free_idents(it.tokens.clone()));
    }
}

/// Whether variables are taken into the next save before the head of that loop, as that takes from them what an
/// item that fails has to be given again.
pub(crate) fn carries_before_head(plan: &Plan, target: &Target) -> bool {
    let policy = &target.items.policy;
    takes(plan, target) && (policy.answers_errors() || policy.max_crashes.is_some())
}

/// Holds the loops that take from carried variables to their form.
pub(crate) fn check_worklists(plan: &Plan, targets: &[Target]) -> Result<()> {
    for target in targets {
        let written = plan.originals.get(&target.at);
        let Some(Expr::While(it)) = written else { continue };
        let takes = takes(plan, target);
        if is_plain_while(it) && !takes {
            let text = "nothing that is carried decides how long this loop goes on; name what it goes by in \
                        `carry(..)`";
            return Err(Error::new(it.cond.span(), text));
        }
        if let Some((name, place)) = read_anew(plan, it).filter(|_| takes) {
            let text = format!(
                "`{name}` begins anew in each run, and this would read once more what complete items have read; walk it \
                 by a `for`, as in `for line in {name}.lines()`, or name it in `reconnect({name})` if it is a file"
            );
            return Err(Error::new(place, text));
        }
        let place = target.items.identity.place().filter(|_| takes);
        if let Some(place) = place {
            let text = "what is left to do is known by the carried variable that the head takes from; remove this";
            return Err(Error::new(place, text));
        }
    }
    Ok(())
}

/// Returns the variable in `fresh(..)` from which the head of a loop reads on, and the place of the method.
fn read_anew(plan: &Plan, it: &ExprWhile) -> Option<(String, Span)> {
    struct Reads<'p>(&'p Plan, Option<(String, Span)>);
    impl<'ast> Visit<'ast> for Reads<'_> {
        fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
            visit::visit_expr_method_call(self, call);
            let Expr::Path(it) = &*call.receiver else { return };
            let Some(name) = it.path.get_ident() else { return };
            let reads = call.method.to_string().starts_with("read_");
            if reads && self.0.options.restored.fresh.iter().any(|named| named.is(name)) {
                self.1.get_or_insert((name.unraw().to_string(), call.method.span()));
            }
        }
    }
    let mut reads = Reads(plan, None);
    reads.visit_expr(&it.cond);
    reads.1
}

/// Whether it goes on for as long as a condition holds that binds nothing, as [`plain_whiles`] writes it.
fn is_plain_while(it: &ExprWhile) -> bool {
    while_let(it).is_some_and(|(pat, head)| {
        matches!(pat, Pat::Tuple(unit) if unit.elems.is_empty()) && matches!(head, Expr::If(_))
    })
}

/// Writes each marked `while condition` as a `while let Some(()) = ..`, whose items are units.
pub(crate) fn plain_whiles(block: &mut Block, krate: &Path) {
    struct Plain<'a>(&'a Path);
    impl VisitMut for Plain<'_> {
        fn visit_expr_while_mut(&mut self, it: &mut ExprWhile) {
            visit_mut::visit_expr_while_mut(self, it);
            if it.attrs.iter().any(is_marker) && !binds(&it.cond) {
                let (krate, cond) = (self.0, &it.cond);
                let here = at(cond.span());
                it.cond = syn::parse_quote_spanned! {here=>
                    let #krate::__private::Some(()) =
                        if #cond { #krate::__private::Some(()) } else { #krate::__private::None }
                };
            }
        }

        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    Plain(krate).visit_block_mut(block);
}

/// Whether a condition has a `let` in it.
fn binds(cond: &Expr) -> bool {
    !conditions(cond).is_empty() || matches!(cond, Expr::Let(_))
}
