//! Recognises calls by which a function walks items out of sight, or does them side by side by itself.

use syn::{Error, Expr, ExprMethodCall, Ident};

/// Methods that walk an iterator or a stream to its end.
const CONSUMERS: [&str; 10] = [
    "for_each",
    "try_for_each",
    "for_each_concurrent",
    "try_for_each_concurrent",
    "fold",
    "try_fold",
    "sum",
    "product",
    "collect",
    "count",
];

/// Methods whose items come in the order in which they complete.
const BESIDE: [&str; 9] = [
    "par_iter",
    "par_iter_mut",
    "into_par_iter",
    "par_bridge",
    "par_chunks",
    "for_each_concurrent",
    "try_for_each_concurrent",
    "buffer_unordered",
    "try_buffer_unordered",
];

/// The methods in [`BESIDE`] that keep the places of items, so that what gathers the items puts them back in order.
const INDEXED: [&str; 4] = ["par_iter", "par_iter_mut", "into_par_iter", "par_chunks"];

/// Methods that gather what is done side by side into one value.
const GATHERERS: [&str; 6] = ["collect", "collect_vec", "sum", "product", "count", "reduce"];

/// The help that shows how items are done side by side under the attribute.
const WAYS: &str = "\n\nhelp: on threads: `#[resumable(threads = 8)]`, and a loop `for item in items { work(item)?; }`\
                    \nhelp: in an async function, as futures: `#[resumable(concurrency = 16)]`, and a loop \
                    `for item in items { work(item).await?; }`";

/// A call that walks items to their end.
pub(crate) struct Consumer {
    method: Ident,
    /// The method that does the items side by side, if there is one.
    beside: Option<Ident>,
}

impl Consumer {
    pub(crate) fn of(call: &ExprMethodCall) -> Option<Self> {
        let is_one = CONSUMERS.iter().any(|name| call.method == name);
        let itself = BESIDE.iter().any(|name| call.method == name).then(|| call.method.clone());
        let beside = || itself.or_else(|| beside(&call.receiver));
        is_one.then(|| Consumer { method: call.method.clone(), beside: beside() })
    }

    /// Returns whether the call does something for each item, and gives no value for all of them.
    pub(crate) fn is_for_each(&self) -> bool {
        self.method.to_string().contains("for_each")
    }

    /// Returns the error that says what to write in place of the call.
    pub(crate) fn refusal(&self) -> Error {
        let method = &self.method;
        let text = match &self.beside {
            Some(_) => format!(
                "`{method}` walks its items out of sight; write it as a `for` loop, whose items run side by side{WAYS}"
            ),
            None => format!("`{method}` walks its items out of sight; write it as a `for` loop"),
        };
        Error::new(method.span(), text)
    }
}

/// Returns the method in a chain of calls whose items come in the order in which they complete.
pub(crate) fn beside(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::MethodCall(call) => beside_in(call),
        Expr::Await(it) => beside(&it.base),
        Expr::Try(it) => beside(&it.expr),
        Expr::Reference(it) => beside(&it.expr),
        Expr::Paren(it) => beside(&it.expr),
        Expr::Macro(it) => it.mac.parse_body().ok().as_ref().and_then(beside),
        // `Box::pin(stream)`
        Expr::Call(it) if is_pin(&it.func) => it.args.iter().find_map(beside),
        _ => None,
    }
}

fn is_pin(function: &Expr) -> bool {
    let Expr::Path(it) = function else { return false };
    it.path.segments.last().is_some_and(|last| last.ident == "pin")
}

fn beside_in(call: &ExprMethodCall) -> Option<Ident> {
    let is_one = |names: &[&str], method: &Ident| names.iter().any(|name| method == name);
    if is_one(&BESIDE, &call.method) {
        return Some(call.method.clone());
    }
    let found = beside(&call.receiver)?;
    let is_in_order = is_one(&GATHERERS, &call.method) && is_one(&INDEXED, &found);
    (!is_in_order).then_some(found)
}

/// Returns the error for a loop over what `method` gives, whose items come in the order in which they complete.
pub(crate) fn no_order(method: &Ident) -> Error {
    let text = format!(
        "the order in which `{method}` completes items is not defined, so none could be passed over; walk them in order, \
         and let the attribute do them side by side{WAYS}"
    );
    Error::new(method.span(), text)
}
