//! Finds out where the variables come from that `carry(..)` and `reconnect(..)` name.

use proc_macro2::Ident;
use syn::{Error, Result, Type};

use crate::analyse::borrowed;
use crate::analyse::carried::{CarriedVariable, Restoration, Source};
use crate::analyse::kept::Places;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::parse::options::unknown;
use crate::parse::options::variable::Variable;

/// Returns the variables named in `carry(..)` and `reconnect(..)`, whose places are still empty.
pub(crate) fn carried_variables(
    plan: &Plan,
    survey: &Survey,
    targets: &[Target],
) -> Result<Vec<CarriedVariable>> {
    let of = |named: &Variable, (source, restoration, is_mut)| {
        let first_loop = first_loop(&source, survey, targets);
        let (ident, named) = (named.root.clone(), named.clone());
        let places = Places::default();
        CarriedVariable { ident, named, source, restoration, is_mut, first_loop, places }
    };
    let carried = plan.options.restored.carry.iter().map(|named| {
        let (source, ty, is_mut) = source(plan, named, survey, targets)?;
        borrowed::check_type(&named.root, ty.as_ref())?;
        Ok(of(named, (source, Restoration::Carry, is_mut)))
    });
    let reconnected = plan.options.restored.reconnect.iter().map(|named| {
        let (source, ty, is_mut) = source(plan, named, survey, targets)?;
        Ok(of(named, (source, Restoration::Reconnect(ty.map(Box::new)), is_mut)))
    });
    carried.chain(reconnected).collect()
}

/// Returns where a variable comes from, its type if the source writes it, and whether it is `mut`.
pub(crate) fn source(
    plan: &Plan,
    named: &Variable,
    survey: &Survey,
    targets: &[Target],
) -> Result<(Source, Option<Type>, bool)> {
    let ident = &named.root;
    if !named.is_whole() {
        return field(plan, named);
    }
    let standing = || {
        targets
            .iter()
            .filter_map(|target| survey.loops.get(target.at))
            .flat_map(|it| &it.scope.locals)
    };
    let manual = || survey.all_locals.iter().filter(|_| targets.is_empty());
    let is_it = |local: &&Local| local.binding.ident == *ident;
    if let Some(local) = standing().chain(manual()).rfind(is_it) {
        let is_mut = local.binding.is_mut;
        return Ok((local_source(local, targets)?, local.value_type(), is_mut));
    }
    if let Some(argument) = plan.arguments.iter().find(|argument| argument.ident == *ident) {
        return Ok((argument_source(ident, argument)?, argument.value_type(), true));
    }
    let before = targets.iter().filter_map(|target| survey.loops.get(target.at));
    if before.flat_map(|it| &it.scope.of_macros).any(|it| it.binding.ident == *ident) {
        let text = format!(
            "a variable to be restored needs a `let` of its own, not one in a macro; write `let mut {ident} = ...;`"
        );
        return Err(Error::new(ident.span(), text));
    }
    let locals = standing().chain(manual()).map(|local| &local.binding.ident);
    let all = locals.chain(plan.arguments.iter().map(|argument| &argument.ident));
    let meant = unknown::nearest(&ident.to_string(), all.map(ToString::to_string))
        .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    Err(Error::new(ident.span(), format!("there is no variable `{ident}` before the loop{meant}")))
}

/// Returns the source of a field of an argument. The type of the field is not known.
pub(crate) fn field(plan: &Plan, named: &Variable) -> Result<(Source, Option<Type>, bool)> {
    if plan.arguments.iter().any(|argument| argument.ident == named.root) {
        return Ok((Source::Argument { is_reference: false }, None, true));
    }
    let text = format!(
        "a field that is restored is one of `self` or of another argument; name `{}` as a whole",
        named.root
    );
    Err(Error::new(named.span(), text))
}

pub(crate) fn local_source(local: &Local, targets: &[Target]) -> Result<Source> {
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

pub(crate) fn argument_source(ident: &Ident, argument: &Argument) -> Result<Source> {
    let is_reference = argument.is_mut_reference();
    if is_reference || argument.is_mut {
        return Ok(Source::Argument { is_reference });
    }
    let text = format!(
        "`{ident}` does not change; an argument to be restored is `mut` or a `&mut` reference"
    );
    Err(Error::new(ident.span(), text))
}

pub(crate) fn first_loop(source: &Source, survey: &Survey, targets: &[Target]) -> u16 {
    let Source::Local { at, .. } = source else { return 0 };
    let stands = |target: &&Target| {
        let locals =
            survey.loops.get(target.at).map(|it| it.scope.locals.as_slice()).unwrap_or_default();
        locals.iter().any(|local| local.at == *at)
    };
    targets.iter().find(stands).map_or(0, |target| target.id)
}
