//! The `Job` that the options describe.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ItemFn, Path};

use crate::analyse::plan::Plan;
use crate::analyse::standing;
use crate::emit::fingerprint::code_fingerprint;
use crate::parse::options::forms::{Nanos, Time};
use crate::parse::options::job::{Durability, OnChange, Rate, SaveEvery};
use crate::parse::options::variable::Variable;
use crate::syntax::hygiene::{at, moved};

#[cfg(feature = "limits")]
use crate::parse::options::forms::Size;

/// The `Job`, as the options describe it.
pub(crate) fn job(plan: &Plan, function: &ItemFn) -> TokenStream {
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let name = job_name(plan, function);
    let code = code_fingerprint(function);
    let options = &plan.options;
    let on_code_change = on_change(krate, options.on_code_change.unwrap_or(OnChange::Continue));
    let mut job = quote_spanned! {site=> #krate::Job::new(#name).code(#code, #on_code_change) };
    let carried = options.carry.iter().chain(&options.reconnect);
    let carried = carried.map(Variable::name);
    job.extend(quote_spanned! {site=> .carries(&[#(#carried),*]) });
    job.extend(options.on_input_change.map(|(change, _)| {
        let change = on_change(krate, change);
        quote_spanned! {site=> .on_input_change(#change) }
    }));
    job.extend(options.save_every.as_ref().map(|every| match every {
        SaveEvery::Value(value) => quote_spanned! {site=> .save_every(#value) },
        SaveEvery::Time(nanos) => {
            let time = duration(krate, *nanos);
            quote_spanned! {site=> .save_every(#time) }
        }
    }));
    job.extend(options.durability.map(|durability| match durability {
        Durability::Power => quote_spanned! {site=> .durability(#krate::Durability::Power) },
        Durability::Process => {
            quote_spanned! {site=> .durability(#krate::Durability::Process) }
        }
    }));
    job.extend(options.state_dir.as_ref().map(|dir| quote_spanned! {site=> .state_dir(#dir) }));
    job.extend(options.backend.as_ref().map(|backend| quote_spanned! {site=> .backend(#backend) }));
    job.extend(options.wait.as_ref().map(|wait| {
        let time = time(krate, wait);
        quote_spanned! {site=> .wait(#time) }
    }));
    job.extend(watch(plan));
    job.extend(options.limits.told(krate));
    if let Some(graceful) = &options.graceful {
        // All of the path there, or an error would point at the whole attribute.
        let here = at(graceful.span());
        let krate = moved(krate, here);
        job = quote_spanned! {here=> #krate::__private::graceful!(#job, #graceful) };
    }
    job.extend(options.second_signal_after.as_ref().map(|(after, _)| {
        let time = time(krate, after);
        quote_spanned! {site=> .second_signal_after(#time) }
    }));
    if let Some(progress) = &options.progress {
        let here = at(progress.span());
        let krate = moved(krate, here);
        job = quote_spanned! {here=> #krate::__private::progress!(#job, #progress) };
    }
    let registry = options.registry.as_ref();
    job.extend(registry.map(|registry| quote_spanned! {site=> .registry(&#registry) }));
    job.extend(options.version.as_ref().map(|version| quote_spanned! {site=> .version(#version) }));
    job.extend(
        options
            .keep_on_success
            .as_ref()
            .map(|keep| quote_spanned! {site=> .keep_on_success(#keep) }),
    );
    job.extend(options.verbose.as_ref().map(|verbose| quote_spanned! {site=> .verbose(#verbose) }));
    job
}

/// What is looked at between two items.
fn watch(plan: &Plan) -> TokenStream {
    let (krate, options) = (&plan.krate, &plan.options);
    let site = Span::mixed_site();
    let mut watch = TokenStream::new();
    watch.extend(options.rate.as_ref().map(|rate| match rate {
        Rate::Value(value) => quote_spanned! {site=> .rate(#value) },
        Rate::Text { count, seconds } => quote_spanned! {site=>
            .rate(#krate::Rate::new(#count, #krate::__private::Duration::from_secs(#seconds)))
        },
    }));
    let throttle = options.throttle.as_ref();
    watch.extend(throttle.map(|throttle| quote_spanned! {site=> .throttle(#throttle) }));
    watch.extend(options.max_runtime.as_ref().map(|max_runtime| {
        let time = time(krate, max_runtime);
        quote_spanned! {site=> .max_runtime(#time) }
    }));
    watch
}

fn job_name(plan: &Plan, function: &ItemFn) -> TokenStream {
    let krate = &plan.krate;
    if let Some(name) = &plan.options.name {
        // The reference keeps a `String` argument from being moved into the name.
        let here = at(name.span());
        return quote_spanned! {here=> #krate::__private::name(&(#name)) };
    }
    let site = Span::mixed_site();
    let name = function.sig.ident.unraw().to_string();
    if standing::stands_in_impl(function) {
        return quote_spanned! {site=> #krate::__private::method_name::<Self>(#name) };
    }
    if standing::stands_beside(function, plan) {
        // It stands where the function does, inside another one as well.
        let beside = &function.sig.ident;
        return quote_spanned! {site=> #krate::__private::function_name::<#beside>(#name) };
    }
    let path = format!("::{name}");
    quote_spanned! {site=> #krate::__private::concat!(#krate::__private::module_path!(), #path) }
}

fn duration(krate: &Path, Nanos(nanos): Nanos) -> TokenStream {
    quote_spanned! {Span::mixed_site()=> #krate::__private::Duration::from_nanos(#nanos) }
}

pub(crate) fn time(krate: &Path, time: &Time) -> TokenStream {
    match time {
        Time::Value(value) => value.to_token_stream(),
        Time::Text(nanos) => duration(krate, *nanos),
    }
}

#[cfg(feature = "limits")]
pub(crate) fn size(size: &Size) -> TokenStream {
    match size {
        Size::Value(value) => value.to_token_stream(),
        Size::Bytes(bytes) => quote_spanned! {Span::mixed_site()=> #bytes },
    }
}

fn on_change(krate: &Path, change: OnChange) -> TokenStream {
    let site = Span::mixed_site();
    match change {
        OnChange::Fail => quote_spanned! {site=> #krate::OnChange::Fail },
        OnChange::Restart => quote_spanned! {site=> #krate::OnChange::Restart },
        OnChange::Continue => quote_spanned! {site=> #krate::OnChange::Continue },
    }
}
