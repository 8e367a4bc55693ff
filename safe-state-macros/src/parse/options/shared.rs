//! Parses the options of a job that many workers share.

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Error, Expr, ExprLit, Lit, Result, Token};

use super::Options;
use super::forms::{Value, bare, not_literal_but, text};
use super::variable::Variable;
use crate::parse::options::items::Identity;

/// The most slices of a loop; a checkpoint holds no more.
const MOST_SLICES: u32 = 65_536;

/// Options of a job that one process runs at a time, and what to do in their place.
const OF_ONE_PROCESS: [(&str, &str); 4] = [
    (
        "restart",
        "a worker that begins anew would undo what the others have done; clear the job before its workers start, say by \
         `submission = ..` which of them belong together, or remove `shared`",
    ),
    (
        "max_runs",
        "workers come and go, and how many there were says nothing of the job; say `max_crashes` of an item that kills them, or \
         remove `shared`",
    ),
    (
        "expire_after",
        "what workers have finished stays until it is cleared, or another submission begins; say `submission = ..`, clear it by \
         `safe-state clear --finished --older-than`, or remove `shared`",
    ),
    (
        "keep_history",
        "a job that many workers share stays when it has finished, and its checkpoint has no runs of its own; remove this, or \
         `shared`",
    ),
];

/// A carried variable, and how its values of slices are put together.
#[derive(Clone)]
pub(crate) struct Merging {
    pub(crate) variable: Variable,
    /// The function that makes one value of two.
    pub(crate) merge: Option<Expr>,
    /// The value that each slice begins with.
    pub(crate) from: Option<Expr>,
}

/// Parses `carry(a, self.b, merge = |a, b| a + b, from = 0)`.
pub(super) fn merging(option: &Ident, input: ParseStream<'_>) -> Result<Vec<Merging>> {
    if !input.peek(Paren) {
        let text =
            format!("`{option}` needs the names of variables; write `{option}(total, seen)`");
        return Err(Error::new(option.span(), text));
    }
    let names;
    syn::parenthesized!(names in input);
    let mut carried: Vec<Merging> = Vec::new();
    while !names.is_empty() {
        if names.peek(syn::Ident) && names.peek2(Token![=]) {
            of_variable(&names, carried.last_mut())?;
        } else {
            carried.push(Merging { variable: names.parse()?, merge: None, from: None });
        }
        if !names.is_empty() {
            names.parse::<Token![,]>()?;
        }
    }
    Ok(carried)
}

/// Parses `merge = ..` or `from = ..`, which is about the variable before it.
fn of_variable(input: ParseStream<'_>, of: Option<&mut Merging>) -> Result<()> {
    let said: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    let value = bare(input.parse()?);
    let Some(of) = of else {
        let text = format!("`{said}` is about the variable before it; name that first");
        return Err(Error::new(said.span(), text));
    };
    let place = match said.to_string().as_str() {
        "merge" => &mut of.merge,
        "from" => &mut of.from,
        _ => {
            let text = "after a variable, write `merge = |a, b| ..` or `from = ..`";
            return Err(Error::new(said.span(), text));
        }
    };
    match place.replace(value) {
        Some(_) => Err(Error::new(said.span(), format!("`{said}` is given twice; remove one"))),
        None => Ok(()),
    }
}

/// Parses a number of slices, or an expression for the ranges that they have.
pub(super) fn slices(value: Expr) -> Result<Value> {
    const EXPECTED: &str =
        "a number of slices, 1 to 65536, such as `slices = 256`, or the ranges that they have";
    let value = not_literal_but(value, EXPECTED, |lit| matches!(lit, Lit::Int(_)))?;
    if let Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) = &value {
        let fits = count.base10_parse().is_ok_and(|count| (1..=MOST_SLICES).contains(&count));
        if !fits {
            return Err(Error::new(count.span(), format!("expected {EXPECTED}")));
        }
    }
    Ok(Value::given(value))
}

/// Parses what a worker does that has nothing to do.
pub(super) fn on_idle(value: &Expr) -> Result<Value> {
    let refused = || {
        let expected = "expected `\"wait\"` or `\"leave\"`: what a worker does while others have all that is left";
        Error::new(value.span(), expected)
    };
    match text(value).ok_or_else(refused)?.value().as_str() {
        "wait" => Ok(Value::Variant("OnIdle", "Wait")),
        "leave" => Ok(Value::Variant("OnIdle", "Leave")),
        _ => Err(refused()),
    }
}

/// Refuses a shared loop if it can't be cut into slices by the way in which its items are known.
pub(crate) fn check_cut(identity: &Identity, otherwise: Span) -> Result<()> {
    match identity {
        Identity::Index | Identity::Check(_) | Identity::Key(_) => Ok(()),
        Identity::Cursor(_) | Identity::Consumed(_) => {
            let text = "a shared loop is cut into slices by the index or the `key` of its items, which all workers walk; \
                        remove this, or `shared`";
            Err(Error::new(identity.place().unwrap_or(otherwise), text))
        }
    }
}

impl Options {
    /// Refuses options that do not fit to `shared`.
    pub(super) fn check_shared(&self) -> Result<()> {
        let Some(shared) = self.settings.place("shared") else { return self.check_unshared() };
        if self.manual.is_some() {
            let text = "with `manual` there is no loop whose items many workers could share";
            return Err(Error::new(shared, text));
        }
        if let Some(handle) = self.restored.reconnect.first() {
            let text = format!(
                "many workers would write through `{}` at the same time, which is one handle; open one in the body, or for each \
                 worker, and name it in `fresh(..)`",
                handle.name()
            );
            return Err(Error::new(handle.span(), text));
        }
        for (name, text) in OF_ONE_PROCESS {
            if let Some(place) = self.settings.place(name) {
                return Err(Error::new(place, text));
            }
        }
        check_cut(&self.items.identity, shared)
    }

    /// Refuses options about workers in a job that is not shared.
    fn check_unshared(&self) -> Result<()> {
        let text = "this is about `shared`; add that, or remove this";
        for name in ["slices", "submission", "on_idle"] {
            if let Some(place) = self.settings.place(name) {
                return Err(Error::new(place, text));
            }
        }
        let mut said = self.restored.merging.iter().flat_map(|it| it.merge.iter().chain(&it.from));
        match said.next() {
            Some(said) => Err(Error::new_spanned(said, text)),
            None => Ok(()),
        }
    }
}
