//! Which loops a carried variable does not reach, because code before them has moved it away. Such a loop has nothing
//! to save of it, and a resumed run does that code again.

use std::slice;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Ident, Item, Local, Macro, Pat, PatIdent, Stmt};

use crate::analyse::place::root;
use crate::analyse::survey::has_cfg;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// A use of the variable, or a loop. If all choices around a part are around a later part too, the first is done before the
/// later one.
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
/// `at` in the survey begins. Then nothing has it borrowed there, either. Returns false where that is uncertain: if more than
/// `declared` patterns in the block bind the name, or a `cfg` may leave out a part of the block.
pub(super) fn is_moved_before(
    block: &Block,
    (ident, declared): (&Ident, usize),
    at: usize,
) -> bool {
    let mut doubts = Doubts { ident, bound: 0, has_cfg: false };
    doubts.visit_block(block);
    if doubts.has_cfg || doubts.bound > declared {
        return false;
    }
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

/// Looks for what makes it uncertain which variable the text uses.
struct Doubts<'a> {
    ident: &'a Ident,
    /// The number of patterns that bind the name.
    bound: usize,
    has_cfg: bool,
}

impl<'ast> Visit<'ast> for Doubts<'_> {
    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.bound += usize::from(it.ident == *self.ident);
        visit::visit_pat_ident(self, it);
    }

    fn visit_attribute(&mut self, it: &'ast Attribute) {
        self.has_cfg |= has_cfg(slice::from_ref(it));
    }
}

struct Uses<'a> {
    ident: &'a Ident,
    /// The number of loops so far, as the survey counts them.
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

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    /// Returns whether `v` is moved before the loop with the number 1, which is the last of two.
    fn is_moved(block: &Block) -> bool {
        is_moved_before(block, (&parse_quote!(v), 1), 1)
    }

    #[test]
    fn a_move_before_the_loop_is_seen() {
        let block = parse_quote!({
            let mut v = Vec::new();
            for x in 0..3 {
                v.push(x);
            }
            let w = v;
            for x in 0..3 {
                f(&w, x);
            }
        });
        assert!(is_moved(&block));
    }

    #[test]
    fn a_move_of_another_variable_of_the_name_is_none() {
        let block = parse_quote!({
            let mut v = Vec::new();
            for x in 0..3 {
                v.push(x);
            }
            let w = &mut v;
            {
                let v = 1;
                drop(v);
            }
            for x in 0..3 {
                w.push(x);
            }
        });
        assert!(!is_moved(&block));
    }

    #[test]
    fn a_move_that_cfg_may_leave_out_is_none() {
        let block = parse_quote!({
            let mut v = Vec::new();
            for x in 0..3 {
                v.push(x);
            }
            #[cfg(feature = "off")]
            drop(v);
            for x in 0..3 {
                f(x);
            }
        });
        assert!(!is_moved(&block));
    }
}
