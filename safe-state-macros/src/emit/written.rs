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
    let fresh = plan.options.restored.fresh.iter().filter(|named| !target.hides(&named.root));
    let written = fresh.filter(|named| uses(body, named)).filter_map(|named| {
        // The name in the option may be from outside of a macro that declares the variable.
        let declared = outer.iter().find(|it| it.ident == named.root && has_value(it))?;
        Some((named, &declared.ident))
    });
    let checks = written.map(|(named, root)| {
        locals!(run, error);
        let here = at(root.span());
        let krate = moved_crate(&plan.krate, here);
        let (name, fields, id) = (named.name(), &named.fields, target.id);
        let fail = save_points::fail(plan, here);
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) =
                #krate::__private::check_written!(#run, #name, #id, #root #(.#fields)*)
            {
                #fail
            }
        }
    });
    checks.collect()
}
