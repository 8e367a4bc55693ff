//! Holds everything that code is generated from.

use std::collections::BTreeMap;

use proc_macro2::Span;
use syn::{Block, Expr, ItemFn, Path, Result};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::survey::Survey;
use crate::analyse::targets::Target;
use crate::parse::function::{self, Argument, Returned};
use crate::parse::future;
use crate::parse::options::Options;
use crate::parse::options::migrate::Migration;
use crate::parse::options::variable::Variable;

/// The facts about an annotated function that code is generated from.
pub(crate) struct Plan {
    pub(crate) options: Options,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returned: Returned,
    pub(crate) is_async: bool,
    /// The path of the runtime crate.
    pub(crate) krate: Path,
    pub(crate) carried: Vec<CarriedVariable>,
    /// The resumable loops as they were written, by their index in the survey.
    pub(crate) originals: BTreeMap<usize, Expr>,
    /// The connections that are in `fresh(..)` without being named there.
    pub(crate) connections: Vec<Variable>,
}

/// A function's plan, with its loops.
pub(crate) struct Analysed {
    pub(crate) plan: Plan,
    pub(crate) survey: Survey,
    pub(crate) targets: Vec<Target>,
    /// The block in which the function does its work. Its loops are in the forms that code is generated from.
    pub(crate) block: Block,
}

impl Plan {
    /// Returns a plan with what the signature and the options tell. The parts that depend on the loops are empty.
    pub(crate) fn of(options: Options, function: &ItemFn) -> Result<Self> {
        let future = future::output(function).filter(|_| function.sig.asyncness.is_none());
        let default = || syn::parse_quote_spanned!(Span::mixed_site()=> ::safe_state);
        Ok(Plan {
            arguments: function::arguments(&function::with_names(&function.sig))?,
            is_async: function.sig.asyncness.is_some() || future.is_some(),
            returned: match future {
                Some(output) => Returned::of_type(&output),
                None => Returned::of(&function.sig.output),
            },
            krate: options.krate.clone().unwrap_or_else(default),
            options,
            carried: Vec::new(),
            originals: BTreeMap::new(),
            connections: Vec::new(),
        })
    }

    /// Renames `self` in the options to `__self`, if the body has this local: `#[async_trait]` puts `self` into it, and
    /// leaves our options as they are.
    pub(crate) fn name_self(&mut self, survey: &Survey) {
        let mut locals = survey.all_locals.iter().map(|local| &local.binding.ident);
        if let Some(local) = locals.find(|ident| *ident == "__self") {
            let options = &mut self.options;
            let named = options.restored.carry.iter_mut().chain(&mut options.restored.reconnect);
            let named =
                named.chain(&mut options.restored.fresh).filter(|named| named.root == "self");
            let migrated = options.restored.migrations.iter_mut().filter_map(Migration::variable);
            let migrated = migrated.filter(|named| named.root == "self");
            named.chain(migrated).for_each(|named| named.root = local.clone());
        }
    }

    /// Returns the name of a macro that may be ours: one that stands alone, or behind the crate's name.
    pub(crate) fn our_macro(&self, path: &Path) -> Option<String> {
        let mut segments = path.segments.iter().rev();
        let name = segments.next()?.ident.to_string();
        let krate = self.krate.segments.last().map(|last| last.ident.to_string());
        let is_ours = segments.next().is_none_or(|before| Some(before.ident.to_string()) == krate);
        Some(name).filter(|_| is_ours)
    }
}
