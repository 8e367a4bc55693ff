//! Refuses `#[resume]` on a loop that has no items.

use syn::{Attribute, Error, Result};

use crate::analyse::survey::{Loop, LoopKind};

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
