//! Refuses `#[resume]` on a loop that has no items, or none for certain.

use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Pat, Result};

use crate::analyse::survey::{Loop, LoopKind};
use crate::syntax::loop_forms::while_let;

pub(crate) fn check_marker(it: &Loop, marker: &Attribute) -> Result<()> {
    if !marker.path().is_ident("resume") {
        return Err(Error::new_spanned(marker, "write it as `#[resume]`"));
    }
    match it.kind {
        LoopKind::For(_) | LoopKind::WhileLet => Ok(()),
        LoopKind::Other if it.text.contains("let ") => {
            let text = "the items of a `while let` are what a single `Some(..)` gives; write `while let Some(x) = ..`, and another \
                        condition in the body, as in `if n > 9 { break }`; or use `#[resumable(manual)]`";
            Err(Error::new_spanned(marker, text))
        }
        LoopKind::Other | LoopKind::Empty => {
            let text = "this loop has no items to resume; `#[resume]` goes on `for`, `while let Some(..)` and `while` loops, \
                        and for others there is `#[resumable(manual)]`";
            Err(Error::new_spanned(marker, text))
        }
    }
}

/// Refuses a `while let` with a pattern that not all items match. Of others that there are, the compiler says so.
pub(crate) fn check_pattern(written: &Expr) -> Result<()> {
    let Expr::While(it) = written else { return Ok(()) };
    match while_let(it) {
        Some((pat, _)) if may_fail(pat) => {
            let text = "the items of a `while let` are all that its `Some(..)` gives, and this pattern may not match one; write \
                        `while let Some(item) = ..`, and as the body's first statement `let .. = item else { break };`";
            Err(Error::new(pat.span(), text))
        }
        _ => Ok(()),
    }
}

fn may_fail(pat: &Pat) -> bool {
    match pat {
        Pat::TupleStruct(it) => {
            let name = it.path.segments.last().map(|last| last.ident.to_string());
            let is_variant = matches!(name.as_deref(), Some("Ok" | "Err" | "Some"));
            is_variant || it.elems.iter().any(may_fail)
        }
        Pat::Lit(_) | Pat::Range(_) => true,
        Pat::Tuple(it) => it.elems.iter().any(may_fail),
        Pat::Reference(it) => may_fail(&it.pat),
        Pat::Paren(it) => may_fail(&it.pat),
        _ => false,
    }
}
