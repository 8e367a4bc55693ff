//! Checks that a function can have a policy for items that fail.

use syn::{Error, Result, Type};

use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::targets::Target;
use crate::parse::function::Returned;

/// Refuses a policy for errors in a function that returns no errors, or on a loop with a resumable loop inside: an item
/// is tried again as a whole.
pub(crate) fn check_policies(plan: &Plan, survey: &Survey, targets: &[Target]) -> Result<()> {
    for target in targets {
        let policy = &target.items.policy;
        let Some(place) = policy.place().filter(|_| policy.answers_errors()) else { continue };
        if errors_type(plan).is_none() {
            let text = "this goes by the errors of the items; let the function return a `Result`";
            return Err(Error::new(place, text));
        }
        let is_within = |inner: &&Target| survey.around(inner.at).any(|outer| outer == target.at);
        if targets.iter().any(|inner| is_within(&inner)) {
            let text = "an item is tried again as a whole, which the resumable loop in it is not; \
                        put this on that loop";
            return Err(Error::new(place, text));
        }
    }
    Ok(())
}

/// Returns the return type, if it may be a `Result`.
pub(crate) fn errors_type(plan: &Plan) -> Option<&Type> {
    match &plan.returned {
        Returned::Type(ty) if plan.returned.option().is_some() || is_unit(ty) => None,
        Returned::Type(ty) => Some(ty),
        Returned::Opaque | Returned::Never => None,
    }
}

pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}
