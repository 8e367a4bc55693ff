//! Which loops a carried variable does not reach, because code before them has moved it away. Such a loop has nothing
//! to save of it, and a resumed run does that code again.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Ident, Item, Local, Macro, Pat, Stmt};

use crate::analyse::place::root;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// What the text holds, in its order. What stands under choices that a later part stands under as well is done before
/// that part.
enum Seen {
    /// A use of the variable, by its value or in another way.
    Used {
        by_value: bool,
        under: Vec<usize>,
    },
    Loop {
        at: usize,
        under: Vec<usize>,
    },
}

/// Returns whether the last use of the variable in `block` takes its value, and is done before the loop with the number
/// `at` in the survey begins. Then nothing has it borrowed there, either.
pub(super) fn is_moved_before(block: &Block, ident: &Ident, at: usize) -> bool {
    let mut uses = Uses { ident, loops: 0, choices: 0, under: Vec::new(), seen: Vec::new() };
    uses.visit_block(block);
    let is_loop = |seen: &Seen| matches!(seen, Seen::Loop { at: found, .. } if *found == at);
    let Some(place) = uses.seen.iter().position(is_loop) else { return false };
    let (before, from) = uses.seen.split_at(place);
    if from.iter().any(|seen| matches!(seen, Seen::Used { .. })) {
        return false;
    }
    let is_use = |seen: &&Seen| matches!(seen, Seen::Used { .. });
    match (before.iter().rfind(is_use), from.first()) {
        (Some(Seen::Used { by_value: true, under: last }), Some(Seen::Loop { under, .. })) => {
            under.starts_with(last)
        }
        _ => false,
    }
}

struct Uses<'a> {
    ident: &'a Ident,
    loops: usize,
    choices: usize,
    /// The choices around this place.
    under: Vec<usize>,
    seen: Vec<Seen>,
}

impl Uses<'_> {
    fn used(&mut self, by_value: bool) {
        self.seen.push(Seen::Used { by_value, under: self.under.clone() });
    }

    /// Visits what may be done several times, or not at all.
    fn chosen(&mut self, visit: impl FnOnce(&mut Self)) {
        self.choices += 1;
        self.under.push(self.choices);
        visit(self);
        self.under.pop();
    }

    /// Visits what is used without its value being taken.
    fn place(&mut self, expr: &Expr) {
        match expr {
            Expr::Path(it) if it.path.get_ident() == Some(self.ident) => self.used(false),
            Expr::Paren(it) => self.place(&it.expr),
            Expr::Group(it) => self.place(&it.expr),
            _ => self.visit_expr(expr),
        }
    }

    fn mentioned_in(&mut self, tokens: &impl ToTokens) {
        if free::holds(&free_idents(tokens.to_token_stream()), self.ident) {
            self.used(false);
        }
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        let Some(init) = &local.init else { return };
        if takes_all(&local.pat) {
            self.visit_expr(&init.expr);
        } else {
            self.place(&init.expr);
        }
        if let Some((_, diverging)) = &init.diverge {
            self.chosen(|uses| uses.visit_expr(diverging));
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        // A macro that is defined here may use the variable wherever it is called.
        let hides = |stmt: &Stmt| match stmt {
            Stmt::Item(it) => free::holds(&free_idents(it.to_token_stream()), self.ident),
            _ => false,
        };
        if block.stmts.iter().any(hides) {
            self.used(false);
        }
        visit::visit_block(self, block);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Path(it) if it.path.get_ident() == Some(self.ident) => self.used(true),
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => self.mentioned_in(expr),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => self.visit_loop(expr),
            Expr::If(it) => {
                self.visit_expr(&it.cond);
                self.chosen(|uses| uses.visit_block(&it.then_branch));
                if let Some((_, other)) = &it.else_branch {
                    self.chosen(|uses| uses.visit_expr(other));
                }
            }
            Expr::Match(it) => {
                self.place(&it.expr);
                for arm in &it.arms {
                    self.chosen(|uses| uses.visit_arm(arm));
                }
            }
            Expr::Binary(it) => {
                self.place(&it.left);
                self.chosen(|uses| uses.place(&it.right));
            }
            Expr::Assign(it) => {
                self.place(&it.left);
                self.visit_expr(&it.right);
                if root(&it.left) == Some(self.ident) {
                    self.used(false);
                }
            }
            Expr::MethodCall(it) => {
                if it.method.to_string().starts_with("into_") {
                    self.visit_expr(&it.receiver);
                } else {
                    self.place(&it.receiver);
                }
                it.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            Expr::Struct(it) => {
                it.fields.iter().for_each(|field| self.visit_expr(&field.expr));
                it.rest.iter().for_each(|rest| self.place(rest));
            }
            Expr::Let(it) => self.place(&it.expr),
            Expr::Field(it) => self.place(&it.base),
            Expr::Unary(it) => self.place(&it.expr),
            Expr::Reference(it) => self.place(&it.expr),
            Expr::RawAddr(it) => self.place(&it.expr),
            Expr::Index(it) => {
                self.place(&it.expr);
                self.visit_expr(&it.index);
            }
            Expr::Block(it) if it.label.is_some() => {
                self.chosen(|uses| uses.visit_block(&it.block));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.mentioned_in(&mac.tokens);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Uses<'_> {
    /// Numbers the loop as the survey does.
    fn visit_loop(&mut self, expr: &Expr) {
        self.seen.push(Seen::Loop { at: self.loops, under: self.under.clone() });
        self.loops += 1;
        match expr {
            Expr::ForLoop(it) => {
                self.visit_expr(&it.expr);
                self.chosen(|uses| uses.visit_block(&it.body));
            }
            _ => self.chosen(|uses| visit::visit_expr(uses, expr)),
        }
    }
}

/// Returns whether a `let` of the pattern takes all of a value: no part of it can be borrowed there.
fn takes_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(it) => it.by_ref.is_none() && it.subpat.is_none(),
        Pat::Paren(it) => takes_all(&it.pat),
        Pat::Struct(it) => it.rest.is_none() && it.fields.iter().all(|field| takes_all(&field.pat)),
        Pat::Tuple(it) => it.elems.iter().all(takes_all),
        Pat::TupleStruct(it) => it.elems.iter().all(takes_all),
        Pat::Type(it) => takes_all(&it.pat),
        _ => false,
    }
}
