//! The variables named in `carry(..)` and `reconnect(..)`: restored where they are initialised, saved at the loop's
//! head.
//!
//! ```text
//! let mut sum = 0;    // becomes
//! let mut sum = match run.restore("sum") {
//!     Ok(Some(value)) => value,
//!     Ok(None) => 0,
//!     Err(error) => return on_error(error),
//! };
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Block, Error, Result, Type};

use crate::analyse::borrowed;
use crate::analyse::places::Places;
use crate::analyse::survey::Survey;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::parse::options::variable::Variable;
use crate::resumable::{Expansion, Names};
use crate::syntax::hygiene::{at, local, moved};
use crate::syntax::rewrite::replace_initialiser;

/// A carried or reconnected variable, and where it comes from.
pub(crate) struct CarriedVariable {
    /// The variable, or that which it is a field of.
    pub(crate) ident: Ident,
    pub(crate) named: Variable,
    pub(crate) source: Source,
    pub(crate) way: Way,
    /// Whether it can change otherwise than from within.
    pub(crate) is_mut: bool,
    /// The number of the first resumable loop that it stands before.
    first_loop: u16,
    /// Where its value is needed again.
    pub(crate) places: Places,
}

/// How a variable comes through to the next run.
pub(crate) enum Way {
    /// By its value.
    Carry,
    /// Rebuilt; its type, if it is written.
    Reconnect(Option<Box<Type>>),
}

pub(crate) enum Source {
    /// The `let` at that place, inside that many resumable loops; of a `&mut T` the `T` is carried.
    Local { at: usize, depth: usize, is_reference: bool },
    /// An argument, or a field of one; of a `&mut T` the `T` is carried.
    Argument { is_reference: bool },
}

impl CarriedVariable {
    pub(crate) fn depth(&self) -> usize {
        match self.source {
            Source::Local { depth, .. } => depth,
            Source::Argument { .. } => 0,
        }
    }

    /// Whether it is rebuilt, and not restored.
    pub(crate) fn is_handle(&self) -> bool {
        matches!(self.way, Way::Reconnect(_))
    }

    /// Whether its binding can be assigned to.
    pub(crate) fn is_assignable(&self) -> bool {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        self.is_mut || is_reference
    }

    /// Whether it stands where `locals` do.
    pub(crate) fn stands_among(&self, locals: &[Local]) -> bool {
        match self.source {
            Source::Local { at, .. } => locals.iter().any(|local| local.at == at),
            Source::Argument { .. } => true,
        }
    }

    /// Whether that loop is the first that it stands before.
    pub(crate) fn is_first_before(&self, target: &Target, locals: &[Local]) -> bool {
        self.first_loop == target.id && self.stands_among(locals)
    }

    /// The name under which it is stored.
    pub(crate) fn name(&self) -> String {
        self.named.name()
    }

    /// What makes its value of it.
    fn star(&self) -> Option<TokenStream> {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        is_reference.then(|| quote_spanned! {at(self.ident.span())=> * })
    }

    /// What takes a value.
    pub(crate) fn assigned(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> #star #named }
    }

    /// The same to be changed.
    pub(crate) fn place(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> &mut #star #named }
    }

    /// Its value, by reference.
    pub(crate) fn value(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        match self.way {
            Way::Carry => quote_spanned! {at(self.ident.span())=> &#star #named },
            Way::Reconnect(_) => self.place(),
        }
    }
}

impl Expansion {
    /// The variables named in `carry(..)` and `reconnect(..)`.
    pub(crate) fn carried_variables(
        &self,
        survey: &Survey,
        targets: &[Target],
    ) -> Result<Vec<CarriedVariable>> {
        let of = |named: &Variable, (source, way, is_mut)| {
            let first_loop = first_loop(&source, survey, targets);
            let (ident, named) = (named.root.clone(), named.clone());
            let places = Places::default();
            CarriedVariable { ident, named, source, way, is_mut, first_loop, places }
        };
        let carried = self.options.carry.iter().map(|named| {
            let (source, ty, is_mut) = self.source(named, survey, targets)?;
            borrowed::check_type(&named.root, ty.as_ref())?;
            Ok(of(named, (source, Way::Carry, is_mut)))
        });
        let reconnected = self.options.reconnect.iter().map(|named| {
            let (source, ty, is_mut) = self.source(named, survey, targets)?;
            Ok(of(named, (source, Way::Reconnect(ty.map(Box::new)), is_mut)))
        });
        carried.chain(reconnected).collect()
    }

