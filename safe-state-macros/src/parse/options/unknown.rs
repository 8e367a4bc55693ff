//! Says that an option or a variable does not exist, and which one was meant.

/// The likeness above which an unknown name counts as a misspelling of an option.
const LIKE: f64 = 0.8;

/// Names that users may look for, and the options that they mean.
const SYNONYMS: &[(&str, &str)] = &[
    ("attempts", "max_attempts"),
    ("max_retries", "max_attempts"),
    ("retries", "max_attempts"),
    ("retry", "max_attempts"),
    ("timeout_per_item", "item_timeout"),
    ("checkpoint_every", "save_every"),
    ("every", "save_every"),
    ("interval", "save_every"),
    ("dir", "state_dir"),
    ("directory", "state_dir"),
];

/// Returns the one of `names` that is like `unknown`, if any is.
pub(crate) fn nearest<T: AsRef<str>>(
    unknown: &str,
    names: impl IntoIterator<Item = T>,
) -> Option<T> {
    let likeness = |name: &T| strsim::jaro_winkler(unknown, name.as_ref());
    let nearest = names.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|nearest| likeness(nearest) > LIKE)
}

/// Returns a text that says that there is no option `unknown`, and which of `names` may be meant.
pub(super) fn text(unknown: &str, names: Vec<&str>) -> String {
    let synonym = SYNONYMS.iter().find(|(name, _)| *name == unknown).map(|(_, option)| *option);
    if let Some(meant) = synonym.or_else(|| nearest(unknown, names.iter().copied())) {
        return format!("there is no option `{unknown}`; did you mean `{meant}`?");
    }
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    format!("there is no option `{unknown}`; expected one of {}", names.join(", "))
}
