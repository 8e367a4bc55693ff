//! Generates what opens a run around the body, and what ends it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Block, Item, Stmt, Type};

use crate::analyse::plan::Plan;
use crate::emit::save_points;
use crate::parse::function::{Argument, Returned};
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::{in_braces_of, local, locals};

/// The expression by which the function tells its job.
pub(crate) enum JobExpr {
    /// The companion's job, to which the function adds nothing.
    Alone(TokenStream),
    By(TokenStream),
}

impl JobExpr {
    /// Adds the calls in `more` to the job.
    pub(crate) fn with(self, more: &TokenStream) -> Self {
        match self {
            JobExpr::Alone(job) if more.is_empty() => JobExpr::Alone(job),
            JobExpr::Alone(job) | JobExpr::By(job) => {
                JobExpr::By(quote_spanned! {Span::mixed_site()=> #job #more })
            }
        }
    }
}

impl ToTokens for JobExpr {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let (JobExpr::Alone(job) | JobExpr::By(job)) = self;
        job.to_tokens(tokens);
    }
}

/// Returns the run of a function that is not async and returns a type with a name: what opens it, the body, and what
/// ends it.
pub(crate) fn in_one_call(
    plan: &Plan,
    job: &JobExpr,
    block: &Block,
    captures: &TokenStream,
    before: &TokenStream,
    ty: &Type,
) -> TokenStream {
    let krate = &plan.krate;
    locals!(run, handed, on_error, failing);
    let job_local = &local("job");
    let site = Span::mixed_site();
    let body = behind(&quote_spanned! {site=> #captures #before }, block);
    // The job is made in a statement of its own, which drops what the user's expressions hold before the run begins.
    let (told, job) = match job {
        JobExpr::Alone(job) => (TokenStream::new(), quote_spanned! {site=> &#job }),
        JobExpr::By(job) => {
            (quote_spanned! {site=> let #job_local = #job; }, quote_spanned! {site=> &#job_local })
        }
    };
    quote_spanned! {site=>
        #told
        let (#on_error, #failing) = #krate::__private::returns!(#ty);
        return #krate::__private::run(
            #job,
            #on_error,
            #failing,
            move |#run, #handed| -> #ty #body,
        );
    }
}

/// Returns the block with `before` at its head: as the tail of another block, it would be reported for its braces. The
/// items at its head stay first, as they would be reported behind a statement. A macro ends them, as only what stands
/// behind it can call it.
fn behind(before: &TokenStream, block: &Block) -> TokenTree {
    let is_item = |it: &&Stmt| matches!(it, Stmt::Item(item) if !matches!(item, Item::Macro(_)));
    let (items, stmts) = block.stmts.split_at(block.stmts.iter().take_while(is_item).count());
    in_braces_of(block, quote_spanned! {Span::mixed_site()=> #(#items)* #before #(#stmts)* })
}

pub(crate) fn open(plan: &Plan, job: &JobExpr) -> TokenStream {
    let krate = &plan.krate;
    locals!(run, error, on_error);
    let job_local = &local("job");
    let site = Span::mixed_site();
    let converter = match &plan.returned {
        Returned::Type(ty) => quote_spanned! {site=> #krate::__private::on_error!(#ty) },
        Returned::Opaque | Returned::Never => {
            quote_spanned! {site=> #krate::__private::panic_with }
        }
    };
    let fail = save_points::fail(plan, site);
    let opened = if plan.is_async {
        quote_spanned! {site=> #krate::__private::Run::open_async(&#job_local).await }
    } else {
        quote_spanned! {site=> #krate::__private::Run::open(&#job_local) }
    };
    quote_spanned! {site=>
        let #job_local = #job;
        let #on_error = #converter;
        let mut #run = match #opened {
            #krate::__private::Ok(#run) => #run,
            #krate::__private::Err(#error) => #fail,
        };
    }
}

pub(crate) fn call(
    plan: &Plan,
    block: &Block,
    captures: &TokenStream,
    restore: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    locals!(run, outcome);
    let site = Span::mixed_site();
    let ty = match &plan.returned {
        Returned::Type(ty) => ty.to_token_stream(),
        Returned::Opaque => quote_spanned! {site=> _ },
        Returned::Never => quote_spanned! {site=> #krate::__private::Infallible },
    };
    let body = behind(&quote_spanned! {site=> #captures #restore }, block);
    let called = if plan.is_async {
        let future = cancellable_whole(plan, &body);
        quote_spanned! {site=> #krate::__private::call_async::<#ty>(#run.spans(), #future).await }
    } else {
        quote_spanned! {site=> #krate::__private::call_in(&#run.spans(), move || -> #ty #body) }
    };
    quote_spanned! {site=>
        let #outcome = { let #run = &mut #run; #called };
    }
}

/// Returns the block as a future. If a limit is passed, the future ends with the limit's error.
fn cancellable_whole(plan: &Plan, body: &TokenTree) -> TokenStream {
    let krate = &plan.krate;
    locals!(run, on_error);
    let site = Span::mixed_site();
    if !plan.options.settings.have_limits() {
        return quote_spanned! {site=> async move #body };
    }
    quote_spanned! {site=>
        #krate::__private::cancellable(#run.cancellation(), #on_error, async move #body)
    }
}

/// Returns the code that takes the arguments into the closure from the last to the first, which is the order in which a
/// function drops them, and whole, as the block might mention only a part. An argument that is not mentioned stays
/// outside: the compiler is to report it as unused, unless its name says that it is.
pub(crate) fn captures(plan: &Plan, mentioned: &BTreeSet<String>) -> TokenStream {
    let inner = plan.arguments.iter().rev().filter(|argument| {
        let name = argument.name();
        name.starts_with('_') || mentioned.contains(&name)
    });
    let captures = inner.map(|argument| {
        let Argument { ident, cfgs, .. } = argument;
        let site = Span::mixed_site();
        let allowed = argument.name().starts_with('_');
        let allowed = allowed.then(|| {
            quote_spanned! {site=> #[allow(clippy::used_underscore_binding)] }
        });
        // The name has the user's span, and so the user's scope; all other tokens have the macro's.
        quote_spanned! {site=> #(#cfgs)* #allowed let _ = &#ident; }
    });
    captures.collect()
}

/// Returns the code that takes in what a returned future captures in the order of its text, which is the order in which
/// it drops it. Without it, what is told of the arguments would take them in first.
pub(crate) fn in_order(plan: &Plan, block: &Block, outside: &BTreeSet<String>) -> TokenStream {
    fn collect(tokens: TokenStream, found: &mut Vec<Ident>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => collect(group.stream(), found),
                TokenTree::Ident(ident) if !found.contains(&ident) => found.push(ident),
                _ => {}
            }
        }
    }
    let mentioned = free_idents(block.to_token_stream());
    let mut found = Vec::new();
    collect(block.to_token_stream(), &mut found);
    let is_captured = |ident: &&Ident| {
        let name = ident.unraw().to_string();
        let is_outside = || plan.arguments.iter().any(|it| it.name() == name && it.cfgs.is_empty());
        mentioned.contains(&name) && name != "self" && (outside.contains(&name) || is_outside())
    };
    let captured = found.iter().filter(is_captured);
    let captured = captured.map(|ident| quote_spanned! {Span::mixed_site()=> let _ = &#ident; });
    captured.collect()
}

pub(crate) fn finish(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    locals!(run, outcome, failing, on_error);
    let site = Span::mixed_site();
    let finished = if plan.is_async {
        quote_spanned! {site=> #run.finish_async(#outcome, #failing, #on_error).await }
    } else {
        quote_spanned! {site=> #run.finish(#outcome, #failing, #on_error) }
    };
    let finished = match &plan.returned {
        Returned::Never => quote_spanned! {site=> match #finished {} },
        // As a tail, it would drop its temporaries at a time that depends on the edition.
        Returned::Type(_) | Returned::Opaque => quote_spanned! {site=> return #finished; },
    };
    quote_spanned! {site=>
        let #failing = #krate::__private::failing!(&#outcome);
        #finished
    }
}
