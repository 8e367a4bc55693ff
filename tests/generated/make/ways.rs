//! Chooses how the items of a loop are done: in order, in order with a part of each ahead of the loop, or side by side;
//! and what happens to items that fail.

use super::body::{Body, Where};

/// The policies for items that fail. A rejected item is given up, at once or after it has been tried again in vain.
const POLICY: &str = "on_error = |error| if error.to_string().starts_with(\"Rejected\") { Action::DeadLetter } \
                      else { Action::Fail }";
const RETRYING: &str = "max_attempts = 3, backoff = safe_state::Backoff::none(), on_error = |error| match error.attempt() { \
                        _ if !error.to_string().starts_with(\"Rejected\") => Action::Fail, \
                        1 | 2 => Action::Retry, _ => Action::DeadLetter }";

/// The number of items that are done at once.
const AT_ONCE: u64 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Usual,
    Ahead {
        is_async: bool,
    },
    Beside,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Failing {
    #[default]
    Fails,
    IsGivenUp,
    /// Only an item that is rejected before any of its steps is tried again, because an interruption in a step counts
    /// as an attempt.
    IsTriedAgain,
}

/// The way in which the items of a loop are done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    order: Order,
    failing: Failing,
}

impl Way {
    /// Returns the options of the loop's attribute.
    pub(super) fn options(self) -> String {
        let at_once = match self.order {
            Order::Usual => None,
            Order::Ahead { is_async: false } => Some(format!("threads = {AT_ONCE}")),
            Order::Ahead { is_async: true } | Order::Beside => {
                Some(format!("concurrency = {AT_ONCE}"))
            }
        };
        let policy = match self.failing {
            Failing::Fails => None,
            Failing::IsGivenUp => Some(POLICY.to_owned()),
            Failing::IsTriedAgain => Some(RETRYING.to_owned()),
        };
        at_once.into_iter().chain(policy).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn is_ahead(self) -> bool {
        matches!(self.order, Order::Ahead { .. })
    }

    /// Returns whether any statement of the body may reject the item.
    pub(super) fn rejects(self) -> bool {
        self.failing == Failing::IsGivenUp
    }
}

impl Body<'_> {
    /// Chooses how the items of the next loop are done. Unless `is_free`, they are done in order.
    pub(super) fn choose_way(&mut self, is_free: bool) -> Way {
        let failing = match self.kind.has_policy {
            false => Failing::Fails,
            true if self.rng.bool() => Failing::IsGivenUp,
            true => Failing::IsTriedAgain,
        };
        let is_async = self.kind.is_async;
        let order = match self.rng.u8(..6) {
            0 if is_free => Order::Ahead { is_async },
            1 | 2 if is_free && is_async => Order::Beside,
            _ => Order::Usual,
        };
        self.is_unordered |= order == Order::Beside;
        Way { order, failing }
    }

    /// Begins an item of an innermost loop. Returns whether items are done side by side.
    pub(super) fn begin_item(&mut self) -> bool {
        if let Order::Ahead { is_async } = self.way.order {
            let number = ["x", "x + base", "x * 2"][self.rng.usize(..3)];
            let early = if is_async {
                format!("after({number}).await")
            } else {
                format!("later({number})")
            };
            let rest = self.rng.u64(..4);
            let early = match self.way.failing {
                Failing::Fails => early,
                _ => format!("rejected({early}, x % 4 == {rest})?"),
            };
            self.line(&format!("let early = ahead!({early});"));
        }
        if self.way.failing == Failing::IsTriedAgain {
            if self.way.order != Order::Beside {
                self.changes(Where::Innermost);
            }
            self.rejects();
        }
        self.line("item();");
        self.way.order == Order::Beside
    }

    /// Writes a statement that rejects some items.
    pub(super) fn rejects(&mut self) {
        let rest = self.rng.u64(..4);
        self.open(&format!("if x % 4 == {rest}"));
        let way =
            ["return Err(Stop::Rejected(x));", "Err(Stop::Rejected(x))?;"][self.rng.usize(..2)];
        self.line(way);
        self.close();
    }

    /// Writes the rest of an item that is done beside others, and changes nothing.
    pub(super) fn beside(&mut self) {
        let at = Where::Innermost;
        self.step(at);
        for _ in 0..self.rng.u8(1..5) {
            match self.rng.u8(..5) {
                0 => self.see(at),
                1 => self.step(at),
                2 => {
                    let number = self.number(at);
                    self.line(&format!("let x = x + after({number}).await % 4;"));
                }
                3 if self.way.rejects() => self.rejects(),
                _ => {
                    let (number, rest) = (self.number(at), self.rng.u64(..3));
                    self.line(&format!("if {number} % 3 == {rest} {{ continue; }}"));
                }
            }
        }
    }
}
