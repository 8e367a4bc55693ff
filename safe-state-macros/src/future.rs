//! Functions that are not `async` but return a future: `fn f() -> impl Future { async move {..} }`,
//! and what `#[async_trait]` makes of a method.

use syn::visit::Visit;
use syn::{
    AssocType, Block, Expr, ExprCall, GenericArgument, ItemFn, PathSegment, ReturnType, Stmt, Type,
};

/// The block of the `async` block that `function` returns, and what that gives.
pub(crate) fn returned(function: &mut ItemFn) -> Option<(&mut Block, Type)> {
    let output = output(&function.sig.output)?;
    match function.block.stmts.last_mut()? {
        Stmt::Expr(expr, None) => Some((async_block(expr)?, output)),
        _ => None,
    }
}

/// The block in `async {..}`, or in `Box::pin(async {..})`.
fn async_block(expr: &mut Expr) -> Option<&mut Block> {
    match expr {
        Expr::Async(it) => Some(&mut it.block),
        Expr::Call(ExprCall { func, args, .. }) if is_pin(func) => async_block(args.first_mut()?),
        _ => None,
    }
}

fn is_pin(func: &Expr) -> bool {
    let Expr::Path(path) = func else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "pin")
}

/// The `T` of `Future<Output = T>`, wherever in the return type it stands.
fn output(output: &ReturnType) -> Option<Type> {
    struct Output(Option<Type>);
    impl Visit<'_> for Output {
        fn visit_path_segment(&mut self, segment: &PathSegment) {
            if segment.ident != "Future" {
                return syn::visit::visit_path_segment(self, segment);
            }
            let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return };
            self.0 = arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(AssocType { ident, ty, .. }) if ident == "Output" => {
                    Some(ty.clone())
                }
                _ => None,
            });
        }
    }
    let mut found = Output(None);
    found.visit_return_type(output);
    found.0
}
