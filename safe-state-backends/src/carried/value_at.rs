//! The places at which a variable's value is kept beside its last one.

use std::fmt;

/// Where a carried variable had a value that code before or between the loops reads again in a resumed run.
///
/// The value is stored as a variable of its own, under the name that [`stored_as`](Self::stored_as) gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueAt {
    /// At its declaration; of an argument, at the first call.
    Declaration,
    /// At the end of the loop of that number.
    LoopEnd(u16),
    /// Where an item of the loop of that number began, in which there is a loop.
    ItemStart(u16),
}

impl ValueAt {
    /// The name under which the value of `variable` at this place is stored. No variable has it.
    pub fn stored_as(self, variable: &str) -> String {
        match self {
            ValueAt::Declaration => format!("{variable}!start"),
            ValueAt::LoopEnd(loop_id) => format!("{variable}!end {loop_id}"),
            ValueAt::ItemStart(loop_id) => format!("{variable}!item {loop_id}"),
        }
    }

    /// The variable whose value is stored under `name`, at a place or as its last; none if it is a step's.
    pub fn variable_of(name: &str) -> Option<&str> {
        match name.split_once('!') {
            Some(("step", _)) => None,
            Some((variable, _)) => Some(variable),
            None => Some(name),
        }
    }

    /// By what the places of a variable that stay what they are come one after another.
    pub(crate) fn order(name: &str) -> Option<u16> {
        let (_, end) = name.rsplit_once("!end ")?;
        end.parse().ok()
    }

    /// Whether the value stored under `name` is one at a place.
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_variable() {
        for place in [ValueAt::Declaration, ValueAt::LoopEnd(3), ValueAt::ItemStart(0)] {
            let name = place.stored_as("self.total");
            assert_eq!(ValueAt::variable_of(&name), Some("self.total"));
            assert!(ValueAt::is_of(&name));
        }
        assert_eq!(ValueAt::variable_of("total"), Some("total"));
        assert_eq!(ValueAt::variable_of("step!(\"total!start\")"), None);
        assert!(!ValueAt::is_of("total") && !ValueAt::is_of("step!(\"a\")"));
    }
}
