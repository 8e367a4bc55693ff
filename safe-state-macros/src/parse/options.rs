//! Parses the options of `#[resumable]`.

pub(crate) mod forms;
pub(crate) mod items;
pub(crate) mod job;
pub(crate) mod migrate;
mod policy;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod side_by_side;
pub(crate) mod unknown;
pub(crate) mod variable;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Path, Result, Token};

use forms::{Value, flag, value, variables};
use items::{Identity, ItemOptions};
use job::{Companion, argument, companion, krate, name};
use migrate::{Migration, migration};
use settings::{SETTINGS, Settings};
use shared::{Merging, merging};
use variable::Variable;

/// A function that parses an option about the function, and stores it.
type Take = fn(&mut Options, &Ident, ParseStream<'_>) -> Result<()>;

/// The options about the function. Those that set the `Job` are in [`SETTINGS`]; those about items are in `items` and
/// `policy`.
const OF_FUNCTION: [(&str, Take); 9] = [
    ("name", |it, option, input| set(&mut it.name, name(value(option, input)?).map(Some))),
    ("iter", |it, option, input| set(&mut it.iter, argument(&value(option, input)?).map(Some))),
    ("carry", |it, option, input| merging(option, input).map(|carried| set_carried(it, carried))),
    ("reconnect", |it, option, input| set(&mut it.restored.reconnect, variables(option, input))),
    ("fresh", |it, option, input| set(&mut it.restored.fresh, variables(option, input))),
    ("migrate", |it, option, input| {
        migration(option, input).map(|migration| it.restored.migrations.push(migration))
    }),
    ("manual", |it, option, _| set(&mut it.manual, Ok(Some(option.span())))),
    ("companion", |it, option, input| {
        set(&mut it.companion, companion(option, &flag(option, input)?).map(Some))
    }),
    ("crate", |it, option, input| set(&mut it.krate, krate(option, input).map(Some))),
];

fn set<T>(field: &mut T, value: Result<T>) -> Result<()> {
    *field = value?;
    Ok(())
}

fn set_carried(options: &mut Options, carried: Vec<Merging>) {
    options.restored.carry = carried.iter().map(|it| it.variable.clone()).collect();
    options.restored.merging = carried;
}

/// The option that may be given several times.
const REPEATED: &str = "migrate";

/// The options that an attribute gives.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Expr>,
    pub(crate) iter: Option<Ident>,
    pub(crate) restored: Restored,
    /// The options about items, for a function with one loop.
    pub(crate) items: ItemOptions,
    pub(crate) settings: Settings,
    /// The place of the option `manual`, if it is given.
    pub(crate) manual: Option<Span>,
    pub(crate) companion: Option<Companion>,
    pub(crate) krate: Option<Path>,
}

/// The variables that the loop may change, as the options name them.
#[derive(Default)]
pub(crate) struct Restored {
    pub(crate) carry: Vec<Variable>,
    pub(crate) reconnect: Vec<Variable>,
    pub(crate) fresh: Vec<Variable>,
    /// The carried variables, each with how its values of slices are put together after a shared loop.
    pub(crate) merging: Vec<Merging>,
    /// The migrations, by which values of older versions become those of the present one, from the oldest.
    pub(crate) migrations: Vec<Migration>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let option = Ident::parse_any(input).map_err(|error| {
                Error::new(error.span(), "expected an option, such as `name = \"nightly-import\"`")
            })?;
            if seen.contains(&option) && option != REPEATED {
                return Err(Error::new(
                    option.span(),
                    format!("`{option}` is given twice; remove one"),
                ));
            }
            options.parse_one(&option, input)?;
            seen.push(option);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.check_variables()?;
        options.items.policy.check()?;
        options.check_items()?;
        options.settings.check(options.manual.is_some())?;
        options.check_page()?;
        options.check_shared()?;
        migrate::check(&mut options)?;
        Ok(options)
    }
}

impl Options {
    fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        let name = option.to_string();
        if let Some((_, take)) = OF_FUNCTION.iter().find(|(known, _)| *known == name) {
            return take(self, option, input);
        }
        if self.settings.parse_one(option, input)? {
            return Ok(());
        }
        if items::names().any(|known| known == name) {
            return self.items.parse_one(option, input);
        }
        let names = OF_FUNCTION.iter().map(|(name, _)| *name);
        let names = names.chain(SETTINGS.iter().map(|it| it.name)).chain(items::names());
        Err(Error::new(option.span(), unknown::text(&name, names.collect())))
    }

    /// Returns the variables that `carry`, `reconnect` and `fresh` name.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Variable> {
        self.restored.carry.iter().chain(self.lasting())
    }

    /// Returns the variables that `reconnect` and `fresh` name, which are the same after each item.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = &Variable> {
        self.restored.reconnect.iter().chain(&self.restored.fresh)
    }

    /// Refuses a variable that `carry`, `reconnect` and `fresh` name twice.
    fn check_variables(&self) -> Result<()> {
        let mut seen: Vec<&Variable> = Vec::new();
        for variable in self.named() {
            if seen.contains(&variable) {
                let text = format!("`{}` is named twice; remove one", variable.name());
                return Err(Error::new(variable.span(), text));
            }
            seen.push(variable);
        }
        Ok(())
    }

    /// Refuses a page that would never be used: with `reconnect`, each save syncs the handles if it has to survive a loss of power.
    fn check_page(&self) -> Result<()> {
        let page = ["page", "page_dir"].iter().find_map(|option| self.settings.place(option));
        let survives_power = !matches!(
            self.settings.get("durability"),
            Some(Value::Variant("Durability", "Process"))
        );
        match page.filter(|_| survives_power && !self.restored.reconnect.is_empty()) {
            Some(place) => {
                let text = "with `reconnect` a page holds nothing, as each save has to sync what was written; \
                            add `durability = \"process\"`, or remove this";
                Err(Error::new(place, text))
            }
            None => Ok(()),
        }
    }

    /// Refuses options about items that do not fit to the others.
    fn check_items(&self) -> Result<()> {
        if let (Some(_), Some(option)) = (self.manual, self.items.policy.place()) {
            return Err(Error::new(
                option,
                "with `manual` there is no loop whose items could fail",
            ));
        }
        let Some(option) = self.items.identity.place() else { return Ok(()) };
        if self.manual.is_some() {
            return Err(Error::new(
                option,
                "with `manual` there is no loop whose items it could know",
            ));
        }
        match self.settings.place("on_input_change") {
            Some(place) => {
                let text = match self.items.identity {
                    Identity::Check(_) => {
                        "with `check` another input is refused; remove one of them"
                    }
                    _ => {
                        "items that are known by a key or a cursor are known wherever they stand; remove this"
                    }
                };
                Err(Error::new(place, text))
            }
            None => Ok(()),
        }
    }
}
