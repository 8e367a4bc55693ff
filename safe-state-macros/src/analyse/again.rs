//! Refuses a `for` loop of manual mode that only adds to what is carried: it begins with its first item in each run, so a
//! resumed run would add the complete items once more.
//!
//! Only the plain cases are refused, in which nothing in the loop asks a carried variable what is complete.

use proc_macro2::{Ident, TokenStream};
use syn::visit::{self, Visit};
use syn::{BinOp, Error, Expr, Macro, Result};

use crate::analyse::place::root;
use crate::analyse::plan::Plan;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// Refuses the loop if a resumed run would add its complete items once more to what is carried.
pub(crate) fn check_again(plan: &Plan, it: &Expr) -> Result<()> {
    let Expr::ForLoop(it) = it else { return Ok(()) };
    let mut added = Added { plan, to: None, is_asked: false };
    added.visit_expr(&it.expr);
    added.visit_block(&it.body);
    let Some(ident) = added.to.filter(|_| !added.is_asked) else { return Ok(()) };
    let text = format!(
        "in manual mode a `for` loop begins with its first item in each run, and a resumed run would add to `{ident}` what \
         complete items have added\n\n\
         help: to let the attribute resume the loop, leave out `manual` and `checkpoint!()`\n\
         help: or carry what the loop begins with, as in `for at in next..items.len() {{ ..; next = at + 1; checkpoint!(); }}`"
    );
    Err(Error::new(it.for_token.span, text))
}

/// The variables that a loop adds to, and whether it asks a carried variable for anything.
struct Added<'a> {
    plan: &'a Plan,
    to: Option<Ident>,
    is_asked: bool,
}

impl Added<'_> {
    /// Notes that `place` is added to, if that is a carried variable or a part of one.
    fn note(&mut self, place: &Expr) -> bool {
        let carried = root(place).filter(|root| self.is_carried(root)).cloned();
        if let Some(carried) = &carried {
            self.to.get_or_insert_with(|| carried.clone());
        }
        carried.is_some()
    }

    fn is_carried(&self, ident: &Ident) -> bool {
        self.plan.carried.iter().any(|it| it.named.root == *ident)
    }

    fn ask(&mut self, tokens: TokenStream) {
        let names = free_idents(tokens);
        self.is_asked |= self.plan.carried.iter().any(|it| free::holds(&names, &it.named.root));
    }
}

impl<'ast> Visit<'ast> for Added<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Binary(it) if is_sum(&it.op) && self.note(&it.left) => self.visit_expr(&it.right),
            Expr::MethodCall(it) if appends(&it.method) && self.note(&it.receiver) => {
                it.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            Expr::Path(it) => {
                self.is_asked |= it.path.get_ident().is_some_and(|it| self.is_carried(it));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.ask(it.tokens.clone());
    }
}

fn is_sum(op: &BinOp) -> bool {
    matches!(op, BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::MulAssign(_))
}

fn appends(method: &Ident) -> bool {
    ["append", "extend", "push", "push_back", "push_str"].iter().any(|name| method == name)
}
