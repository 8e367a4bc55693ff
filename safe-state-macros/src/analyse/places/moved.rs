//! Finds what code before a loop does to a carried variable that the loop does not mention: it has moved it away, or has lent it to a
//! local. Such a loop does not change the variable, and a resumed run does that code again.
//!
//! The source alone can't tell the one from the other, as in `let text = list.build();`. So this only guesses, and the compiler
//! decides: [`crate::emit::proof`] has a check of each, which does not compile if the loop could change the variable.

use std::slice;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Ident, Item, Local, Macro, Pat, PatIdent, Stmt};

use crate::analyse::place::{is_place, root};
use crate::analyse::survey::has_cfg;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// The state in which code before a loop has left a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Its value, or a part of it, is gone.
    Moved,
    /// A local may borrow it.
    Lent,
}

/// The way in which the text uses the variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Its value, or a part of it, may be taken.
    Taken,
    /// A local may borrow it from there on.
    Lent,
    /// It gets a value as a whole.
    Assigned,
    Other,
}

/// A use of the variable, or a loop. If all choices around a part are around a later part too, the first is done before the
/// later one.
enum Seen {
    Used { how: How, under: Vec<usize> },
    Loop { at: usize, under: Vec<usize> },
}

/// Returns what has been done to the variable before the loop with the number `at` in the survey begins, which does not mention
/// it. Returns nothing where that is uncertain: if more than `declared` patterns in the block bind the name, or a `cfg` may leave
/// out a part of the block.
pub(super) fn held_before(
    block: &Block,
    (ident, declared): (&Ident, usize),
    at: usize,
) -> Option<Held> {
    let mut doubts = Doubts { ident, bound: 0, has_cfg: false };
    doubts.visit_block(block);
    if doubts.has_cfg || doubts.bound > declared {
        return None;
    }
    let mut uses =
        Uses { ident, loops: 0, choices: 0, lets: 0, under: Vec::new(), seen: Vec::new() };
    uses.visit_block(block);
    let is_loop = |seen: &Seen| matches!(seen, Seen::Loop { at: found, .. } if *found == at);
    let (before, from) = uses.seen.split_at(uses.seen.iter().position(is_loop)?);
    let Some(Seen::Loop { under: around, .. }) = from.first() else { return None };
    let of = |seen: &Seen| match seen {
        Seen::Used { how, under } => Some((*how, under.clone())),
        Seen::Loop { .. } => None,
    };
    if let Some((How::Taken, under)) = before.iter().rev().find_map(of)
        && around.starts_with(&under)
    {
        // What is moved is not used again in the same branch, unless it gets another value first.
        let mut behind = from.iter().filter_map(of).filter(|(_, it)| it.starts_with(&under));
        if matches!(behind.next(), None | Some((How::Assigned, _))) {
            return Some(Held::Moved);
        }
    }
    let is_lent = |(how, under): (How, Vec<usize>)| how == How::Lent && around.starts_with(&under);
    before.iter().filter_map(of).any(is_lent).then_some(Held::Lent)
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
    /// How many initialisers and matched expressions are around this place.
    lets: usize,
    /// The choices around this place.
    under: Vec<usize>,
    seen: Vec<Seen>,
}

