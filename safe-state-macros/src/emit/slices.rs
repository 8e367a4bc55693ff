//! Generates a loop that many workers share.
//!
//! ```text
//! for order in orders { total += ship(order)? }    // becomes, with `carry(total, merge = |a, b| a + b)`,
//! match () { () => match match input(orders) { input => shared_items(known_items!(input), run, .., again) } {
//!     (mut items, mut tally, item_type) => {
//!         let before = replace(&mut total, from_default(&total));
//!         loop {
//!             match items.claim(&mut tally, true) {
//!                 Ok(true) => {}
//!                 Ok(false) => break,
//!                 Err(error) => return on_error(error),
//!             }
//!             total = what the slice had last, or from_default(&total);
//!             let NoBreakInASharedLoop = loop { the items of the slice, as of any loop };
//!             if tally.leave() { carry, or return the error }
//!             keep_slice("total", &total), or return the error
//!             if let Err(error) = items.finish(&mut tally) { return on_error(error) }
//!         }
//!         total = merged("total", before, |a, b| a + b), or return the error;
//!     }
//! } }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Expr, ExprForLoop, ExprWhile, Token};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::lowered::Lowered;
use crate::emit::proof::Proof;
use crate::emit::{carry, items, kept_values, policy, save_points};
use crate::parse::options::shared::Merging;
use crate::syntax::hygiene::{at, local, locals, moved, moved_crate};
use crate::syntax::loop_forms::while_let;

/// Returns the loop that does its items slice by slice, and those of a slice one by one.
pub(crate) fn shared_walk(
    plan: &Plan,
    lowered: &Lowered,
    (target, locals): (&Target, &[Local]),
    proof: &Proof,
) -> TokenStream {
    locals!(tally);
    let krate = &plan.krate;
    let Lowered { label, keyword, entered, has_ended, item_type, next, .. } = lowered;
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let (carry, save) =
        (carry::carry(plan, &run, Some(target), locals), save_points::save(plan, &run));
    let due = save_points::due(plan, &run, &carry, &save, Some(has_ended));
    let boundary = save_points::boundary(plan, &run, &carry, &save, has_ended);
    // A `break` that a macro hides has another type.
    let of_slice = quote_spanned! {at(*keyword)=>
        let #krate::__private::NoBreakInASharedLoop: #krate::__private::NoBreakInASharedLoop = #label loop {
            if #tally.complete() { #due }
            #boundary
            #next
        };
    };
    by_slices(plan, (target, locals), (*keyword, entered, item_type), &proof.check, &of_slice)
}

