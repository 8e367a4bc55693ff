//! Generates the `Job` that the options describe.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ItemFn};

use crate::analyse::plan::Plan;
use crate::analyse::standing;
use crate::analyse::targets::Target;
use crate::emit::fingerprint::code_fingerprint;
use crate::emit::{migrations, rows};
use crate::parse::options::forms::Value;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::hygiene::at;

/// The meaning of a changed function, if the option `on_code_change` is not given.
const CONTINUE: Value = Value::Variant("OnChange", "Continue");
/// The meaning of a changed function in a job that many workers share, if the option is not given.
const FAIL: Value = Value::Variant("OnChange", "Fail");

/// Returns the expression for the `Job` that the options describe.
pub(crate) fn job(plan: &Plan, targets: &[Target], function: &ItemFn) -> TokenStream {
    let (krate, options) = (&plan.krate, &plan.options);
    let site = Span::mixed_site();
    let name = job_name(plan, function);
    let code = code_fingerprint(function);
    // Workers with other code would make other results.
    let default = if options.settings.has("shared") { &FAIL } else { &CONTINUE };
    let on_code_change = options.settings.get("on_code_change").unwrap_or(default).tokens(krate);
    let carried = options.restored.carry.iter().chain(&options.restored.reconnect);
    let carried = carried.map(Variable::name);
    let rows = targets.iter().flat_map(|target| rows::names(plan, target));
    let carried = carried.chain(rows);
    let made = if options.name.is_some() { "job" } else { "job_by_default" };
    let made = Ident::new(made, site);
    let job = quote_spanned! {site=>
        #krate::__private::#made(
            #name,
            #krate::__private::cfg!(test),
            #code,
            #on_code_change,
            &[#(#carried),*],
        )
    };
    let migrations = migrations::told(plan);
    let job = options.settings.told(job, krate);
    let is_made = options.name.as_ref().is_some_and(is_made);
    let by_key = targets.iter().filter(|it| matches!(it.items.identity, Identity::Key(_))).count();
    let keyed_loops = u32::try_from(by_key).ok().filter(|count| *count > 1);
    let keyed_loops = keyed_loops.map(|count| quote_spanned! {site=> .keyed_loops(#count) });
    quote_spanned! {site=> #job #migrations .name_is_made(#is_made) #keyed_loops }
}

/// Returns the call that tells the job its function, if the name does not tell it: two functions may have been given one
/// name. The option `on_code_change` says what happens then.
pub(crate) fn function_of(plan: &Plan, function: &ItemFn) -> Option<TokenStream> {
    let says = plan.options.settings.has("on_code_change") || plan.options.settings.has("shared");
    (plan.options.name.is_some() && !says).then(|| {
        let path = path(plan, function, "method_path");
        quote_spanned! {Span::mixed_site()=> .function(#path) }
    })
}

/// Returns whether a name is made while the program runs, as far as its text shows: it may differ from one process to
/// the next.
fn is_made(name: &Expr) -> bool {
    match name {
        Expr::Lit(_) => false,
        Expr::Group(inner) => is_made(&inner.expr),
        Expr::Paren(inner) => is_made(&inner.expr),
        Expr::Reference(inner) => is_made(&inner.expr),
        Expr::Macro(inner) => !inner.mac.path.is_ident("concat"),
        // A name in upper case is taken for a constant.
        Expr::Path(path) => path.path.segments.last().is_none_or(|last| {
            let name = last.ident.unraw().to_string();
            name != name.to_uppercase()
        }),
        _ => true,
    }
}

fn job_name(plan: &Plan, function: &ItemFn) -> TokenStream {
    let krate = &plan.krate;
    if let Some(name) = &plan.options.name {
        // The reference keeps a `String` argument from being moved into the name.
        let here = at(name.span());
        return quote_spanned! {here=> #krate::__private::name(&(#name)) };
    }
    path(plan, function, "method_name")
}

/// Returns the path of the function: that of its module, of the functions around it, and of the type that it is a method
/// of, as the runtime's function `of_method` gives it.
fn path(plan: &Plan, function: &ItemFn, of_method: &str) -> TokenStream {
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let name = function.sig.ident.unraw().to_string();
    if standing::stands_in_impl(function) {
        let of_method = Ident::new(of_method, site);
        return quote_spanned! {site=> #krate::__private::#of_method::<Self>(#name) };
    }
    if standing::stands_beside(function, plan) {
        // The companion stands where the function does, inside another function as well.
        let beside = &function.sig.ident;
        return quote_spanned! {site=> #krate::__private::function_name::<#beside>(#name) };
    }
    let path = format!("::{name}");
    quote_spanned! {site=> #krate::__private::concat!(#krate::__private::module_path!(), #path) }
}
