//! What is not there yet when an item ends: what a buffer holds back, and what a transaction around the loop has not
//! committed. And what is gone with a new run: a file that is made anew. A resumed run passes over the items that wrote
//! it.
//!
//! The source alone shows the plain cases, and they are refused where they are seen.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Block, Error, ExprMethodCall, Result, Type};

use crate::analyse::opening::Deed;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::syntax::bindings::own_names;
use crate::syntax::free_idents::free_idents;

/// What keeps what an item did from being there when it ends.
#[derive(Clone, Copy)]
enum Withheld {
    Anew,
    Buffered,
    Uncommitted,
}

/// Refuses a body that writes through what is seen to withhold it.
pub(crate) fn check_durable(plan: &Plan, body: &Block, around: &Loop) -> Result<()> {
    let (mentioned, own) = (free_idents(body.to_token_stream()), own_names(body));
    let uses = |ident: &Ident| {
        let name = ident.unraw().to_string();
        mentioned.contains(&name) && !own.contains(&name)
    };
    let is_fresh = |ident: &Ident| plan.options.restored.fresh.iter().any(|named| named.is(ident));
    let holds_back = |ident: &Ident| is_fresh(ident) && !flushes(body, ident);
    for local in around.scope.locals.iter().filter(|it| uses(&it.binding.ident)) {
        let (ident, opening) = (&local.binding.ident, &local.init.opening);
        let ty = local.value_type();
        if opening.makes_file() && is_fresh(ident) {
            return Err(withheld(plan, ident, Withheld::Anew));
        }
        if opening.does(Deed::BeginsTransaction) || is_of(ty.as_ref(), "Transaction") {
            return Err(withheld(plan, ident, Withheld::Uncommitted));
        }
        if (opening.does(Deed::Buffers) || is_of(ty.as_ref(), "BufWriter")) && holds_back(ident) {
            return Err(withheld(plan, ident, Withheld::Buffered));
        }
    }
    for argument in plan.arguments.iter().filter(|it| uses(&it.ident)) {
        let (ident, ty) = (&argument.ident, argument.value_type());
        if is_of(ty.as_ref(), "Transaction") {
            return Err(withheld(plan, ident, Withheld::Uncommitted));
        }
        if is_of(ty.as_ref(), "BufWriter") && holds_back(ident) {
            return Err(withheld(plan, ident, Withheld::Buffered));
        }
    }
    Ok(())
}

/// At the name in `fresh(..)`, or else at the variable.
fn withheld(plan: &Plan, ident: &Ident, withheld: Withheld) -> Error {
    let named = plan.options.restored.fresh.iter().find(|named| named.is(ident));
    let place = named.map_or(ident, |named| &named.root);
    let name = ident.unraw();
    let text = match withheld {
        Withheld::Anew => format!(
            "`{name}` makes its file anew in each run, and what complete items wrote there would be gone\n\n\
             help: to go on in the file behind what is complete, name it in `reconnect({name})`\n\
             help: a writer of a format, such as `csv::Writer` or an encoder, is made in each item, around a file in \
             `reconnect`: see \"Files and connections\" in the README\n\
             help: a file that no item leaves anything in is made in the item itself"
        ),
        Withheld::Buffered => format!(
            "`{name}` holds back what is written, and what complete items wrote would be lost with the process\n\n\
             help: of a file, name it in `reconnect({name})`, which flushes it with each save\n\
             help: else call `{name}.flush()` at the end of each item"
        ),
        Withheld::Uncommitted => format!(
            "`{name}` is a transaction around the loop, and what complete items did in it would be rolled back if the \
             process dies\n\n\
             help: let the function have the connection, begin a transaction in each item, and end it by \
             `commit!(..)`, which saves the progress with it\n\
             help: to read alone, let the loop use a `&{name}` of another name"
        ),
    };
    Error::new(place.span(), text)
}

/// Whether the type is written as that one, whatever stands in its angle brackets.
fn is_of(ty: Option<&Type>, name: &str) -> bool {
    let Some(Type::Path(it)) = ty else { return false };
    it.path.segments.last().is_some_and(|last| last.ident == name)
}

/// Whether the body is seen to flush the writer.
fn flushes(body: &Block, writer: &Ident) -> bool {
    struct Search<'a>(&'a Ident, bool);
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
            visit::visit_expr_method_call(self, call);
            let is_it =
                free_idents(call.receiver.to_token_stream()).contains(&self.0.unraw().to_string());
            self.1 |= is_it && (call.method == "flush" || call.method == "into_inner");
        }
    }
    let mut search = Search(writer, false);
    search.visit_block(body);
    search.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flushes_is_seen() {
        let writer: Ident = syn::parse_str("out").unwrap();
        let flushes = |text: &str| flushes(&syn::parse_str(text).unwrap(), &writer);
        assert!(flushes("{ writeln!(out)?; out.flush()?; }"));
        assert!(flushes("{ out.get_mut().flush().await?; }"));
        assert!(!flushes("{ writeln!(out)?; other.flush()?; }"));
    }
}
