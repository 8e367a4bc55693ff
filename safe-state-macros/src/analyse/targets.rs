//! Chooses the loops that are resumed.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::{Error, Item, Result, Type};

use crate::analyse::markers::check_marker;
use crate::analyse::survey::{ForHead, Hidden, Loop, LoopKind, Survey, beside};
use crate::parse::function::Argument;
use crate::parse::options::items::{Identity, ItemOptions};

#[cfg(test)]
mod tests;

/// The facts by which the loops are chosen.
pub(crate) struct Search<'a> {
    /// The function's name. Errors about the whole function point at it.
    pub(crate) function: &'a Ident,
    pub(crate) arguments: &'a [Argument],
    /// The argument named by the option `iter`.
    pub(crate) iter: Option<&'a Ident>,
    /// The options about items on the attribute itself.
    pub(crate) items: &'a ItemOptions,
}

/// A loop to make resumable.
#[derive(Clone)]
pub(crate) struct Target {
    /// The loop's index in [`Survey::loops`].
    pub(crate) at: usize,
    /// The loop's number, from 0. Two loops have the same number only if `#[cfg]` lets one of them stand.
    pub(crate) id: u16,
    /// The number of resumable loops around this one.
    pub(crate) depth: usize,
    pub(crate) items: ItemOptions,
    /// The names from the options that are another variable's in this loop.
    pub(crate) hidden: BTreeSet<String>,
    /// Items from the loop's body that are to stand before the loop.
    pub(crate) hoisted: Vec<Item>,
}

/// Returns the loops to make resumable: those with `#[resume]`; without any, the one that walks an argument, or the
/// only one.
pub(crate) fn find(survey: &Survey, search: &Search<'_>) -> Result<Vec<Target>> {
    search.check_iter()?;
    let mut targets = marked(survey)?;
    if targets.is_empty() {
        let unmarked = search.unmarked(survey)?.into_iter();
        let target = |at| Target {
            at,
            id: 0,
            depth: 0,
            items: search.items.clone(),
            hidden: BTreeSet::new(),
            hoisted: Vec::new(),
        };
        targets = unmarked.map(target).collect();
    } else {
        search.give_items(&mut targets)?;
    }
    for target in &targets {
        let by_key = matches!(target.items.identity, Identity::Key(_) | Identity::Consumed(_));
        if let Some((_, head)) = survey.for_loop(target.at) {
            search.check_head(head, by_key)?;
        }
    }
    Ok(targets)
}

/// Returns the loops with `#[resume]` on them.
fn marked(survey: &Survey) -> Result<Vec<Target>> {
    if let Some(stray) = survey.stray_markers.first() {
        let text = "`#[resume]` goes on a loop in the function's own body";
        return Err(Error::new_spanned(stray, text));
    }
    let mut targets: Vec<Target> = Vec::new();
    for (at, it) in survey.loops.iter().enumerate() {
        let Some(marker) = &it.marker else { continue };
        check_marker(it, marker)?;
        let is_unmarked = |outer: &usize| !targets.iter().any(|target| target.at == *outer);
        if let Some(outer) =
            survey.around(at).find(is_unmarked).and_then(|outer| survey.loops.get(outer))
        {
            return Err(nested_in(outer));
        }
        let depth = survey.around(at).count();
        if targets.len() == LOOP_LIMIT || depth == NESTING_LIMIT {
            let text = format!(
                "a function has at most {LOOP_LIMIT} resumable loops, {NESTING_LIMIT} of them inside one another"
            );
            return Err(Error::new_spanned(marker, text));
        }
        let id = u16::try_from(targets.len()).unwrap_or(u16::MAX);
        targets.push(Target {
            at,
            id,
            depth,
            items: ItemOptions::of_marker(marker)?,
            hidden: BTreeSet::new(),
            hoisted: Vec::new(),
        });
    }
    Ok(targets)
}

