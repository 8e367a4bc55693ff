//! Whether code has a `break` or `continue` that leaves it, in a macro call any.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprBreak, ExprContinue, Item, Label, Lifetime, Macro};

/// Whether what `visit` visits has one.
pub(crate) fn leaves(visit: impl FnOnce(&mut Leaving)) -> bool {
    let mut leaving = Leaving::default();
    visit(&mut leaving);
    leaving.found
}

/// Returns whether `body` leaves the loop that it belongs to: by a `break`, or by a `continue` of a loop around that one. The loop
/// may have the label `own`.
pub(crate) fn leaves_loop(body: &Block, own: Option<&Label>) -> bool {
    let is_of_loop = true;
    let mut leaving = Leaving { is_of_loop, own: own.cloned(), ..Leaving::default() };
    leaving.visit_block(body);
    leaving.found
}

#[derive(Default)]
pub(crate) struct Leaving {
    /// Whether the code is the body of a loop, which its `continue` does not leave.
    is_of_loop: bool,
    /// The label of that loop.
    own: Option<Label>,
    /// The loops around this place, and the labels there.
    loops: usize,
    labels: Vec<Lifetime>,
    found: bool,
}

impl Leaving {
    fn to(&mut self, label: Option<&Lifetime>) {
        let stays = label.map_or(self.loops > 0, |label| self.labels.contains(label));
        self.found |= !stays;
    }

    fn within(&mut self, label: Option<&Label>, loops: usize, visit: impl FnOnce(&mut Self)) {
        let outside = self.labels.len();
        self.labels.extend(label.map(|label| label.name.clone()));
        self.loops += loops;
        visit(self);
        self.loops -= loops;
        self.labels.truncate(outside);
    }
}

impl<'ast> Visit<'ast> for Leaving {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let (label, loops) = match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            Expr::ForLoop(it) => (it.label.as_ref(), 1),
            Expr::While(it) => (it.label.as_ref(), 1),
            Expr::Loop(it) => (it.label.as_ref(), 1),
            Expr::Block(it) => (it.label.as_ref(), 0),
            _ => (None, 0),
        };
        self.within(label, loops, |leaving| visit::visit_expr(leaving, expr));
    }

    fn visit_expr_break(&mut self, it: &'ast ExprBreak) {
        self.to(it.label.as_ref());
        visit::visit_expr_break(self, it);
    }

    fn visit_expr_continue(&mut self, it: &'ast ExprContinue) {
        let own = self.own.as_ref().map(|own| &own.name);
        let is_next_item = it.label.is_none() || it.label.as_ref() == own;
        if !(self.is_of_loop && is_next_item) {
            self.to(it.label.as_ref());
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.found |= mentions_one(it.tokens.clone());
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Returns whether a macro that `body` defines leaves a loop by its label, which a call of it does not show.
pub(crate) fn hides_labels(body: &Block) -> bool {
    struct Macros(bool);
    impl Visit<'_> for Macros {
        fn visit_item(&mut self, item: &Item) {
            if let Item::Macro(it) = item {
                self.0 |= leaves_by_label(it.mac.tokens.clone());
            }
        }
    }
    let mut macros = Macros(false);
    macros.visit_block(body);
    macros.0
}

fn leaves_by_label(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_exit = |pair: &[TokenTree]| {
        matches!(pair, [TokenTree::Ident(exit), TokenTree::Punct(quote)]
            if (exit == "break" || exit == "continue") && quote.as_char() == '\'')
    };
    tokens.windows(2).any(is_exit)
        || tokens.iter().any(
            |token| matches!(token, TokenTree::Group(group) if leaves_by_label(group.stream())),
        )
}

fn mentions_one(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "break" || ident == "continue",
        TokenTree::Group(group) => mentions_one(group.stream()),
        // A label may be one to leave by.
        TokenTree::Punct(punct) => punct.as_char() == '\'',
        TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_body_leaves_its_loop_by_what_does_not_come_to_the_next_item() {
        let own: Label = parse_quote!('own:);
        let leaves = |body: Block| leaves_loop(&body, Some(&own));
        assert!(leaves(parse_quote!({
            if x {
                break;
            }
        })));
        assert!(leaves(parse_quote!({
            loop {
                break 'own;
            }
        })));
        assert!(leaves(parse_quote!({
            loop {
                continue 'outer;
            }
        })));
        assert!(leaves(parse_quote!({ leave!(break) })));
        assert!(!leaves(parse_quote!({
            if x {
                continue;
            }
            loop {
                continue 'own;
            }
        })));
        assert!(!leaves(parse_quote!({
            loop {
                break;
            }
            'block: {
                break 'block;
            }
        })));
        assert!(!leaves(parse_quote!({
            let it = || loop {
                break;
            };
        })));
    }
}
