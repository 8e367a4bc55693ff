//! Generates the code before a loop that looks at the files which variables in `fresh(..)` write. The source may not show
//! that a caller or a helper makes such a file anew.
//!
//! ```text
//! if let Err(error) = check_written!(run, "out", 0, out) { return on_error(error) }
//! ```

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Block;

use crate::analyse::durable::uses;
use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::targets::Target;
use crate::emit::save_points;
use crate::parse::options::variable::Variable;
use crate::syntax::hygiene::{at, locals, moved_crate};

/// Returns the code; empty for a loop inside another resumable one.
pub(crate) fn checked(
    plan: &Plan,
    target: &Target,
    (body, around): (&Block, &Loop),
) -> TokenStream {
    if target.depth > 0 {
        return TokenStream::new();
    }
    let outer = outer::outer(plan, &around.scope, None);
    let has_value = |it: &Outer<'_>| match it.kind {
        Kind::Local(local) => local.has_value(),
        Kind::OfMacro(_) => false,
        Kind::Argument(_) | Kind::Pattern(_) => true,
    };
    let is_there =
        |named: &Variable| outer.iter().any(|it| it.ident == named.root && has_value(it));
    let fresh = plan.options.restored.fresh.iter();
    let written = fresh.filter(|it| is_there(it) && !target.hides(&it.root) && uses(body, it));
    let checks = written.map(|variable| {
        locals!(run, error);
        let here = at(variable.span());
        let krate = moved_crate(&plan.krate, here);
        let (name, id, fail) = (variable.name(), target.id, save_points::fail(plan, here));
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) =
                #krate::__private::check_written!(#run, #name, #id, #variable)
            {
                #fail
            }
        }
    });
    checks.collect()
}
