//! Keeps together what a `macro_rules!` passes on as one expression or type. The compiler does not see the invisible
//! group around it any more in what an attribute returns: `$x * 2` of `1 + 2` would be `1 + 2 * 2`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Expr, ExprCast, ExprParen, Macro, PathSegment, Type, TypeParen, token};

use crate::syntax::hygiene::at;
use crate::syntax::std_macros::{change_list, is_of_std};

/// Puts the expressions and types in invisible groups in parentheses, where only a part of them would belong to what
/// stands around them. The others stay as they are.
pub(crate) struct KeptWhole;

impl VisitMut for KeptWhole {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Await(it) => keep(&mut it.base),
            Expr::Binary(it) => {
                keep_cast(&mut it.left, it.op);
                keep(&mut it.left);
                keep(&mut it.right);
            }
            Expr::Call(it) => keep(&mut it.func),
            Expr::Cast(it) => keep(&mut it.expr),
            Expr::Field(it) => keep(&mut it.base),
            Expr::Index(it) => keep(&mut it.expr),
            Expr::Let(it) => keep(&mut it.expr),
            Expr::MethodCall(it) => keep(&mut it.receiver),
            Expr::Range(it) => {
                [&mut it.start, &mut it.end].into_iter().flatten().for_each(|it| keep(it));
            }
            Expr::RawAddr(it) => keep(&mut it.expr),
            Expr::Reference(it) => keep(&mut it.expr),
            Expr::Try(it) => keep(&mut it.expr),
            Expr::Unary(it) => keep(&mut it.expr),
            Expr::If(it) => keep_struct(&mut it.cond),
            Expr::While(it) => keep_struct(&mut it.cond),
            Expr::Match(it) => keep_struct(&mut it.expr),
            Expr::ForLoop(it) => keep_struct(&mut it.expr),
            _ => {}
        }
    }

    /// Looks into the macros whose arguments the attribute may emit again. Others get theirs as they are, with the groups.
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        const OURS: [&str; 3] = ["ahead", "commit", "step"];
        let is_ours = |name: &PathSegment| OURS.iter().any(|ours| name.ident == ours);
        let is_emitted = is_of_std(&mac.path) || mac.path.segments.last().is_some_and(is_ours);
        if is_emitted && has_group(mac.tokens.clone()) {
            change_list(mac, &mut |expr| self.visit_expr_mut(expr));
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        match ty {
            Type::Reference(it) => keep_bounds(&mut it.elem),
            Type::Ptr(it) => keep_bounds(&mut it.elem),
            _ => {}
        }
    }
}

/// Puts an operand in parentheses, unless nothing binds more tightly than what it is made by.
fn keep(operand: &mut Expr) {
    if let Expr::Group(group) = operand
        && !is_tight(&group.expr)
    {
        let whole = group.expr.clone();
        *operand = in_parens(whole, group.group_token.span);
    }
}

/// Keeps a `<` behind `x as $ty` from beginning the type's arguments.
fn keep_cast(left: &mut Expr, op: BinOp) {
    let is_open = matches!(op, BinOp::Lt(_) | BinOp::Shl(_) | BinOp::ShlAssign(_));
    if let Expr::Cast(ExprCast { ty, as_token, .. }) = left
        && is_open
        && matches!(**ty, Type::Group(_))
    {
        let place = as_token.span;
        let whole = Box::new(left.clone());
        *left = in_parens(whole, place);
    }
}

/// Keeps the braces of a struct from being a block.
fn keep_struct(head: &mut Expr) {
    if let Expr::Group(group) = head
        && matches!(*group.expr, Expr::Struct(_))
    {
        let whole = group.expr.clone();
        *head = in_parens(whole, group.group_token.span);
    }
}

/// Keeps the bounds of a `dyn A + B` behind a `&` or a `*`.
fn keep_bounds(elem: &mut Type) {
    if let Type::Group(group) = elem
        && matches!(*group.elem, Type::TraitObject(_) | Type::ImplTrait(_))
    {
        let paren_token = token::Paren(at(group.group_token.span));
        let elem_of = group.elem.clone();
        *elem = Type::Paren(TypeParen { attrs: Vec::new(), paren_token, elem: elem_of });
    }
}

fn has_group(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(it) => it.delimiter() == Delimiter::None || has_group(it.stream()),
        _ => false,
    })
}

fn in_parens(expr: Box<Expr>, place: Span) -> Expr {
    Expr::Paren(ExprParen { attrs: Vec::new(), paren_token: token::Paren(at(place)), expr })
}

fn is_tight(expr: &Expr) -> bool {
    match expr {
        Expr::Group(it) => is_tight(&it.expr),
        Expr::Array(_)
        | Expr::Await(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Repeat(_)
        | Expr::Try(_)
        | Expr::Tuple(_) => true,
        _ => false,
    }
}
