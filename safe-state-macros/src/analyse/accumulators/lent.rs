//! Finds what a loop's head may change apart from what it walks.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, ExprMethodCall, ExprReference, Stmt, Token};

/// Returns the closures and the mutable borrows in a loop's head, except the borrow of what the loop walks.
pub(super) fn changing(head: &Expr) -> Vec<Stmt> {
    let mut search = Changing { walked: walked(head), found: Vec::new() };
    search.visit_expr(head);
    search.found.into_iter().map(|expr| Stmt::Expr(expr, None)).collect()
}

/// Returns the expression at the front of a head's chain of calls, which the loop walks; none if a call has arguments
/// other than closures and literals, as those may be iterators too.
fn walked(head: &Expr) -> Option<&Expr> {
    match head {
        Expr::MethodCall(it) if it.method != "by_ref" => {
            let is_plain = |it: &Expr| matches!(it, Expr::Closure(_) | Expr::Lit(_));
            it.args.iter().all(is_plain).then(|| walked(&it.receiver)).flatten()
        }
        Expr::Paren(it) => walked(&it.expr),
        Expr::Group(it) => walked(&it.expr),
        _ => Some(head),
    }
}

struct Changing<'a> {
    walked: Option<&'a Expr>,
    found: Vec<Expr>,
}

impl<'a> Visit<'a> for Changing<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let is_walked = self.walked.is_some_and(|walked| std::ptr::eq(walked, expr));
        match expr {
            // The operand of the walked borrow may hold closures and borrows as well.
            Expr::Reference(it) if is_walked => visit::visit_expr(self, &it.expr),
            Expr::MethodCall(it) if is_walked && it.method == "by_ref" => {
                visit::visit_expr(self, &it.receiver);
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_closure(&mut self, it: &'a ExprClosure) {
        self.found.push(Expr::Closure(it.clone()));
    }

    fn visit_expr_reference(&mut self, it: &'a ExprReference) {
        if it.mutability.is_some() {
            self.found.push(Expr::Reference(it.clone()));
        } else {
            visit::visit_expr_reference(self, it);
        }
    }

    fn visit_expr_method_call(&mut self, it: &'a ExprMethodCall) {
        if it.method == "by_ref" {
            self.found.push(Expr::Reference(ExprReference {
                attrs: Vec::new(),
                and_token: Token![&](Span::call_site()),
                mutability: Some(Token![mut](Span::call_site())),
                expr: it.receiver.clone(),
            }));
        }
        visit::visit_expr_method_call(self, it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[track_caller]
    fn check(count: usize, head: &Expr) {
        assert_eq!(changing(head).len(), count);
    }

    #[test]
    fn what_is_lent_beside_what_is_walked_is_found() {
        check(1, &parse_quote! { rows_after(cursor!()).zip(ids.by_ref()) });
        check(1, &parse_quote! { rows_after(cursor!()).zip(&mut ids) });
        check(1, &parse_quote! { rows_after(cursor!()).inspect(&mut count).take(n) });
        check(1, &parse_quote! { ids.by_ref().zip(rows_after(cursor!())) });
        check(1, &parse_quote! { (&mut ids).zip(rows) });
        check(1, &parse_quote! { zip(rows_after(cursor!()), &mut ids) });
        check(1, &parse_quote! { rows_after(cursor!()).inspect(|_| seen += 1) });
        check(2, &parse_quote! { rows.by_ref().zip(&mut ids) });
    }

    #[test]
    fn what_is_walked_does_not_count_as_lent() {
        check(0, &parse_quote! { &mut rows });
        check(0, &parse_quote! { rows.by_ref() });
        check(0, &parse_quote! { (&mut rows).take(3) });
        check(1, &parse_quote! { rows.by_ref().filter(|row| row.is_new()) });
        check(0, &parse_quote! { rows_after(cursor!()).zip(&ids) });
    }
}
