//! The passes over a body that change it, or look into its loops, by the numbers that `loops` gives
//! to loops and `let`s. All of them must number as the survey does.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprBreak, Item, Lifetime, Macro, Result, Stmt};

/// Replaces the initialiser of the `let` at place `chosen` by what `change` makes of it.
pub(crate) fn replace_initialiser(
    block: &mut Block,
    chosen: usize,
    change: impl FnOnce(&Expr) -> Result<Expr>,
) -> Result<()> {
    struct Search<F> {
        left: usize,
        change: Option<F>,
        result: Result<()>,
    }
    impl<F: FnOnce(&Expr) -> Result<Expr>> VisitMut for Search<F> {
        fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
            // What stands behind it need not be looked at.
            if self.change.is_some() {
                visit_mut::visit_stmt_mut(self, stmt);
            }
        }

        fn visit_local_mut(&mut self, local: &mut syn::Local) {
            let Some(left) = self.left.checked_sub(1) else {
                if let (Some(init), Some(change)) = (&mut local.init, self.change.take()) {
                    self.result = change(&init.expr).map(|changed| *init.expr = changed);
                }
                return;
            };
            self.left = left;
            visit_mut::visit_local_mut(self, local);
        }

        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            match expr {
                Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
                _ => visit_mut::visit_expr_mut(self, expr),
            }
        }

        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    let mut search = Search { left: chosen, change: Some(change), result: Ok(()) };
    search.visit_block_mut(block);
    search.result
}

/// Passes each loop of `block` with its place in the survey to `change`, inner loops first.
pub(crate) fn replace(
    block: &mut Block,
    change: impl FnMut(usize, Expr) -> Result<Expr>,
) -> Result<()> {
    struct Replace<F> {
        at: usize,
        change: F,
        result: Result<()>,
    }
    impl<F: FnMut(usize, Expr) -> Result<Expr>> VisitMut for Replace<F> {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            match expr {
                Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                    let at = self.at;
                    self.at += 1;
                    visit_mut::visit_expr_mut(self, expr);
                    let taken = std::mem::replace(expr, Expr::PLACEHOLDER);
                    match (self.change)(at, taken) {
                        Ok(changed) => *expr = changed,
                        Err(error) if self.result.is_ok() => self.result = Err(error),
                        Err(_) => {}
                    }
                }
                Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
                _ => visit_mut::visit_expr_mut(self, expr),
            }
        }

        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    let mut replace = Replace { at: 0, change, result: Ok(()) };
    replace.visit_block_mut(block);
    replace.result
}

/// Passes each macro call of `block` to `change`, with the place of the loop that follows it or whose
/// head it is in, and the loops around it from the outside in. The condition of a `while` is inside of
/// it.
pub(crate) fn each_macro(
    block: &mut Block,
    change: impl FnMut(&mut Macro, usize, &[usize]) -> Result<()>,
) -> Result<()> {
    struct Macros<F> {
        at: usize,
        /// The loop whose head this is.
        head_of: Option<usize>,
        around: Vec<usize>,
        change: F,
        result: Result<()>,
    }
    impl<F: FnMut(&mut Macro, usize, &[usize]) -> Result<()>> VisitMut for Macros<F> {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            match expr {
                Expr::ForLoop(it) => {
                    let at = self.at;
                    self.at += 1;
                    let outer = self.head_of.replace(at);
                    self.visit_expr_mut(&mut it.expr);
                    self.head_of = outer;
                    self.around.push(at);
                    self.visit_block_mut(&mut it.body);
                    self.around.pop();
                }
                Expr::While(it) => {
                    let at = self.at;
                    self.at += 1;
                    self.around.push(at);
                    let outer = self.head_of.replace(at);
                    self.visit_expr_mut(&mut it.cond);
                    self.head_of = outer;
                    self.visit_block_mut(&mut it.body);
                    self.around.pop();
                }
                Expr::Loop(it) => {
                    self.around.push(self.at);
                    self.at += 1;
                    self.visit_block_mut(&mut it.body);
                    self.around.pop();
                }
                Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
                _ => visit_mut::visit_expr_mut(self, expr),
            }
        }

        fn visit_macro_mut(&mut self, mac: &mut Macro) {
            if self.result.is_ok() {
                let next = self.head_of.unwrap_or(self.at);
                self.result = (self.change)(mac, next, &self.around);
            }
        }

        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    let mut macros = Macros { at: 0, head_of: None, around: Vec::new(), change, result: Ok(()) };
    macros.visit_block_mut(block);
    macros.result
}

/// The first `break` in `body` to one of `labels`; in a macro call or definition, any mention of one that no `continue` is in front of.
pub(crate) fn break_to(body: &Block, labels: &[Lifetime]) -> Option<Lifetime> {
    struct Breaks<'a> {
        labels: &'a [Lifetime],
        found: Option<Lifetime>,
    }
    impl Visit<'_> for Breaks<'_> {
        fn visit_expr_break(&mut self, it: &ExprBreak) {
            let label = it.label.as_ref().filter(|label| self.labels.contains(label));
            self.found = self.found.take().or(label.cloned());
            visit::visit_expr_break(self, it);
        }

        fn visit_macro(&mut self, it: &Macro) {
            if self.found.is_none() {
                self.found = label_in(it.tokens.clone(), self.labels);
            }
        }
    }
    let mut breaks = Breaks { labels, found: None };
    breaks.visit_block(body);
    breaks.found
}

/// The first of `labels` that `tokens` mention with no `continue` in front of it.
fn label_in(tokens: TokenStream, labels: &[Lifetime]) -> Option<Lifetime> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let within = tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) => label_in(group.stream(), labels),
        _ => None,
    });
    let here = tokens.windows(2).enumerate().find_map(|(at, pair)| {
        let [TokenTree::Punct(quote), TokenTree::Ident(name)] = pair else { return None };
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let is_continue = matches!(before, Some(TokenTree::Ident(it)) if it == "continue");
        let is_label = |label: &&Lifetime| quote.as_char() == '\'' && label.ident == *name;
        let is_left = !is_continue && labels.iter().any(|label| is_label(&label));
        is_left.then(|| Lifetime { apostrophe: quote.span(), ident: name.clone() })
    });
    here.or(within)
}

/// The loops of `block` that are `wanted`, by their places in the survey.
pub(crate) fn loops(block: &Block, wanted: impl Fn(usize) -> bool) -> BTreeMap<usize, Expr> {
    struct Loops<F> {
        at: usize,
        wanted: F,
        found: BTreeMap<usize, Expr>,
    }
    impl<F: Fn(usize) -> bool> Visit<'_> for Loops<F> {
        fn visit_expr(&mut self, expr: &Expr) {
            match expr {
                Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                    if (self.wanted)(self.at) {
                        self.found.insert(self.at, expr.clone());
                    }
                    self.at += 1;
                }
                Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
                _ => {}
            }
            visit::visit_expr(self, expr);
        }

        fn visit_item(&mut self, _: &Item) {}
    }
    let mut loops = Loops { at: 0, wanted, found: BTreeMap::new() };
    loops.visit_block(block);
    loops.found
}

/// The body of a loop.
pub(crate) fn body(expr: &Expr) -> Option<&Block> {
    match expr {
        Expr::ForLoop(it) => Some(&it.body),
        Expr::While(it) => Some(&it.body),
        Expr::Loop(it) => Some(&it.body),
        _ => None,
    }
}
