//! Generates what a loop is told of its items: how they are known, and what is recorded of one that fails.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::analyse::lending;
use crate::analyse::plan::Plan;
use crate::analyse::sharing;
use crate::analyse::taking;
use crate::analyse::targets::Target;
use crate::analyse::worklists;
use crate::emit::cursors::cursor_type;
use crate::emit::fingerprint::text_fingerprint;
use crate::emit::save_points;
use crate::parse::options::forms::Value;
use crate::parse::options::items::{Capture, Form, Identity, OfItem};
use crate::syntax::hygiene::{at, local, moved_crate};
use crate::syntax::parens;

/// The way in which a loop knows its items, as generated code says it.
pub(crate) struct KnownBy {
    /// The end of the names of the runtime's functions for this way.
    suffix: &'static str,
    /// The runtime's value for this way, such as `Way::Index`.
    pub(crate) way: TokenStream,
    /// The closure that makes of an item what it is known by; for cursors, the local of their type stands before it as
    /// another argument.
    pub(crate) of_item: TokenStream,
}

impl KnownBy {
    /// Returns the name of the runtime's function `name` for this way.
    pub(crate) fn function(&self, name: &str, span: Span) -> Ident {
        Ident::new(&format!("{name}{}", self.suffix), span)
    }
}

/// Returns the way in which the loop over `input` knows its items.
pub(crate) fn known_by(plan: &Plan, target: &Target, input: &Expr) -> KnownBy {
    let here = at(input.span());
    // The path is moved to this place, or an error would point at the whole attribute.
    let krate = &moved_crate(&plan.krate, here);
    match &target.items.identity {
        Identity::Index => KnownBy {
            suffix: "",
            way: quote_spanned! {here=> #krate::__private::IdentityKind::Index },
            of_item: if is_compared(plan, target) {
                let asked = local("asked");
                quote_spanned! {here=> |item| {
                    #krate::__private::source!(item, behind &#asked);
                    #krate::__private::fingerprint!(item)
                } }
            } else {
                quote_spanned! {here=> |_| #krate::__private::None::<u32> }
            },
        },
        Identity::Check(OfItem { pat, body, .. }) => {
            let there = at(body.span());
            let krate = moved_crate(krate, there);
            KnownBy {
                suffix: "",
                way: quote_spanned! {here=> #krate::__private::IdentityKind::Index },
                of_item: quote_spanned! {there=> |#pat| #krate::__private::fingerprint!(&(#body)) },
            }
        }
        Identity::Consumed(_) => KnownBy {
            suffix: "",
            way: quote_spanned! {here=> #krate::__private::IdentityKind::Consumed },
            of_item: quote_spanned! {here=> |_| #krate::__private::CONSUMED },
        },
        Identity::Key(OfItem { pat, body, .. }) => {
            let made_by = text_fingerprint(&quote! { #pat #body });
            let made_by = u32::try_from(made_by & u64::from(u32::MAX)).unwrap_or_default();
            let here = at(body.span());
            let krate = moved_crate(krate, here);
            KnownBy {
                suffix: "_by_key",
                way: quote_spanned! {here=> #krate::__private::IdentityKind::Key(#made_by) },
                of_item: quote_spanned! {here=> |#pat| #krate::__private::key!(#body) },
            }
        }
        Identity::Cursor(OfItem { pat, body, .. }) => {
            let (here, cursor_type) = (at(body.span()), cursor_type(target));
            KnownBy {
                suffix: "_by_cursor",
                way: quote_spanned! {here=> #krate::__private::IdentityKind::Cursor },
                of_item: quote_spanned! {here=> &#cursor_type, |#pat| #body },
            }
        }
    }
}

/// Returns the expression that looks at the type of the variable that the head of a `while let` loop asks for items. It
/// looks at nothing if items are not known by their index.
pub(crate) fn check_asked(plan: &Plan, target: &Target, head: &Expr) -> TokenStream {
    let is_by_index = matches!(target.items.identity, Identity::Index);
    let asked = taking::taken_from(head).filter(|_| {
        is_by_index && !worklists::takes(plan, target) && !lending::lends(plan, target)
    });
    let Some((asked, _)) = asked else {
        let krate = &plan.krate;
        return quote_spanned! {Span::mixed_site()=> #krate::__private::not_asked() };
    };
    let here = at(asked.span());
    let krate = moved_crate(&plan.krate, here);
    quote_spanned! {here=> #krate::__private::source!(&#asked, index) }
}

/// Returns the expression that enters a `for` loop over `expr`: it gives the items, the tally, and what takes the
/// items' type. The check that is to come `first` tells that type.
pub(crate) fn entered(
    plan: &Plan,
    expr: Expr,
    (target, first): (&Target, Option<&TokenStream>),
    keyword: Span,
) -> TokenStream {
    let krate = &plan.krate;
    let input = at(expr.span());
    let (run, number, location) =
        (save_points::run_around(target), number(target), save_points::location(plan, keyword));
    let expr = parens::without_needless(expr);
    let known_by = known_by(plan, target, &expr);
    let KnownBy { way, of_item, .. } = &known_by;
    let enter = known_by.function("items", input);
    let expr = if lending::lends(plan, target) {
        let krate = moved_crate(krate, input);
        quote_spanned! {input=> #krate::__private::lent(#expr) }
    } else {
        expr.to_token_stream()
    };
    let krate = moved_crate(krate, input);
    if sharing::is_shared(plan, target) && matches!(target.items.identity, Identity::Key(_)) {
        return quote_spanned! {input=>
            #krate::__private::shared_items_by_key(
                #krate::__private::input(#expr),
                #run,
                (#number, #location),
                (#way, #of_item),
                |input| #krate::__private::again!(input)
            )
        };
    }
    let walked = &local("input");
    let of_type = known(plan, target, (walked, input), of_item);
    let entered = match of_type {
        None if first.is_none() => {
            return quote_spanned! {input=>
                #krate::__private::#enter(#expr, #run, #number, #location, #way, #of_item)
            };
        }
        None => quote_spanned! {input=>
            #krate::__private::#enter(
                #walked.walker(), #run, #number, #location, #way, #of_item
            )
        },
        Some(known) if sharing::is_shared(plan, target) => quote_spanned! {input=>
            #krate::__private::shared_items(
                #known, #run, (#number, #location), |input| #krate::__private::again!(input)
            )
        },
        Some(known) => {
            quote_spanned! {input=> #krate::__private::items(#known, #run, #number, #location) }
        }
    };
    let entered = after(first, walked, (entered, input));
    // The `match` lets what the expression holds live until the loop is left.
    quote_spanned! {input=>
        match #krate::__private::input(#expr) { #walked => #entered }
    }
}

/// Returns the expression that enters a loop, after the check that tells the type of its items.
fn after(
    first: Option<&TokenStream>,
    walked: &Ident,
    (entered, here): (TokenStream, Span),
) -> TokenStream {
    let Some(check) = first else { return entered };
    let item_type = local("item_type");
    quote_spanned! {here=> {
        let #item_type = #walked.item_type();
        #check
        #entered
    } }
}

/// Returns the input of a loop, with what makes the checksums of its items; none if it knows them by key or cursor.
fn known(
    plan: &Plan,
    target: &Target,
    (walked, here): (&Ident, Span),
    of_item: &TokenStream,
) -> Option<TokenStream> {
    let krate = moved_crate(&plan.krate, here);
    Some(match &target.items.identity {
        Identity::Index if is_compared(plan, target) => {
            quote_spanned! {here=> #krate::__private::known_items!(#walked) }
        }
        Identity::Index => {
            quote_spanned! {here=> #krate::__private::known_items!(#walked, unchecked) }
        }
        Identity::Check(_) => quote_spanned! {here=>
            #krate::__private::checked_items(
                #krate::__private::known_items!(#walked, checked),
                #of_item
            )
        },
        Identity::Consumed(_) => {
            quote_spanned! {here=> #krate::__private::consumed_items(#walked) }
        }
        Identity::Key(_) | Identity::Cursor(_) => return None,
    })
}

/// Returns how generated code says which loop it is: the number of resumable loops around it, and its own number.
pub(crate) fn number(target: &Target) -> TokenStream {
    let Target { depth, id, .. } = target;
    quote_spanned! {Span::mixed_site()=> (#depth, #id) }
}

/// Returns whether the items of a loop are known by their index and compared.
pub(crate) fn is_compared_by_index(plan: &Plan, target: &Target) -> bool {
    matches!(target.items.identity, Identity::Index) && is_compared(plan, target)
}

/// Returns whether items that are known by their index are compared. Those that a carried variable lends, or gives
/// away, are not: the variable is restored with the changes of the run before.
fn is_compared(plan: &Plan, target: &Target) -> bool {
    !lending::lends(plan, target) && !goes_by_index(plan) && !worklists::takes(plan, target)
}

/// Returns whether the option `on_input_change` says that items are known by their index alone.
fn goes_by_index(plan: &Plan) -> bool {
    matches!(plan.options.settings.get("on_input_change"), Some(Value::Variant(_, "Continue")))
}

/// Returns the code that records what is to be captured of the item that has been handed out.
pub(crate) fn capture(plan: &Plan, target: &Target) -> TokenStream {
    let depth = target.depth;
    let run = save_points::run_at(depth + 1);
    let Some(values) = captured(plan, target) else { return TokenStream::new() };
    quote_spanned! {Span::mixed_site()=> #run.capture(#depth, &[#values]); }
}

/// Returns the values to be captured, with their names; none if the loop captures nothing.
pub(crate) fn captured(plan: &Plan, target: &Target) -> Option<TokenStream> {
    let krate = &plan.krate;
    let values = target.items.capture.iter().map(|Capture { name, form, expr }| {
        let here = at(expr.span());
        let value = match form {
            Form::Debug => quote_spanned! {here=> format_args!("{:?}", #expr) },
            Form::Display => quote_spanned! {here=> format_args!("{}", #expr) },
            Form::Any => {
                quote_spanned! {here=> format_args!("{}", #krate::__private::shown!(#expr)) }
            }
        };
        quote_spanned! {here=> (#name, #krate::__private::#value) }
    });
    (!target.items.capture.is_empty()).then(|| quote! { #(#values),* })
}
