//! Refuses a function that asks a carried variable for its capacity, which is not stored with its value: after a resume it is
//! another number.
//!
//! ```text
//! if batch.len() == batch.capacity() { send(&mut batch)? }    // with `carry(batch)`
//! ```

use syn::visit::{self, Visit};
use syn::{Block, Error, ExprMethodCall, Item, Macro, Result};

use crate::analyse::place::part;
use crate::analyse::plan::Plan;
use crate::parse::options::variable::Variable;
use crate::syntax::std_macros::expressions;

/// Refuses a function that asks for the capacity of a carried variable, or of a part of one.
pub(crate) fn check_capacity(plan: &Plan, block: &Block) -> Result<()> {
    let mut asked = Asked { carried: &plan.options.restored.carry, found: None };
    asked.visit_block(block);
    asked.found.map_or(Ok(()), |it| Err(refused(&it)))
}

/// The macros that show their arguments, and give nothing back that could decide something.
const SHOWING: [&str; 8] =
    ["debug", "eprint", "eprintln", "error", "info", "println", "trace", "warn"];

/// Finds the first place that asks for the capacity of something carried.
struct Asked<'p> {
    carried: &'p [Variable],
    found: Option<ExprMethodCall>,
}

impl Visit<'_> for Asked<'_> {
    fn visit_expr_method_call(&mut self, it: &ExprMethodCall) {
        visit::visit_expr_method_call(self, it);
        let place = part(&it.receiver).filter(|_| it.method == "capacity" && it.args.is_empty());
        let is_carried =
            |place: &Variable| self.carried.iter().any(|it| it.holds(place) || place.holds(it));
        if place.as_ref().is_some_and(is_carried) {
            self.found.get_or_insert_with(|| it.clone());
        }
    }

    fn visit_macro(&mut self, it: &Macro) {
        // What is only shown decides nothing.
        let is_shown =
            it.path.segments.last().is_some_and(|last| SHOWING.iter().any(|it| last.ident == it));
        if !is_shown {
            for expr in &expressions(it) {
                self.visit_expr(expr);
            }
        }
    }

    fn visit_item(&mut self, _: &Item) {}
}

fn refused(it: &ExprMethodCall) -> Error {
    let text = "a carried value comes back without its capacity, which is another number in a resumed run; compare \
                with a number of your own, as in `batch.len() == SIZE`";
    Error::new(it.method.span(), text)
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use crate::resumable::resumable;

    fn is_refused(statement: &TokenStream) -> bool {
        let function = quote! {
            fn send(rows: &[u64]) {
                let mut batch = Vec::with_capacity(100);
                for row in rows {
                    batch.push(*row);
                    #statement
                }
            }
        };
        let expanded = resumable(quote! { carry(batch) }, function);
        expanded.is_err_and(|error| error.to_string().contains("capacity"))
    }

    #[test]
    fn a_capacity_that_is_only_shown_decides_nothing() {
        assert!(!is_refused(&quote! { println!("{}", batch.capacity()); }));
        assert!(!is_refused(&quote! { info!(room = batch.capacity()); }));
        assert!(is_refused(
            &quote! { if batch.len() == dbg!(batch.capacity()) { batch.clear(); } }
        ));
        assert!(is_refused(&quote! { assert!(batch.capacity() > 7); }));
    }
}
