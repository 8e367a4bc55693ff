//! Checks what the body of a shared loop does with collections that are put together without `merge`: it may only add to
//! them, as each slice begins with an empty one.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Error, Expr, ExprMethodCall, Item, Macro, Pat, Result, Stmt};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::sharing::is_shared;
use crate::analyse::targets::Target;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::own_names;
use crate::syntax::rewrite::body;

/// Methods that add to a collection, and return nothing.
const ADDING: [&str; 3] = ["append", "extend", "push"];
/// Methods that add to a collection, and return what was there: a set's, or a map's.
const TELLING: [&str; 1] = ["insert"];

/// Refuses bodies of shared loops that do anything else with a collection that has no `merge`.
pub(crate) fn check_merged(plan: &Plan, targets: &[Target]) -> Result<()> {
    for target in targets.iter().filter(|target| is_shared(plan, target)) {
        let Some(body) = plan.originals.get(&target.at).and_then(body) else { continue };
        let own = own_names(body);
        let is_alone = |it: &&CarriedVariable| {
            it.places.mentioning.contains(&target.at)
                && it.is_assignable()
                && !own.contains(&it.ident.to_string())
                && !has_merge(plan, it)
        };
        for variable in plan.carried.iter().filter(is_alone) {
            check_body(body, &variable.named)?;
        }
    }
    Ok(())
}

fn has_merge(plan: &Plan, variable: &CarriedVariable) -> bool {
    let merging = plan.options.restored.merging.iter();
    merging.clone().any(|it| it.variable == variable.named && it.merge.is_some())
}

fn check_body(body: &Block, variable: &Variable) -> Result<()> {
    let name = variable.name();
    let mut uses = Uses { name: name.clone(), found: None };
    uses.visit_block(body);
    let Some(place) = uses.found else { return Ok(()) };
    let text = format!(
        "each slice begins with a `{name}` of its own, so this sees what this slice alone has put into it; without `merge`, a \
         shared loop may only add to it, by `push(..);`, `insert(..);` or `extend(..);`\n\
         help: say how two are put together, as in `carry({name}, merge = |a, b| ..)`, and do not decide by what is in it"
    );
    Err(Error::new(place, text))
}

/// A search for a use of a variable that does not add to it.
struct Uses {
    name: String,
    found: Option<proc_macro2::Span>,
}

impl Uses {
    fn is_it(&self, expr: &Expr) -> bool {
        let text: String = expr.to_token_stream().to_string();
        text.split_whitespace().collect::<String>() == self.name
    }

    /// Visits the arguments alone of a call by one of the `methods` on the variable. Returns whether it is one.
    fn adds(&mut self, call: &ExprMethodCall, methods: &[&str]) -> bool {
        let adds = self.is_it(&call.receiver) && methods.iter().any(|it| call.method == it);
        if adds {
            call.args.iter().for_each(|argument| self.visit_expr(argument));
        }
        adds
    }
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        let dropped = match stmt {
            Stmt::Expr(expr, Some(_)) => match expr {
                Expr::Assign(it) if matches!(*it.left, Expr::Infer(_)) => Some(&*it.right),
                expr => Some(expr),
            },
            Stmt::Local(it) if matches!(it.pat, Pat::Wild(_)) => {
                it.init.as_ref().map(|init| &*init.expr)
            }
            _ => None,
        };
        if let Some(Expr::MethodCall(call)) = dropped
            && self.adds(call, &TELLING)
        {
            return;
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::MethodCall(call) = expr
            && self.adds(call, &ADDING)
        {
            return;
        }
        // What is added to is no collection, which its type shows.
        if let Expr::Binary(it) = expr
            && matches!(it.op, BinOp::AddAssign(_))
            && self.is_it(&it.left)
        {
            return self.visit_expr(&it.right);
        }
        if self.is_it(expr) {
            self.found.get_or_insert_with(|| expr.span());
            return;
        }
        visit::visit_expr(self, expr);
    }

    // What a macro makes of its tokens is not known.
    fn visit_macro(&mut self, _: &'ast Macro) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}
