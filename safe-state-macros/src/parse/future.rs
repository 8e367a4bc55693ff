//! Recognises functions that are not `async` but return a future: `fn f() -> impl Future { async move {..} }`, and what
//! `#[async_trait]` makes of a method.

use std::collections::BTreeSet;

use syn::visit::Visit;
use syn::{
    AssocType, Block, Expr, ExprCall, GenericArgument, ItemFn, PathArguments, PathSegment,
    ReturnType, Stmt, Type,
};

use crate::syntax::bindings::bindings;

/// Returns the output type of the future that `function` returns, if its last expression is an `async` block.
pub(crate) fn output(function: &ItemFn) -> Option<Type> {
    match function.block.stmts.last()? {
        Stmt::Expr(expr, None) if is_async_block(expr) => output_in(&function.sig.output),
        _ => None,
    }
}

/// Calls `work` with the block in which the function does its work: the block of the future that it returns, or its
/// own.
pub(crate) fn with_block<R>(function: &mut ItemFn, work: impl FnOnce(&mut Block) -> R) -> R {
    let returns_future = function.sig.asyncness.is_none() && output(function).is_some();
    if returns_future
        && let Some(Stmt::Expr(expr, None)) = function.block.stmts.last_mut()
        && let Some(block) = async_block(expr)
    {
        return work(block);
    }
    work(&mut function.block)
}

/// Returns the names of the `let`s before the future that the function returns; none if it returns no future.
pub(crate) fn around(function: &ItemFn) -> Option<BTreeSet<String>> {
    if function.sig.asyncness.is_some() || output(function).is_none() {
        return None;
    }
    let lets = function.block.stmts.iter().filter_map(|stmt| match stmt {
        Stmt::Local(local) => Some(bindings(&local.pat)),
        _ => None,
    });
    Some(lets.flatten().map(|binding| binding.name()).collect())
}

/// Returns the block of `async {..}`, or of `Box::pin(async {..})`.
fn async_block(expr: &mut Expr) -> Option<&mut Block> {
    match expr {
        Expr::Async(it) => Some(&mut it.block),
        Expr::Call(ExprCall { func, args, .. }) if is_pin(func) => async_block(args.first_mut()?),
        _ => None,
    }
}

/// Returns whether the expression is `async {..}`, or `Box::pin(async {..})`.
fn is_async_block(expr: &Expr) -> bool {
    match expr {
        Expr::Async(_) => true,
        Expr::Call(ExprCall { func, args, .. }) => {
            is_pin(func) && args.first().is_some_and(is_async_block)
        }
        _ => false,
    }
}

fn is_pin(func: &Expr) -> bool {
    let Expr::Path(path) = func else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "pin")
}

/// Returns the `T` of `Future<Output = T>`, wherever it stands in the return type.
fn output_in(output: &ReturnType) -> Option<Type> {
    struct Output(Option<Type>);
    impl Visit<'_> for Output {
        fn visit_path_segment(&mut self, segment: &PathSegment) {
            if segment.ident != "Future" {
                return syn::visit::visit_path_segment(self, segment);
            }
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return };
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
