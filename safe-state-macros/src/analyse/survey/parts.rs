//! Finds the variables of which a field may be moved: the rest can't be borrowed as a whole then.

use std::collections::BTreeSet;

use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Local, Pat};

use crate::analyse::place::{is_place, part};
use crate::parse::options::variable::Variable;

/// Returns the names of variables of which a field stands where its value is taken.
pub(super) fn moved_in_block(block: &Block) -> BTreeSet<String> {
    let taken = taken(|taken| taken.visit_block(block));
    taken.iter().map(|it| it.root.unraw().to_string()).collect()
}

/// Returns the fields whose values are taken in what `visit` visits, and the variables that a pattern takes apart.
pub(crate) fn taken(visit: impl FnOnce(&mut Taken)) -> Vec<Variable> {
    let mut taken = Taken::default();
    visit(&mut taken);
    taken.places
}

/// A visitor that looks for places whose values are taken.
#[derive(Default)]
pub(crate) struct Taken {
    places: Vec<Variable>,
}

impl Taken {
    fn take(&mut self, place: &Expr) {
        self.places.extend(part(place));
    }

    /// Visits an expression that is only borrowed or compared, if it is more than a place.
    fn borrow(&mut self, expr: &Expr) {
        if !is_place(expr) {
            self.visit_expr(expr);
        }
    }
}

impl<'ast> Visit<'ast> for Taken {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Field(_) if is_place(expr) => self.take(expr),
            Expr::Reference(it) => self.borrow(&it.expr),
            Expr::Unary(it) => self.borrow(&it.expr),
            Expr::MethodCall(it) => {
                if it.method.to_string().starts_with("into") {
                    self.visit_expr(&it.receiver);
                } else {
                    self.borrow(&it.receiver);
                }
                it.args.iter().for_each(|it| self.visit_expr(it));
            }
            Expr::Index(it) => {
                self.borrow(&it.expr);
                self.visit_expr(&it.index);
            }
            Expr::Binary(it) => {
                self.borrow(&it.left);
                self.borrow(&it.right);
            }
            Expr::Assign(it) => {
                self.borrow(&it.left);
                self.visit_expr(&it.right);
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let takes_apart = matches!(local.pat, Pat::Struct(_) | Pat::Tuple(_) | Pat::TupleStruct(_));
        if let Some(init) = &local.init
            && takes_apart
            && is_place(&init.expr)
        {
            self.take(&init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_borrowed_is_not_taken() {
        let block: Block = syn::parse_quote! { {
            let files = a.files;
            let Options { rows, .. } = b;
            for row in sorted(c.rows) { send(&d.name, e.rows.iter(), f.rows[0], g.count + 1)?; }
            h.rows.into_iter().map(|row| row + i.count);
            j = k.rows;
        } };
        let names: Vec<String> = moved_in_block(&block).into_iter().collect();
        assert_eq!(names, ["a", "b", "c", "h", "k"]);
    }
}