    /// Where a variable comes from, its type if it is written, and whether it is `mut`.
    fn source(
        &self,
        named: &Variable,
        survey: &Survey,
        targets: &[Target],
    ) -> Result<(Source, Option<Type>, bool)> {
        let ident = &named.root;
        if !named.is_whole() {
            return self.field(named);
        }
        let standing = targets
            .iter()
            .filter_map(|target| survey.loops.get(target.at))
            .flat_map(|it| &it.locals);
        let manual = survey.all_locals.iter().filter(|_| targets.is_empty());
        let is_it = |local: &&Local| local.binding.ident == *ident;
        if let Some(local) = standing.chain(manual).rfind(is_it) {
            let is_mut = local.binding.is_mut;
            return Ok((local_source(local, targets)?, local.value_type(), is_mut));
        }
        if let Some(argument) = self.arguments.iter().find(|argument| argument.ident == *ident) {
            return Ok((argument_source(ident, argument)?, argument.value_type(), true));
        }
        Err(Error::new(ident.span(), format!("there is no variable `{ident}` before the loop")))
    }

    /// A field of an argument, of which the type is not known.
    fn field(&self, named: &Variable) -> Result<(Source, Option<Type>, bool)> {
        if self.arguments.iter().any(|argument| argument.ident == named.root) {
            return Ok((Source::Argument { is_reference: false }, None, true));
        }
        let text = format!(
            "a field that is restored is one of `self` or of another argument; name `{}` as a whole",
            named.root
        );
        Err(Error::new(named.span(), text))
    }

