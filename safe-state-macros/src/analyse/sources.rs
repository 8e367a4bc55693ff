//! Finds out where the variables come from that `carry(..)` and `reconnect(..)` name.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Error, Result, Type};

use crate::analyse::borrowed;
use crate::analyse::carried::{CarriedVariable, Restoration, Source};
use crate::analyse::kept::Places;
use crate::analyse::naming::{self, Meanings};
use crate::analyse::outer::Kind;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::parse::options::unknown;
use crate::parse::options::variable::Variable;

/// Returns the variables named in `carry(..)` and `reconnect(..)`, whose places are still empty. `meanings` has what the
/// names mean.
pub(crate) fn carried_variables(
    plan: &Plan,
    meanings: &Meanings<'_>,
    survey: &Survey,
    targets: &[Target],
) -> Result<Vec<CarriedVariable>> {
    let of = |named: &Variable, found: Found, restoration| {
        let Found { source, declared, is_mut, .. } = found;
        let ident = named.root.clone();
        let first_loop = first_loop(&source, &ident, survey, targets);
        let (named, places) = (named.clone(), Places::default());
        CarriedVariable { ident, declared, named, source, restoration, is_mut, first_loop, places }
    };
    let find = |named: &Variable| found(plan, (named, meanings), survey, targets);
    let carried = plan.options.restored.carry.iter().map(|named| {
        let found = find(named)?;
        borrowed::check_sized(named, found.ty.as_ref())?;
        borrowed::check_type(&named.root, found.ty.as_ref())?;
        Ok(of(named, found, Restoration::Carry))
    });
    let reconnected = plan.options.restored.reconnect.iter().map(|named| {
        let mut found = find(named)?;
        borrowed::check_handle(named, found.ty.as_ref())?;
        let ty = found.ty.take().map(Box::new);
        Ok(of(named, found, Restoration::Reconnect(ty)))
    });
    carried.chain(reconnected).collect()
}

/// A variable that an option names.
struct Found {
    source: Source,
    /// The variable's name, where it is declared.
    declared: Ident,
    /// The variable's type, if the source writes it.
    ty: Option<Type>,
    is_mut: bool,
}

/// Returns where a variable comes from.
fn found(
    plan: &Plan,
    (named, meanings): (&Variable, &Meanings<'_>),
    survey: &Survey,
    targets: &[Target],
) -> Result<Found> {
    let ident = &named.root;
    let meant = meanings.get(&ident.unraw().to_string());
    if !named.is_whole() {
        return field(plan, named, meant);
    }
    let of_local = |local: &Local| {
        Ok(Found {
            source: local_source(plan, local, targets)?,
            declared: local.binding.ident.clone(),
            ty: local.value_type(),
            is_mut: local.binding.is_mut,
        })
    };
    let of_argument = |argument: &Argument| {
        Ok(Found {
            source: argument_source(ident, argument)?,
            declared: argument.ident.clone(),
            ty: argument.value_type(),
            is_mut: true,
        })
    };
    match meant {
        Some(Kind::Local(local)) => return of_local(local),
        Some(Kind::Argument(argument)) => return of_argument(argument),
        Some(Kind::Pattern(bound)) => return Err(of_pattern(plan, &bound.ident, survey)),
        Some(Kind::OfMacro(_)) | None => {}
    }
    // No loop and no checkpoint sees it.
    let mut locals = survey.all_locals.iter().filter(|_| targets.is_empty());
    if let Some(local) = locals.rfind(|local| local.binding.ident == *ident) {
        return of_local(local);
    }
    let mut arguments = plan.arguments.iter().filter(|_| targets.is_empty());
    if let Some(argument) = arguments.find(|argument| argument.ident == *ident) {
        return of_argument(argument);
    }
    let before = targets.iter().filter_map(|target| survey.loops.get(target.at));
    if before.flat_map(|it| &it.scope.of_macros).any(|it| it.binding.ident == *ident) {
        let text = format!(
            "a variable to be restored needs a `let` of its own, not one in a macro; write `let mut {ident} = ...;`"
        );
        return Err(Error::new(ident.span(), text));
    }
    let locals = survey.all_locals.iter().map(|local| &local.binding.ident);
    let all = locals.chain(plan.arguments.iter().map(|argument| &argument.ident));
    let meant = unknown::nearest(&ident.to_string(), all.map(ToString::to_string))
        .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    Err(Error::new(ident.span(), format!("there is no variable `{ident}` before the loop{meant}")))
}

/// Returns the error for a variable that a pattern binds, which can't be restored.
fn of_pattern(plan: &Plan, bound: &Ident, survey: &Survey) -> Error {
    let locals = survey.all_locals.iter().map(|it| &it.binding.ident);
    let mut named = plan.arguments.iter().map(|it| &it.ident).chain(locals);
    match named.find(|it| *it == bound) {
        Some(other) => naming::two_variables(other, bound),
        None => no_let_of_its_own(bound, None),
    }
}

/// Returns a field of an argument, where the name of the argument means `meant`. The type of the field is not known.
fn field(plan: &Plan, named: &Variable, meant: Option<&Kind<'_>>) -> Result<Found> {
    let Some(argument) = plan.arguments.iter().find(|argument| argument.ident == named.root) else {
        let text = format!(
            "a field that is restored is one of `self` or of another argument; name `{}` as a whole",
            named.root
        );
        return Err(Error::new(named.span(), text));
    };
    match meant {
        None | Some(Kind::Argument(_) | Kind::OfMacro(_)) => Ok(Found {
            source: Source::Argument { is_reference: false },
            declared: argument.ident.clone(),
            ty: None,
            is_mut: true,
        }),
        Some(other) => Err(naming::two_variables(&argument.ident, other.ident())),
    }
}

/// Returns the error for a variable that no plain `let` declares, which may be a `part` of another one.
fn no_let_of_its_own(ident: &Ident, part: Option<(String, bool)>) -> Error {
    let text = match part {
        Some((part, true)) => format!(
            "a variable to be restored needs a `let` of its own; write `let {ident} = &mut {part};`, or `{part}` in the loop and in \
             the option"
        ),
        Some((part, false)) => format!(
            "a variable to be restored needs a `let` of its own; write `let mut {ident} = {part};`"
        ),
        None => format!(
            "a variable to be restored needs a `let` of its own; write `let mut {ident} = ...;`"
        ),
    };
    Error::new(ident.span(), text)
}

/// Returns the text of what a pattern binds to a local, a part of another variable, and whether that is borrowed.
fn part_of(plan: &Plan, local: &Local) -> Option<(String, bool)> {
    let (of, part) = (local.init.made_of.as_ref()?, local.init.part.as_ref()?);
    let argument = plan.arguments.iter().find(|it| it.name() == *of);
    Some((format!("{of}.{part}"), argument.is_some_and(Argument::is_mut_reference)))
}

fn local_source(plan: &Plan, local: &Local, targets: &[Target]) -> Result<Source> {
    if !local.is_plain {
        return Err(no_let_of_its_own(&local.binding.ident, part_of(plan, local)));
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

/// Returns the number of the first resumable loop that sees a local.
fn first_loop(source: &Source, ident: &Ident, survey: &Survey, targets: &[Target]) -> u16 {
    let Source::Local { at, .. } = source else { return 0 };
    let stands = |target: &&Target| {
        let locals =
            survey.loops.get(target.at).map(|it| it.scope.locals.as_slice()).unwrap_or_default();
        locals.iter().any(|local| local.at == *at) && !target.hides(ident)
    };
    targets.iter().find(stands).map_or(0, |target| target.id)
}
