//! Removes parentheses that a loop's head needs, and a call's argument does not: `for x in (Lines { file })`.

use syn::{Expr, ExprParen};

/// Returns the expression without the parentheses that only a loop's head needs. Other parentheses stay, for the
/// compiler to report.
pub(crate) fn without_needless(expr: Expr) -> Expr {
    match expr {
        Expr::Paren(ExprParen { expr, .. }) if shows_a_struct(&expr) => *expr,
        other => other,
    }
}

/// Returns whether a struct's braces stand outside of any other delimiters in the expression.
fn shows_a_struct(expr: &Expr) -> bool {
    match expr {
        Expr::Struct(_) => true,
        Expr::Await(it) => shows_a_struct(&it.base),
        Expr::Binary(it) => shows_a_struct(&it.left) || shows_a_struct(&it.right),
        Expr::Cast(it) => shows_a_struct(&it.expr),
        Expr::Field(it) => shows_a_struct(&it.base),
        Expr::Index(it) => shows_a_struct(&it.expr),
        Expr::MethodCall(it) => shows_a_struct(&it.receiver),
        Expr::Range(it) => [&it.start, &it.end].into_iter().flatten().any(|it| shows_a_struct(it)),
        Expr::Reference(it) => shows_a_struct(&it.expr),
        Expr::Try(it) => shows_a_struct(&it.expr),
        Expr::Unary(it) => shows_a_struct(&it.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;
    use syn::parse_quote;

    #[track_caller]
    fn check(expr: Expr, expected: &Expr) {
        let stripped = without_needless(expr);
        assert_eq!(stripped.to_token_stream().to_string(), expected.to_token_stream().to_string());
    }

    #[test]
    fn parentheses_around_a_struct_are_removed() {
        check(parse_quote!((Lines { file })), &parse_quote!(Lines { file }));
        check(parse_quote!((&Lines { file }.rev())), &parse_quote!(&Lines { file }.rev()));
    }

    #[test]
    fn parentheses_around_anything_else_stay() {
        check(parse_quote!((items)), &parse_quote!((items)));
        check(parse_quote!((walk(Lines { file }))), &parse_quote!((walk(Lines { file }))));
    }
}