impl Uses<'_> {
    fn used(&mut self, how: How) {
        self.seen.push(Seen::Used { how, under: self.under.clone() });
    }

    /// Notes a use that a local may hold on to, if one is made here.
    fn lent(&mut self) {
        self.used(if self.lets > 0 { How::Lent } else { How::Other });
    }

    /// Visits what may be done several times, or not at all.
    fn chosen(&mut self, visit: impl FnOnce(&mut Self)) {
        self.choices += 1;
        self.under.push(self.choices);
        visit(self);
        self.under.pop();
    }

    /// Visits an expression whose value, or parts of it, patterns bind.
    fn bound<'p>(&mut self, expr: &Expr, mut pats: impl Iterator<Item = &'p Pat>) {
        self.lets += 1;
        match root(expr) {
            Some(root) if root == self.ident && is_place(expr) => {
                let is_lent = pats.any(by_reference);
                self.used(if is_lent { How::Lent } else { How::Taken });
            }
            _ => self.visit_expr(expr),
        }
        self.lets -= 1;
    }

    /// Visits what is used without its value being taken.
    fn place(&mut self, expr: &Expr) {
        match expr {
            Expr::Path(it) if it.path.get_ident() == Some(self.ident) => self.used(How::Other),
            Expr::Field(it) => self.place(&it.base),
            Expr::Paren(it) => self.place(&it.expr),
            Expr::Group(it) => self.place(&it.expr),
            Expr::Index(it) => {
                self.place(&it.expr);
                self.visit_expr(&it.index);
            }
            _ => self.visit_expr(expr),
        }
    }

    /// Visits what is borrowed.
    fn borrowed(&mut self, expr: &Expr) {
        self.place(expr);
        if root(expr) == Some(self.ident) {
            self.lent();
        }
    }

    fn mentions(&self, tokens: &impl ToTokens) -> bool {
        free::holds(&free_idents(tokens.to_token_stream()), self.ident)
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        let Some(init) = &local.init else { return };
        self.bound(&init.expr, std::iter::once(&local.pat));
        if let Some((_, diverging)) = &init.diverge {
            self.chosen(|uses| uses.visit_expr(diverging));
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        // A macro that is defined here may use the variable wherever it is called.
        let hides = |stmt: &Stmt| matches!(stmt, Stmt::Item(it) if self.mentions(it));
        if block.stmts.iter().any(hides) {
            self.used(How::Other);
        }
        let lets = std::mem::take(&mut self.lets);
        let (last, others) = match block.stmts.split_last() {
            Some((last @ Stmt::Expr(_, None), others)) => (Some(last), others),
            _ => (None, block.stmts.as_slice()),
        };
        for stmt in others {
            self.visit_stmt(stmt);
        }
        // The block's value is that of the `let` around it.
        self.lets = lets;
        if let Some(last) = last {
            self.visit_stmt(last);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Path(it) if it.path.get_ident() == Some(self.ident) => self.used(How::Taken),
            Expr::Field(_) if is_place(expr) => {
                if root(expr) == Some(self.ident) {
                    self.used(How::Taken);
                }
            }
            Expr::Closure(it) if self.mentions(it) => {
                self.used(if it.capture.is_some() { How::Taken } else { How::Lent });
            }
            Expr::Async(it) if self.mentions(it) => {
                self.used(if it.capture.is_some() { How::Taken } else { How::Lent });
            }
            Expr::Const(it) if self.mentions(it) => self.used(How::Other),
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => self.visit_loop(expr),
            Expr::If(_) | Expr::Match(_) | Expr::Let(_) | Expr::Binary(_) | Expr::Block(_) => {
                self.visit_choice(expr);
            }
            Expr::Assign(it) => {
                self.visit_expr(&it.right);
                let is_whole =
                    matches!(&*it.left, Expr::Path(left) if left.path.is_ident(self.ident));
                if is_whole {
                    self.used(How::Assigned);
                } else {
                    self.place(&it.left);
                }
            }
            Expr::MethodCall(it) => {
                self.place(&it.receiver);
                if is_place(&it.receiver) && root(&it.receiver) == Some(self.ident) {
                    self.called(&it.method);
                }
                it.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            Expr::Struct(it) => {
                it.fields.iter().for_each(|field| self.visit_expr(&field.expr));
                it.rest.iter().for_each(|rest| self.place(rest));
            }
            Expr::Field(it) => self.place(&it.base),
            Expr::Unary(it) => self.place(&it.expr),
            Expr::Reference(it) => self.borrowed(&it.expr),
            Expr::RawAddr(it) => self.place(&it.expr),
            Expr::Index(it) => {
                self.place(&it.expr);
                self.visit_expr(&it.index);
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if self.mentions(&mac.tokens) {
            self.used(How::Other);
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Uses<'_> {
    /// Visits an expression that binds what it matches, or of which a part may not be done.
    fn visit_choice(&mut self, expr: &Expr) {
        match expr {
            Expr::If(it) => {
                self.visit_expr(&it.cond);
                self.chosen(|uses| uses.visit_block(&it.then_branch));
                if let Some((_, other)) = &it.else_branch {
                    self.chosen(|uses| uses.visit_expr(other));
                }
            }
            Expr::Match(it) => {
                self.bound(&it.expr, it.arms.iter().map(|arm| &arm.pat));
                for arm in &it.arms {
                    self.chosen(|uses| uses.visit_arm(arm));
                }
            }
            Expr::Let(it) => self.bound(&it.expr, std::iter::once(&*it.pat)),
            Expr::Binary(it) => {
                self.place(&it.left);
                self.chosen(|uses| uses.place(&it.right));
            }
            Expr::Block(it) if it.label.is_some() => {
                self.chosen(|uses| uses.visit_block(&it.block));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    /// Notes a call of a method on the variable, or on a part of it. Names only decide which check the
    /// compiler makes: a method may take its receiver by value, or give what borrows it.
    fn called(&mut self, method: &Ident) {
        const OWNING: [&str; 9] = [
            "len",
            "is_empty",
            "contains",
            "contains_key",
            "capacity",
            "clone",
            "to_owned",
            "to_vec",
            "to_string",
        ];
        const LENDING: [&str; 16] = [
            "as_", "iter", "get", "first", "last", "keys", "values", "chars", "bytes", "lines",
            "split", "windows", "chunks", "range", "peek", "borrow",
        ];
        let name = method.to_string();
        if LENDING.iter().any(|it| name.starts_with(it)) {
            self.lent();
        } else if OWNING.contains(&name.as_str()) {
            self.used(How::Other);
        } else {
            // If more of it is used behind this, it is not moved here, and may be lent.
            self.lent();
            self.used(How::Taken);
        }
    }

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

/// Returns whether a pattern writes that it binds something by reference.
fn by_reference(pat: &Pat) -> bool {
    struct ByReference(bool);
    impl<'ast> Visit<'ast> for ByReference {
        fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
            self.0 |= it.by_ref.is_some();
            visit::visit_pat_ident(self, it);
        }
    }
    let mut found = ByReference(false);
    found.visit_pat(pat);
    found.0
}

#[cfg(test)]
mod tests;