/// The most resumable loops of a function. `limits.rs` of the backends has the same limit, and the test `loop_count`
/// runs as many.
const LOOP_LIMIT: usize = 64;
const NESTING_LIMIT: usize = 16;

/// Returns the error for a resumable loop inside the loop `outer`, which is not resumable: it would begin anew each
/// time.
fn nested_in(outer: &Loop) -> Error {
    let choice = match outer.kind {
        LoopKind::For(_) | LoopKind::WhileLet => "mark this one with `#[resume]` as well, or ",
        LoopKind::Other | LoopKind::Empty => "",
    };
    let text = format!(
        "the loop to resume is inside this one, which runs it again and again; {choice}move the inner loop into a function of its own"
    );
    Error::new(outer.keyword, text)
}

impl Search<'_> {
    fn check_iter(&self) -> Result<()> {
        let Some(iter) = self.iter else { return Ok(()) };
        if self.arguments.iter().any(|argument| iter == &argument.name()) {
            return Ok(());
        }
        let arguments = self.arguments.iter().filter(|argument| !argument.is_ignored());
        let names: Vec<String> =
            arguments.map(|argument| format!("`{}`", argument.name())).collect();
        let text = match names.as_slice() {
            [] => format!("there is no argument `{iter}`; this function has none"),
            names => format!("there is no argument `{iter}`; expected one of {}", names.join(", ")),
        };
        Err(Error::new(iter.span(), text))
    }

    fn unmarked(&self, survey: &Survey) -> Result<Vec<usize>> {
        let walking: Vec<usize> = survey
            .for_loops()
            .filter(|(_, _, head)| self.walks(head).is_some())
            .map(|(at, ..)| at)
            .collect();
        // A loop inside one that walks an argument is part of the outer loop's items.
        let outermost = |at: &usize| !survey.around(*at).any(|outer| walking.contains(&outer));
        let candidates: Vec<usize> = walking.iter().copied().filter(outermost).collect();
        let chosen = match candidates.as_slice() {
            [] => self.only_loop(survey).map(|only| vec![only]),
            [only] => not_nested(survey, *only).map(|()| candidates),
            [first, second, ..] if !alternatives(survey, &candidates) => {
                Err(self.ambiguous(survey, *first, *second))
            }
            _ => Ok(candidates),
        }?;
        self.check_others(survey, &chosen)?;
        Ok(chosen)
    }

    /// Refuses to leave another outermost loop unprotected without a word. The option `iter` allows it, and of loops
    /// that `#[cfg]` chooses from only one stands.
    fn check_others(&self, survey: &Survey, chosen: &[usize]) -> Result<()> {
        if self.iter.is_some() {
            return Ok(());
        }
        let is_outermost = |it: &Loop| it.parent.is_none() && !matches!(it.kind, LoopKind::Empty);
        let outermost =
            (0..survey.loops.len()).filter(|at| survey.loops.get(*at).is_some_and(is_outermost));
        let all: Vec<usize> = outermost.collect();
        let other = all.iter().find(|at| !chosen.contains(at)).and_then(|at| survey.loops.get(*at));
        match other.filter(|_| !alternatives(survey, &all)) {
            Some(other) => {
                let heads: Vec<String> = all
                    .iter()
                    .filter_map(|at| survey.loops.get(*at))
                    .map(|it| format!("`{}`", it.text))
                    .collect();
                let iter = self.iter_of(survey, chosen);
                let text = format!(
                    "this function has several loops: {}; mark those to resume with `#[resume]`{iter}",
                    heads.join(", ")
                );
                Err(Error::new(other.keyword, text))
            }
            None => Ok(()),
        }
    }

    /// Returns the end of a message that says how `iter` chooses the loop; empty if no chosen loop walks an argument.
    fn iter_of(&self, survey: &Survey, chosen: &[usize]) -> String {
        let walked = chosen.iter().find_map(|at| survey.for_loop(*at));
        let walked = walked.and_then(|(_, head)| self.walks(head));
        walked.map_or_else(String::new, |it| format!(", or say which with `iter = {}`", it.name()))
    }

    /// Returns the first argument that a loop's head mentions; if the option `iter` is given, only the argument named
    /// there counts.
    fn walks(&self, head: &ForHead) -> Option<&Argument> {
        let is_mentioned = |argument: &&Argument| head.mentions.contains(&argument.name());
        match self.iter {
            Some(iter) => {
                self.arguments.iter().filter(|argument| iter == &argument.name()).find(is_mentioned)
            }
            None => self.arguments.iter().find(is_mentioned),
        }
    }

    /// Returns the only outermost `for` loop of a function in which no loop walks an argument.
    fn only_loop(&self, survey: &Survey) -> Result<usize> {
        let outermost: Vec<(usize, &Loop, &ForHead)> =
            survey.for_loops().filter(|(_, it, _)| it.parent.is_none()).collect();
        for (_, _, head) in &outermost {
            if let Some((name, span)) =
                head.shadowed_by.as_ref().filter(|(name, _)| self.is_argument(name))
            {
                let text = format!(
                    "this `{name}` hides the argument, and has nothing of it; rename it, or mark the loop over it with `#[resume]`"
                );
                return Err(Error::new(*span, text));
            }
        }
        match outermost.as_slice() {
            [(at, ..)] if self.iter.is_none() => Ok(*at),
            [] => Err(self.no_loop(survey)),
            [_] | [_, _, ..] if self.iter.is_some() => {
                let iter = self.iter.map(ToString::to_string).unwrap_or_default();
                Err(self.here(format!(
                    "no `for` loop walks `{iter}`; mark the loop to resume with `#[resume]`"
                )))
            }
            several => {
                let heads: Vec<String> =
                    several.iter().map(|(_, it, _)| format!("`{}`", it.text)).collect();
                let heads = heads.join(", ");
                Err(self.here(format!("no loop walks an argument, and there are several: {heads}; mark those to resume with `#[resume]`")))
            }
        }
    }

    fn is_argument(&self, name: &str) -> bool {
        self.arguments.iter().any(|argument| argument.name() == name)
    }

    fn here(&self, text: impl std::fmt::Display) -> Error {
        Error::new(self.function.span(), text)
    }

    /// Returns the error for a function without a loop to resume. It gives the likeliest reason.
    fn no_loop(&self, survey: &Survey) -> Error {
        let while_let = survey.loops.iter().find(|it| matches!(it.kind, LoopKind::WhileLet));
        if let Some(while_let) = while_let {
            return Error::new(
                while_let.keyword,
                "this loop is not resumed by itself; write it as a `for` loop, or mark it with `#[resume]`",
            );
        }
        if let Some(nested) = survey.for_loops().find_map(|(at, ..)| not_nested(survey, at).err()) {
            return nested;
        }
        if let Some(hidden) = survey.hidden.first() {
            return self.hidden(hidden);
        }
        if let Some(consumer) = survey.consumers.first() {
            return consumer.refusal();
        }
        if let Some(other) = survey.loops.first() {
            let text = if other.text.starts_with("while") {
                "this loop has no items that could be counted; write it as a `for` loop, or carry what it goes by, \
                 and mark it with `#[resume]`"
            } else {
                "this loop has no items that could be counted; write it as a `for` loop"
            };
            return Error::new(other.keyword, text);
        }
        self.here(format!(
            "there is no loop to resume in `{}`; `#[resumable]` needs a `for` loop",
            self.function
        ))
    }

    fn hidden(&self, hidden: &Hidden) -> Error {
        match hidden {
            Hidden::Macro(span) => {
                Error::new(*span, "the only loop is inside this macro call, and attributes cannot see into macros; write the loop outside it")
            }
            Hidden::Closure(span) if span.source_text().is_some_and(|text| text.starts_with('#')) => {
                self.here(
                    "another attribute has wrapped this function's body in a closure before `#[resumable]` saw it; put `#[resumable]` first",
                )
            }
            Hidden::Closure(span) => {
                Error::new(*span, "the only loop is inside this closure; move it into the function's own body")
            }
            Hidden::Function(name) => {
                Error::new(name.span(), format!("the only loop is inside `{name}`; put `#[resumable]` on that function"))
            }
            Hidden::Async(span) if span.source_text().is_some_and(|text| text == "async") => {
                Error::new(*span, "the only loop is inside this `async` block; write the loop in an `async fn` of its own, and put `#[resumable]` there")
            }
            Hidden::Async(_) => self.here(
                "another attribute has wrapped this function's body in an `async` block before `#[resumable]` saw it; put `#[resumable]` first",
            ),
        }
    }

    fn ambiguous(&self, survey: &Survey, first: usize, second: usize) -> Error {
        let walked = |at: usize| {
            survey.for_loop(at).and_then(|(_, head)| self.walks(head)).map(Argument::name)
        };
        let keyword = survey.loops.get(second).map_or(self.function.span(), |it| it.keyword);
        let text = match (walked(first), walked(second)) {
            (Some(one), Some(other)) if one != other => format!(
                "loops walk both `{one}` and `{other}`; say which to resume with `iter = {one}`, or mark its loop with `#[resume]`"
            ),
            (one, _) => format!(
                "this is the second loop over `{}`; mark those to resume with `#[resume]`",
                one.unwrap_or_default()
            ),
        };
        Error::new(keyword, text)
    }

    /// Gives the attribute's options about items to the only marked loop. Refuses them if there are several, or if the
    /// loop has its own.
    fn give_items(&self, targets: &mut [Target]) -> Result<()> {
        let Some(place) = self.items.place() else { return Ok(()) };
        match targets {
            [only] if only.items.place().is_none() => {
                only.items = self.items.clone();
                Ok(())
            }
            _ => {
                let text = "loops are marked; say on the one that is meant what is about its items, as `#[resume(key = ..)]`";
                Err(Error::new(place, text))
            }
        }
    }

    fn check_head(&self, head: &ForHead, by_key: bool) -> Result<()> {
        if let Some(method) = &head.parallel {
            return Err(beside::no_order(method));
        }
        let root = head.root.as_ref();
        let walked = self
            .arguments
            .iter()
            .find(|argument| root.is_some_and(|root| *root == argument.name()));
        let ty = head.root_type.as_deref().or(walked.and_then(|argument| argument.ty.as_ref()));
        match ty.and_then(unordered).filter(|_| !by_key) {
            Some((name, ty)) => {
                let text = format!(
                    "the order of a `{name}` is another in every run; use a `BTree{}`, sort its items first, \
                     or know them by a key, as with `key = |item| ..`",
                    name.trim_start_matches("Hash")
                );
                Err(Error::new_spanned(ty, text))
            }
            None => Ok(()),
        }
    }
}

/// Returns the hash map or set in a type, behind any references.
fn unordered(ty: &Type) -> Option<(&'static str, &Type)> {
    match ty {
        Type::Reference(reference) => unordered(&reference.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let name = ["HashMap", "HashSet"].into_iter().find(|name| last.ident == name)?;
            Some((name, ty))
        }
        _ => None,
    }
}

fn not_nested(survey: &Survey, at: usize) -> Result<()> {
    match survey.around(at).last().and_then(|outer| survey.loops.get(outer)) {
        None => Ok(()),
        Some(outer) => Err(nested_in(outer)),
    }
}

/// Returns whether `#[cfg]` keeps all but one of the loops out: each has a `#[cfg]`, and no two have the same.
fn alternatives(survey: &Survey, candidates: &[usize]) -> bool {
    let mut seen: Vec<&Vec<String>> = Vec::new();
    candidates.iter().all(|at| {
        let cfgs = survey.for_loop(*at).map(|(_, head)| &head.cfgs).filter(|cfgs| !cfgs.is_empty());
        let is_new = cfgs.is_some_and(|cfgs| !seen.contains(&cfgs));
        seen.extend(cfgs);
        is_new
    })
}
