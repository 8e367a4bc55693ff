//! Parses `migrate(total, from = 1, with = in_cents)`: how values of an older version become those of the next one.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::token::Paren;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result, Token};

use super::Options;
use super::forms::{Value, bare};
use super::variable::Variable;

/// A change of the values of one version into those of the next.
pub(crate) struct Migration {
    /// The place of the option.
    place: Span,
    pub(crate) of: Migrated,
    pub(crate) from: Expr,
    pub(crate) with: Option<Expr>,
}

/// The value that a migration is about.
pub(crate) enum Migrated {
    /// The only carried variable, if there is a `with`; else no value.
    Only,
    /// The variable that the migration names.
    Named(Variable),
    /// The value of a `step!`, by the step's name.
    Step(LitStr),
}

/// Parses the parentheses behind `migrate`.
pub(super) fn migration(option: &Ident, input: ParseStream<'_>) -> Result<Migration> {
    if !input.peek(Paren) {
        let text = "`migrate` needs the version that it begins at, and what it does; write `migrate(from = 1, with = new_from_old)`";
        return Err(Error::new(option.span(), text));
    }
    let said;
    syn::parenthesized!(said in input);
    let mut migrated = Migrated::Only;
    if said.peek(LitStr) {
        migrated = Migrated::Step(said.parse()?);
    } else if !said.peek2(Token![=]) && !said.is_empty() {
        migrated = Migrated::Named(said.parse()?);
    }
    if !matches!(migrated, Migrated::Only) && !said.is_empty() {
        said.parse::<Token![,]>()?;
    }
    let (from, with) = versions(&said)?;
    let Some(from) = from else {
        let text = "`migrate` needs the version that it begins at; write `migrate(from = 1, ..)`";
        return Err(Error::new(option.span(), text));
    };
    let place = option.span();
    if with.is_none() && !matches!(migrated, Migrated::Only) {
        let text =
            "`migrate` needs what makes the new value of the old one; write `with = new_from_old`";
        return Err(Error::new(place, text));
    }
    Ok(Migration { place, of: migrated, from, with })
}

fn versions(said: ParseStream<'_>) -> Result<(Option<Expr>, Option<Expr>)> {
    let (mut from, mut with) = (None, None);
    while !said.is_empty() {
        let name: Ident = said.parse()?;
        said.parse::<Token![=]>()?;
        let value = bare(said.parse()?);
        let place = match name.to_string().as_str() {
            "from" => &mut from,
            "with" => &mut with,
            _ => {
                let text = "`migrate` takes `from = ..` and `with = ..`";
                return Err(Error::new(name.span(), text));
            }
        };
        if place.replace(value).is_some() {
            return Err(Error::new(name.span(), format!("`{name}` is given twice; remove one")));
        }
        if !said.is_empty() {
            said.parse::<Token![,]>()?;
        }
    }
    Ok((from, with))
}

/// Returns the version, if it is written as a number.
fn number(version: &Expr) -> Option<u64> {
    match version {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}

/// Refuses migrations that do not fit to the other options. A migration about the only carried variable gets its name.
pub(super) fn check(options: &mut Options) -> Result<()> {
    let Some(first) = options.restored.migrations.first() else { return Ok(()) };
    if options.settings.place("version").is_none() {
        let text = "`migrate` leads to a version; say which, by `version = ..`";
        return Err(Error::new(first.place, text));
    }
    if options.settings.has("shared") {
        let text = "workers that share a job are of one version; let it finish, or remove this";
        return Err(Error::new(first.place, text));
    }
    check_order(options)?;
    for migration in &mut options.restored.migrations {
        migration.name(&options.restored.carry)?;
    }
    Ok(())
}

/// Refuses migrations that are not in the order of their versions, or that do not begin before the function's own
/// version.
fn check_order(options: &Options) -> Result<()> {
    let mut before = 0;
    let now = match options.settings.get("version") {
        Some(Value::Given(version)) => number(version),
        _ => None,
    };
    let mut seen: Vec<String> = Vec::new();
    for migration in &options.restored.migrations {
        let from = migration.from.to_token_stream().to_string();
        if seen.contains(&from) && seen.last() != Some(&from) {
            let text = "write this beside the others of that version: all values are made into those of the next one first";
            return Err(Error::new_spanned(&migration.from, text));
        }
        seen.push(from);
        let Some(number) = number(&migration.from) else { continue };
        if number < before {
            let text = format!("write this before what begins at version {before}: versions go up");
            return Err(Error::new_spanned(&migration.from, text));
        }
        if now.is_some_and(|now| number >= now) {
            let text = "this has to come before the version in `version = ..`, to which it leads";
            return Err(Error::new_spanned(&migration.from, text));
        }
        before = number;
    }
    Ok(())
}

impl Migration {
    /// Returns the variable that the migration names.
    pub(crate) fn variable(&mut self) -> Option<&mut Variable> {
        match &mut self.of {
            Migrated::Named(variable) => Some(variable),
            Migrated::Only | Migrated::Step(_) => None,
        }
    }

    fn name(&mut self, carried: &[Variable]) -> Result<()> {
        match &self.of {
            Migrated::Only if self.with.is_none() => {}
            Migrated::Only => match carried {
                [only] => self.of = Migrated::Named(only.clone()),
                [] => {
                    let text = "nothing is carried that this could be about; name a variable in `carry(..)`, or a step: `migrate(\"name\", ..)`";
                    return Err(Error::new(self.place, text));
                }
                [first, ..] => {
                    let text = format!(
                        "which variable is this about? Write `migrate({}, from = .., with = ..)`",
                        first.name()
                    );
                    return Err(Error::new(self.place, text));
                }
            },
            Migrated::Named(variable) if !carried.contains(variable) => {
                let text = format!("`{}` is not named in `carry(..)`", variable.name());
                return Err(Error::new(variable.span(), text));
            }
            Migrated::Named(_) | Migrated::Step(_) => {}
        }
        Ok(())
    }
}