/// Returns the loop that claims slice after slice, and does the items of each by `of_slice`.
pub(crate) fn by_slices(
    plan: &Plan,
    (target, locals): (&Target, &[Local]),
    (keyword, entered, item_type): (Span, &TokenStream, &TokenStream),
    check: &TokenStream,
    of_slice: &TokenStream,
) -> TokenStream {
    locals!(items, tally, error);
    let krate = &plan.krate;
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let carry = carry::carry(plan, &run, Some(target), locals);
    let policy = policy::policy(plan, target);
    let fail = save_points::fail(plan, at(keyword));
    let merged: Vec<Merged<'_>> = merged_in(plan, target).collect();
    let before: TokenStream = merged.iter().map(|it| it.set_aside(plan)).collect();
    let restored: TokenStream = merged.iter().map(|it| it.restored(plan, target)).collect();
    let kept: TokenStream = merged.iter().map(|it| it.kept(plan, &run)).collect();
    let together: TokenStream = merged.iter().map(|it| it.together(plan, &run)).collect();
    let carries = !merged.is_empty();
    let (claim, finish) = if plan.is_async {
        (
            quote_spanned! {at(keyword)=> claim_async(&mut #tally, #carries).await },
            quote_spanned! {at(keyword)=> finish_async(&mut #tally).await },
        )
    } else {
        (
            quote_spanned! {at(keyword)=> claim(&mut #tally, #carries) },
            quote_spanned! {at(keyword)=> finish(&mut #tally) },
        )
    };
    quote_spanned! {at(keyword)=>
        match #entered {
            (mut #items, mut #tally #item_type) => {
                #check
                #before
                loop {
                    match #items.#claim {
                        #krate::__private::Ok(true) => {}
                        #krate::__private::Ok(false) => break,
                        #krate::__private::Err(#error) => #fail,
                    }
                    #policy
                    #restored
                    #of_slice
                    if #tally.leave() { #carry }
                    #kept
                    if let #krate::__private::Err(#error) = #items.#finish { #fail }
                }
                #together
            }
        }
    }
}

/// Returns a `while let` loop as a `for` loop over all that its head gives, which each worker takes in before its first
/// slice: a worker has to know how many items there are, and to come back to those that it has passed over.
pub(crate) fn taken_in(plan: &Plan, it: ExprWhile, target: &Target) -> Expr {
    let Some((pat, head)) = while_let(&it).map(|(pat, head)| (pat.clone(), head.clone())) else {
        return Expr::While(it);
    };
    locals!(taken, item, error, asked);
    let ExprWhile { attrs, label, while_token, body, .. } = it;
    let here = at(while_token.span);
    let krate = moved_crate(&plan.krate, here);
    let (run, fail) = (save_points::run_around(target), save_points::fail(plan, here));
    let is_asked = items::check_asked(plan, target, &head);
    let is_ordered = items::is_compared_by_index(plan, target)
        .then(|| quote_spanned! {here=> #krate::__private::source!(&#item, behind &#asked); });
    let all = quote_spanned! {here=> {
        let #asked = #is_asked;
        if #asked.gives_once() { let #error = #run.gives_once(); #fail }
        let mut #taken = #krate::__private::Vec::new();
        while let #krate::__private::Some(#item) = #head {
            #is_ordered
            #taken.push(#item);
        }
        #taken
    } };
    Expr::ForLoop(ExprForLoop {
        attrs,
        label,
        for_token: Token![for](while_token.span),
        pat: Box::new(pat),
        in_token: Token![in](while_token.span),
        expr: Box::new(Expr::Verbatim(all)),
        body,
    })
}

/// A variable that the loop changes, and how its values of several slices are put together.
struct Merged<'a> {
    variable: &'a CarriedVariable,
    merging: Option<&'a Merging>,
    before: Ident,
}

fn merged_in<'a>(plan: &'a Plan, target: &'a Target) -> impl Iterator<Item = Merged<'a>> {
    // A variable that the body does not mention stays as it is, whatever merging it with `from` would make of it.
    let changing = plan
        .carried
        .iter()
        .filter(|it| it.places.mentioning.contains(&target.at) && it.is_assignable());
    changing.enumerate().map(|(number, variable)| {
        let merging = plan.options.restored.merging.iter();
        let merging = merging.clone().find(|it| it.variable == variable.named);
        let before = format_ident!("{}_{}", local("before"), number, span = Span::mixed_site());
        Merged { variable, merging, before }
    })
}

impl Merged<'_> {
    /// Returns the value that each slice begins with.
    fn from(&self, plan: &Plan) -> TokenStream {
        let here = at(self.variable.ident.span());
        let krate = moved_crate(&plan.krate, here);
        let value = self.variable.value();
        match self.merging {
            Some(Merging { from: Some(from), .. }) => {
                quote_spanned! {here=> #krate::__private::from_value(#value, #from) }
            }
            Some(Merging { merge: Some(_), .. }) => {
                quote_spanned! {here=> #krate::__private::from_default(#value) }
            }
            _ => quote_spanned! {here=> #krate::__private::from_nothing(#value) },
        }
    }

    fn set_aside(&self, plan: &Plan) -> TokenStream {
        let here = at(self.variable.ident.span());
        let (krate, before) = (moved_crate(&plan.krate, here), &self.before);
        let (place, from) = (self.variable.place(), self.from(plan));
        // This value is made before the next statement borrows the variable mutably.
        quote_spanned! {here=>
            let #before = #from;
            let #before = #krate::__private::replace(#place, #before);
        }
    }

    fn restored(&self, plan: &Plan, target: &Target) -> TokenStream {
        let here = at(self.variable.ident.span());
        let (assigned, from) = (self.variable.assigned(), self.from(plan));
        let (name, depth) = (self.variable.name(), self.variable.depth());
        let Target { depth: around, id, .. } = target;
        let run = moved(&save_points::run_at(around + 1), here);
        let call = quote_spanned! {here=> #run.restore_in(#name, #depth, (#around, #id), false) };
        let otherwise = quote_spanned! {here=> #assigned = #from; };
        kept_values::assigned_by(plan, self.variable, &call, &otherwise)
    }

    fn kept(&self, plan: &Plan, run: &TokenStream) -> TokenStream {
        let here = at(self.variable.ident.span());
        let (name, value, run) = (self.variable.name(), self.variable.value(), moved(run, here));
        let call = quote_spanned! {here=> #run.keep_slice(#name, #value) };
        kept_values::or_fail(plan, self.variable, &call)
    }

    fn together(&self, plan: &Plan, run: &TokenStream) -> TokenStream {
        let here = at(self.variable.ident.span());
        let (krate, before) = (moved_crate(&plan.krate, here), &self.before);
        let (name, run) = (self.variable.name(), moved(run, here));
        let by_itself = || quote_spanned! {here=> #krate::__private::Merges::merged };
        let merge = self.merging.and_then(|it| it.merge.as_ref());
        let merge = merge.map_or_else(by_itself, ToTokens::to_token_stream);
        let call = quote_spanned! {here=> #run.merged(#name, #before, #merge) };
        let assigned = self.variable.assigned();
        let error = &local("error");
        let fail = save_points::fail(plan, here);
        quote_spanned! {here=>
            #assigned = match #call {
                #krate::__private::Ok(#before) => #before,
                #krate::__private::Err(#error) => #fail,
            };
        }
    }
}
