//! The accumulator check: a mutable variable from before the loop, which the loop's body changes,
//! holds what earlier items left in it. A resumed run starts with a new one, and would go on
//! without a word from a wrong value.

use syn::{Block, Error, Ident, Result};

use crate::expand::Expansion;
use crate::loops::Local;
use crate::mutations::may_change;
use crate::options::Options;

impl Expansion {
    /// Refuses a body that changes a variable which is neither carried nor fresh.
    pub(crate) fn check_accumulators(&self, body: &Block, locals: &[Local]) -> Result<()> {
        let arguments = self.arguments.iter().map(|argument| (&argument.ident, argument.is_mut));
        let locals = locals.iter().map(|local| (&local.binding.ident, local.binding.is_mut));
        // From the inside out: the innermost variable of a name is the one the body sees.
        let variables: Vec<_> = arguments.chain(locals).collect();
        let mut errors: Option<Error> = None;
        for (at, (ident, is_mut)) in variables.iter().enumerate() {
            let is_hidden = variables.iter().skip(at + 1).any(|(later, _)| later == ident);
            let is_named = self.is_named(ident);
            if *is_mut && !is_hidden && !is_named && may_change(body, ident) {
                let error = Error::new(ident.span(), text(ident));
                match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                }
            }
        }
        errors.map_or(Ok(()), Err)
    }

    fn is_named(&self, variable: &Ident) -> bool {
        let Options { carry, reconnect, fresh, .. } = &self.options;
        [carry, reconnect, fresh].iter().any(|named| named.contains(variable))
    }
}

fn text(variable: &Ident) -> String {
    format!(
        "the loop changes `{variable}`, which a resumed run would start anew\n\n\
         help: to save it with the progress and restore it, add `carry({variable})` to `#[resumable]`\n\
         help: if it is a file or a connection, to open again as it was, add `reconnect({variable})`\n\
         help: if every run may start with a new one, add `fresh({variable})`\n\
         help: if the loop only reads it, bind it again without `mut` before the loop: `let {variable} = {variable};`"
    )
}