    /// Makes the initialisers of carried locals restore them, and gives the statements that restore
    /// carried arguments.
    pub(crate) fn restore(&self, block: &mut Block) -> Result<TokenStream> {
        let mut statements = TokenStream::new();
        for variable in &self.carried {
            let ident = &variable.ident;
            let value = &self.names.value;
            let here = at(ident.span());
            match variable.source {
                Source::Local { at: place, is_reference: true, .. } => {
                    replace_initialiser(block, place, |init| {
                        let reference = local("reference");
                        let found = quote_spanned! {here=> { *#reference = #value; #reference } };
                        let keep =
                            self.keep_start(variable, &quote_spanned! {here=> &*#reference });
                        let fresh = quote_spanned! {here=> { #keep #reference } };
                        let restored = self.restored(variable, &found, &fresh);
                        syn::parse2(
                            quote_spanned! {here=> match #init { #reference => #restored } },
                        )
                    })?;
                }
                Source::Local { at: place, .. } => {
                    let found = quote_spanned! {here=> #value };
                    replace_initialiser(block, place, |init| {
                        if let Way::Carry = variable.way {
                            borrowed::check_initialiser(ident, init)?;
                        }
                        let fresh = self.initialised(variable, &init.to_token_stream());
                        // Parsed, so that loops in the initialiser keep their places.
                        syn::parse2(self.restored(variable, &found, &fresh))
                    })?;
                }
                Source::Argument { .. } => {
                    let assigned = variable.assigned();
                    let found = quote_spanned! {here=> #assigned = #value };
                    let check = self.check(variable, &variable.value());
                    let keep = self.keep_start(variable, &variable.value());
                    let fresh = quote_spanned! {here=> { #check #keep } };
                    statements.extend(self.restored(variable, &found, &fresh));
                }
            }
        }
        Ok(statements)
    }

    /// The value of the initialiser, which is to be one that can be saved.
    fn initialised(&self, variable: &CarriedVariable, init: &TokenStream) -> TokenStream {
        let here = at(variable.ident.span());
        let value = &self.names.value;
        match variable.way {
            Way::Carry if !variable.places.start => init.clone(),
            Way::Carry => {
                let keep = self.keep_start(variable, &quote_spanned! {here=> &#value });
                // No `let`, which would shift the numbers of those behind it.
                quote_spanned! {here=> match (#init,) { (#value,) => { #keep #value } } }
            }
            Way::Reconnect(_) => {
                let check = self.check(variable, &quote_spanned! {here=> &mut #value });
                quote_spanned! {here=> match (#init,) { (mut #value,) => { #check #value } } }
            }
        }
    }

    /// Fails where a new handle is one that can't be rebuilt, before an item runs.
    fn check(&self, variable: &CarriedVariable, handle: &TokenStream) -> TokenStream {
        let Way::Reconnect(ty) = &variable.way else { return TokenStream::new() };
        let krate = &self.krate;
        let Names { error, .. } = &self.names;
        let here = at(variable.ident.span());
        let fail = self.fail(here);
        let name = variable.name();
        let depth = variable.depth();
        let run = self.run_at(depth);
        let means = self.means(variable, ty.as_deref());
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) = #run.check(#name, #depth, #handle, &#means) {
                #fail
            }
        }
    }

    /// `found` with the value that was saved, `fresh` where none was.
    fn restored(
        &self,
        variable: &CarriedVariable,
        found: &TokenStream,
        fresh: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let Names { value, error, .. } = &self.names;
        let fail = self.fail(at(variable.ident.span()));
        let name = variable.name();
        let (depth, first_loop) = (variable.depth(), variable.first_loop);
        let here = at(variable.ident.span());
        // All of the call there, or an error would point at the whole attribute.
        let run = moved(&self.run_at(depth), here);
        let restored = match &variable.way {
            Way::Carry if variable.places.start => {
                quote_spanned! {here=> #run.restore_start(#name, (#depth, #first_loop)) }
            }
            Way::Carry => quote_spanned! {here=> #run.restore(#name, (#depth, #first_loop)) },
            Way::Reconnect(ty) => {
                let means = self.means(variable, ty.as_deref());
                quote_spanned! {here=> #run.reconnect(#name, (#depth, #first_loop), &#means) }
            }
        };
        quote_spanned! {here=>
            match #restored {
                #krate::__private::Ok(#krate::__private::Some(#value)) => #found,
                #krate::__private::Ok(#krate::__private::None) => #fresh,
                #krate::__private::Err(#error) => #fail,
            }
        }
    }

    /// By what a handle is rebuilt: what its type offers if that is written, else its trait.
    fn means(&self, variable: &CarriedVariable, ty: Option<&Type>) -> TokenStream {
        let here = at(variable.ident.span());
        // All of the path there, or an error would point at the whole attribute.
        let krate = moved(&self.krate, here);
        let by_trait = || quote_spanned! {here=> #krate::__private::by_trait() };
        ty.map_or_else(by_trait, |ty| quote_spanned! {here=> #krate::__private::means!(#ty) })
    }

    /// Takes the values of the variables that stand among `locals` into the next save of `run`, in the loop of
    /// `target`.
    pub(crate) fn carry(
        &self,
        run: &TokenStream,
        target: Option<&Target>,
        locals: &[Local],
    ) -> TokenStream {
        self.carry_or(run, target, locals, &self.fail(Span::mixed_site()))
    }

    /// The same, with `fail` where that can't be done.
    pub(crate) fn carry_or(
        &self,
        run: &TokenStream,
        target: Option<&Target>,
        locals: &[Local],
        fail: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let error = &self.names.error;
        let is_meant = |it: &&CarriedVariable| it.stands_among(locals) && it.is_carried_in(target);
        let standing = self.carried.iter().filter(is_meant);
        let carry = standing.map(|variable| {
            let (depth, value) = (variable.depth(), variable.value());
            let name = variable.name();
            let here = at(variable.ident.span());
            let run = moved(run, here);
            let taken = match &variable.way {
                Way::Carry => quote_spanned! {here=> #run.carry(#name, #depth, #value) },
                Way::Reconnect(ty) => {
                    let means = self.means(variable, ty.as_deref());
                    quote_spanned! {here=> #run.extract(#name, #depth, #value, &#means) }
                }
            };
            quote_spanned! {here=>
                if let #krate::__private::Err(#error) = #taken {
                    #fail
                }
            }
        });
        carry.collect()
    }
}

fn local_source(local: &Local, targets: &[Target]) -> Result<Source> {
    let ident = &local.binding.ident;
    if !local.is_plain {
        let text = format!(
            "a variable to be restored needs a `let` of its own; write `let mut {ident} = ...;`"
        );
        return Err(Error::new(ident.span(), text));
    }
    let is_target = |around: &&usize| targets.iter().any(|target| target.at == **around);
    let depth = local.around.iter().filter(is_target).count();
    Ok(Source::Local { at: local.at, depth, is_reference: local.is_mut_reference })
}

fn argument_source(ident: &Ident, argument: &Argument) -> Result<Source> {
    let is_reference = argument.is_mut_reference();
    if is_reference || argument.is_mut {
        return Ok(Source::Argument { is_reference });
    }
    let text = format!(
        "`{ident}` does not change; an argument to be restored is `mut` or a `&mut` reference"
    );
    Err(Error::new(ident.span(), text))
}

fn first_loop(source: &Source, survey: &Survey, targets: &[Target]) -> u16 {
    let Source::Local { at, .. } = source else { return 0 };
    let stands = |target: &&Target| {
        let locals = survey.loops.get(target.at).map(|it| it.locals.as_slice()).unwrap_or_default();
        locals.iter().any(|local| local.at == *at)
    };
    targets.iter().find(stands).map_or(0, |target| target.id)
}
