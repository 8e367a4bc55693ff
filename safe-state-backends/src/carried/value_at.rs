//! The places at which a variable's value is kept beside its last one.

use std::fmt;

/// A place at which a carried variable had a value that code before or between the loops reads again in a resumed run.
///
/// The value is stored like a variable of its own, under the name that [`stored_as`](Self::stored_as) gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueAt {
    /// The variable's declaration; for an argument, the first call.
    Declaration,
    /// The end of the loop with this number.
    LoopEnd(u16),
    /// The start of an item of the loop with this number, which has another loop inside it.
    ItemStart(u16),
    /// The end of a step that wrote through a handle. The value is a mark, of the type `()`: the handle's last value is
    /// the one of that step, or a later one.
    Step,
}

impl ValueAt {
    /// Returns the name under which the value of `variable` at this place is stored. No variable can have that name.
    pub fn stored_as(self, variable: &str) -> String {
        match self {
            ValueAt::Declaration => format!("{variable}!start"),
            ValueAt::LoopEnd(loop_id) => format!("{variable}!end {loop_id}"),
            ValueAt::ItemStart(loop_id) => format!("{variable}!item {loop_id}"),
            ValueAt::Step => format!("{variable}!step"),
        }
    }

    /// Returns the variable whose value, at a place or the last, is stored under `name`; `None` for the name of a step.
    pub fn variable_of(name: &str) -> Option<&str> {
        match name.split_once('!') {
            Some(("step", _)) => None,
            Some((variable, _)) => Some(variable),
            None => Some(name),
        }
    }

    /// Returns a number by which the ends of loops are ordered; `None` for other places, whose values may be replaced.
    pub(crate) fn order(name: &str) -> Option<u16> {
        let (_, end) = name.rsplit_once("!end ")?;
        end.parse().ok()
    }

    /// Returns whether the value stored under `name` is one at a place.
    pub(crate) fn is_of(name: &str) -> bool {
        name.split_once('!').is_some_and(|(before, _)| before != "step")
    }
}

impl fmt::Display for ValueAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueAt::Declaration => f.write_str("at its declaration"),
            ValueAt::LoopEnd(_) => f.write_str("at the end of a loop"),
            ValueAt::ItemStart(_) => f.write_str("where an item began"),
            ValueAt::Step => f.write_str("at the end of a step"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_variable() {
        let places =
            [ValueAt::Declaration, ValueAt::LoopEnd(3), ValueAt::ItemStart(0), ValueAt::Step];
        for place in places {
            let name = place.stored_as("self.total");
            assert_eq!(ValueAt::variable_of(&name), Some("self.total"));
            assert!(ValueAt::is_of(&name));
        }
        assert_eq!(ValueAt::variable_of("total"), Some("total"));
        assert_eq!(ValueAt::variable_of("step!(\"total!start\")"), None);
        assert!(!ValueAt::is_of("total") && !ValueAt::is_of("step!(\"a\")"));
    }
}
