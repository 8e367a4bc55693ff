//! Finds channels of other crates, whose types the proof does not know, by the calls that make them.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Block, Error, Result};

use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::syntax::bindings::own_names;
use crate::syntax::free_variables as free;

/// Refuses a body that uses an end of a channel from before the loop, unless that is named.
pub(crate) fn check_channels(plan: &Plan, body: &Block, around: &Loop) -> Result<()> {
    let (used, own) = (free::of_block(body), own_names(body));
    let named = |ident: &Ident| plan.options.named().any(|named| named.root == *ident);
    let mut seen: Vec<&Local> = Vec::new();
    for local in around.scope.locals.iter().rev() {
        let ident = &local.binding.ident;
        let is_hidden = seen.iter().any(|it| it.binding.ident == *ident);
        seen.push(local);
        let is_used = free::holds(&used, ident) && !free::holds(&own, ident);
        if is_hidden || !is_used || named(ident) || !is_end(local, &around.scope.locals) {
            continue;
        }
        let text = format!(
            "`{ident}` is an end of a channel that a resumed run would make anew, without what complete items left in it\n\n\
             help: if every run may start with a new one, add `fresh({ident})`"
        );
        return Err(Error::new(ident.span(), text));
    }
    Ok(())
}

/// Returns whether a local is an end of a channel, or made of one, as by `clone()`.
fn is_end(local: &Local, locals: &[Local]) -> bool {
    let of = [&local.init.refers_to, &local.init.made_of];
    let is_of = |before: &&Local| {
        let name = before.binding.ident.unraw().to_string();
        before.at < local.at && of.iter().any(|it| it.as_deref() == Some(&*name))
    };
    local.is_channel() || locals.iter().rfind(is_of).is_some_and(|before| is_end(before, locals))
}
