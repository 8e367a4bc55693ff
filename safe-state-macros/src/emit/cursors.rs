//! Fills in `cursor!()`: where the input of a loop goes on that knows its items by cursor.
//!
//! ```text
//! rows_after(cursor!())    // becomes, with a local that ties its type to that of the loop's cursors
//! rows_after(match run.cursor(0, 0, &cursor_0) { Ok(cursor) => cursor, Err(error) => return on_error(error) })
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Block, Error, Macro, Result};

use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::emit::save_points;
use crate::parse::options::items::Identity;
use crate::syntax::hygiene::{at, local};
use crate::syntax::rewrite::each_macro;

/// Returns the local that stands for the type of a loop's cursors.
pub(crate) fn cursor_type(target: &Target) -> Ident {
    local(&format!("cursor_{}", target.id))
}

/// Returns the place of the loop's option `cursor`, if it has one.
fn by_cursor(target: &Target) -> Option<Span> {
    match &target.items.identity {
        Identity::Cursor(of_item) => Some(of_item.option),
        Identity::Index | Identity::Check(_) | Identity::Consumed(_) | Identity::Key(_) => None,
    }
}

/// Returns the loop that a `cursor!()` inside the loops `around` belongs to: the next loop with `cursor` in the
/// innermost resumable one, else that one itself. In the head of a loop, `next` is this loop.
fn meant<'t>(targets: &'t [Target], next: usize, around: &[usize]) -> Option<&'t Target> {
    let target_at = |at: &usize| targets.iter().find(|target| target.at == *at);
    let innermost = around.iter().rev().find_map(target_at);
    let is_within = |target: &&Target| innermost.is_none_or(|outer| target.depth > outer.depth);
    let following = targets.iter().skip_while(|target| target.at < next).take_while(is_within);
    following.chain(innermost).find(|target| by_cursor(target).is_some())
}

/// Fills in each `cursor!()` of `block`, and returns the statements that they need before `block`.
pub(crate) fn cursors(plan: &Plan, block: &mut Block, targets: &[Target]) -> Result<TokenStream> {
    let krate = &plan.krate;
    let mut sought: Vec<(&Target, Span)> =
        targets.iter().filter_map(|it| by_cursor(it).map(|option| (it, option))).collect();
    // Loops with the same number exclude each other by `#[cfg]`, so one of them is enough.
    sought.dedup_by_key(|(target, _)| target.id);
    let mut used: Vec<u16> = Vec::new();
    each_macro(block, |mac, next, around| {
        if sought.is_empty() || plan.our_macro(&mac.path).is_none_or(|name| name != "cursor") {
            return Ok(());
        }
        let is_target = |at: &&usize| targets.iter().any(|target| target.at == **at);
        let depth = around.iter().filter(is_target).count();
        let Some(target) = meant(targets, next, around) else {
            let text =
                "no loop with `cursor` follows this; put it before its loop, or in the loop's head";
            return Err(Error::new(mac.path.span(), text));
        };
        if depth < target.depth {
            let text = "the loop with `cursor` is inside another one; take its `cursor!()` there";
            return Err(Error::new(mac.path.span(), text));
        }
        used.push(target.id);
        mac.tokens = cursor(plan, mac, target, depth);
        Ok(())
    })?;
    if let Some((_, option)) = sought.iter().find(|(target, _)| !used.contains(&target.id)) {
        let text = "the input has to go on behind the last item that is complete; ask for its cursor with \
                    `safe_state::cursor!()`, as in `for row in rows_after(cursor!())`, and outside of \
                    closures and other macros";
        return Err(Error::new(*option, text));
    }
    let types = sought.iter().map(|(target, _)| {
        let local = cursor_type(target);
        quote_spanned! {Span::mixed_site()=> let #local = #krate::__private::CursorType::new(); }
    });
    Ok(types.collect())
}

/// Returns the tokens to fill a `cursor!()` with that stands inside `around` resumable loops.
fn cursor(plan: &Plan, mac: &Macro, target: &Target, around: usize) -> TokenStream {
    let (krate, error) = (&plan.krate, &local("error"));
    let Target { depth, id, .. } = target;
    let here = at(mac.path.span());
    let (run, local, fail) =
        (save_points::run_at(around), cursor_type(target), save_points::fail(plan, here));
    quote_spanned! {here=>
        @filled_in match #run.cursor(#depth, #id, &#local) {
            #krate::__private::Ok(cursor) => cursor,
            #krate::__private::Err(#error) => #fail,
        }
    }
}
