//! Where a carried variable's value is needed again: code before and between loops runs again in a resumed run,
//! and is to see there what it saw.
//!
//! A run has the last value of a variable. Where a resumed run reads an earlier one, that is kept beside it: at the
//! declaration, at the end of a loop, and where an item begins that has a loop inside. What is not mentioned
//! between a place and the next loop that may change it needs no value there.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, Item, ItemMacro, Macro, Result, Stmt};

use crate::carried::{CarriedVariable, Source};
use crate::expand::{Expansion, Names};
use crate::find::Target;
use crate::function::bindings;
use crate::hygiene::{at, moved};
use crate::loops::locals::Local;
use crate::loops::{Survey, is_plain_while, while_let};
use crate::mentions::mentions;
use crate::mutations::block_may_change;
use crate::passes::body;
use crate::proof::free;

/// The places of one variable. Loops are numbered as the survey does.
#[derive(Default)]
pub(crate) struct Places {
    /// The resumable loops that may change it.
    pub(crate) changing: BTreeSet<usize>,
    /// Those, and the loops in them: what a loop saves is the progress of those around it as well.
    pub(crate) saving: BTreeSet<usize>,
    /// Whether what it was at its declaration is kept.
    pub(crate) start: bool,
    /// The loops of which what it was at their end is kept.
    pub(crate) ends: BTreeSet<usize>,
    /// The loops of which what it was where an item began is kept.
    pub(crate) items: BTreeSet<usize>,
}

/// What the text holds, in its order.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Declared,
    Mentioned,
    /// The body of a resumable loop, or the head of one that is evaluated for each item.
    Body(usize),
    End(usize),
}

impl Places {
    /// The places of a carried variable in `block`.
    fn of(
        block: &Block,
        variable: &CarriedVariable,
        (targets, survey): (&[Target], &Survey),
        originals: &BTreeMap<usize, Expr>,
    ) -> Self {
        let ident = &variable.ident;
        let may_change = |target: &&Target| {
            let around = survey.loops.get(target.at).map(|it| it.macros.as_slice());
            let hides = |it: &ItemMacro| free::holds(&mentions(it.to_token_stream()), ident);
            around.is_some_and(|macros| macros.iter().any(hides))
                || originals.get(&target.at).is_some_and(|written| lends(written, variable))
                || originals.get(&target.at).is_some_and(|written| may_change(written, ident))
        };
        let changing: BTreeSet<usize> =
            targets.iter().filter(may_change).map(|target| target.at).collect();
        let events = Events::of(block, variable, targets);
        let reading = Reading { events: &events, changing: &changing };
        let ends = changing.iter().copied().filter(|at| reading.of_end(*at)).collect();
        let items = changing.iter().copied().filter(|at| reading.of_item(*at)).collect();
        let start = reading.of_declaration();
        let is_saving = |at: &usize| {
            changing.contains(at) || survey.around(*at).any(|outer| changing.contains(&outer))
        };
        let saving = targets.iter().map(|target| target.at).filter(is_saving).collect();
        let places = Places { start, ends, items, saving, changing };
        if variable.is_assignable() || !places.are_kept() {
            return places;
        }
        // It has one value.
        Places { start: true, ..Places::default() }
    }

    /// All of the loops may change it, and it can't be set back.
    fn last_alone(targets: &[Target]) -> Self {
        let saving: BTreeSet<usize> = targets.iter().map(|target| target.at).collect();
        Places { saving, ..Places::default() }
    }

    /// Whether a value beside the last one is kept.
    pub(crate) fn are_kept(&self) -> bool {
        self.start || !self.ends.is_empty() || !self.items.is_empty()
    }
}

impl CarriedVariable {
    /// Whether the loop of `target` saves it, or a `checkpoint!()` does.
    pub(crate) fn is_carried_in(&self, target: Option<&Target>) -> bool {
        target.is_none_or(|target| self.places.saving.contains(&target.at))
    }
}

impl Expansion {
    /// Finds out where the carried variables are needed again.
    pub(crate) fn place(&mut self, block: &Block, survey: &Survey, targets: &[Target]) {
        for variable in &mut self.carried {
            variable.places = if variable.is_handle() {
                Places::last_alone(targets)
            } else {
                Places::of(block, variable, (targets, survey), &self.originals)
            };
        }
    }

    /// Keeps what a variable was at its declaration, which is `value`.
    pub(crate) fn keep_start(
        &self,
        variable: &CarriedVariable,
        value: &TokenStream,
    ) -> TokenStream {
        if !variable.places.start {
            return TokenStream::new();
        }
        let here = at(variable.ident.span());
        let (name, depth) = (variable.name(), variable.depth());
        let run = moved(&self.run_at(depth), here);
        self.or_fail(variable, &quote_spanned! {here=> #run.keep_start(#name, #depth, #value) })
    }

    /// Behind the head of a loop: what its variables were when the last item completed, or at its end.
    pub(crate) fn restored_in(&self, target: &Target) -> TokenStream {
        let lends = self.lends(target);
        let changing = self
            .carried
            .iter()
            .filter(|it| it.places.changing.contains(&target.at) && it.is_assignable());
        let restored = changing.map(|variable| {
            let here = at(variable.ident.span());
            let Target { depth: around, id, .. } = target;
            let (name, depth) = (variable.name(), variable.depth());
            let ends = variable.places.ends.contains(&target.at);
            let run = moved(&self.run_at(around + usize::from(!lends)), here);
            let restore = if lends { "restore_before" } else { "restore_in" };
            let restore = Ident::new(restore, here);
            let call = quote_spanned! {here=> #run.#restore(#name, #depth, (#around, #id), #ends) };
            self.assigned_by(variable, &call, &TokenStream::new())
        });
        restored.collect()
    }

    /// Where an item begins that has a loop inside: what its variables were there.
    pub(crate) fn restored_at_item(&self, target: &Target) -> TokenStream {
        let kept = self.carried.iter().filter(|it| it.places.items.contains(&target.at));
        let restored = kept.map(|variable| {
            let here = at(variable.ident.span());
            let Target { depth: around, id, .. } = target;
            let (name, value) = (variable.name(), variable.value());
            let run = moved(&self.run_at(around + 1), here);
            let call = quote_spanned! {here=> #run.restore_at_item(#name, (#around, #id)) };
            let keep = quote_spanned! {here=> #run.keep_item(#name, (#around, #id), #value) };
            self.assigned_by(variable, &call, &self.or_fail(variable, &keep))
        });
        restored.collect()
    }

    /// Where a loop has been left: keeps what its variables are.
    pub(crate) fn keep_ends(&self, run: &TokenStream, target: &Target) -> TokenStream {
        let kept = self.carried.iter().filter(|it| it.places.ends.contains(&target.at));
        let kept = kept.map(|variable| {
            let here = at(variable.ident.span());
            let Target { depth: around, id, .. } = target;
            let (name, value) = (variable.name(), variable.value());
            let run = moved(run, here);
            let keep = quote_spanned! {here=> #run.keep_end(#name, (#around, #id), #value) };
            self.or_fail(variable, &keep)
        });
        kept.collect()
    }

    /// Gives the variable the value that `call` gives; else does what is to be done then.
    fn assigned_by(
        &self,
        variable: &CarriedVariable,
        call: &TokenStream,
        otherwise: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let Names { value, error, .. } = &self.names;
        let here = at(variable.ident.span());
        let fail = self.fail(here);
        let assigned = variable.assigned();
        quote_spanned! {here=>
            match #call {
                #krate::__private::Ok(#krate::__private::Some(#value)) => #assigned = #value,
                #krate::__private::Ok(#krate::__private::None) => { #otherwise }
                #krate::__private::Err(#error) => #fail,
            }
        }
    }

    fn or_fail(&self, variable: &CarriedVariable, call: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let error = &self.names.error;
        let here = at(variable.ident.span());
        let fail = self.fail(here);
        quote_spanned! {here=> if let #krate::__private::Err(#error) = #call { #fail } }
    }

    /// Whether the head of that loop, a `while let`, takes what it gives from a carried variable, which knows by itself
    /// what is left.
    pub(crate) fn takes(&self, target: &Target) -> bool {
        let written = self.originals.get(&target.at);
        let Some(Expr::While(it)) = written else { return false };
        let names = free::names(|free| free.visit_expr(&it.cond));
        self.carried.iter().any(|it| !it.is_handle() && free::holds(&names, &it.ident))
    }

    /// Whether variables are taken into the next save before the head of that loop, as that takes from them what an
    /// item that fails has to be given again.
    pub(crate) fn carries_before_head(&self, target: &Target) -> bool {
        let policy = &target.items.policy;
        self.takes(target) && (policy.answers_errors() || policy.max_crashes.is_some())
    }

    /// What takes them there.
    pub(crate) fn carried_before_head(&self, target: &Target, locals: &[Local]) -> TokenStream {
        if !self.carries_before_head(target) {
            return TokenStream::new();
        }
        let tally = &self.names.tally;
        let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
        self.carry(&run, Some(target), locals)
    }

    /// The same for a save that is made while an item is in flight.
    pub(crate) fn carried_after_head(
        &self,
        run: &TokenStream,
        target: &Target,
        locals: &[Local],
    ) -> TokenStream {
        if self.carries_before_head(target) {
            return TokenStream::new();
        }
        self.carry(run, Some(target), locals)
    }

    /// Holds the loops that take from carried variables to their form.
    pub(crate) fn check_worklists(&self, targets: &[Target]) -> Result<()> {
        for target in targets {
            let written = self.originals.get(&target.at);
            let Some(Expr::While(it)) = written else { continue };
            let takes = self.takes(target);
            if is_plain_while(it) && !takes {
                let text = "nothing that is carried decides how long this loop goes on; name what it goes by in \
                            `carry(..)`";
                return Err(Error::new(it.cond.span(), text));
            }
            let place = target.items.identity.place().filter(|_| takes);
            if let Some(place) = place {
                let text = "what is left to do is known by the carried variable that the head takes from; remove this";
                return Err(Error::new(place, text));
            }
        }
        Ok(())
    }
}

/// Whether the loop may change the variable item by item. A body that mentions it is taken to, as no list tells
/// what a method does; but where the head may hold it borrowed, which lets the body only read, what the source
/// shows decides, and the proof sees that it is true.
fn may_change(written: &Expr, ident: &Ident) -> bool {
    let Some(block) = body(written) else { return false };
    let mut names = free::of_block(block);
    match written {
        Expr::ForLoop(it) => {
            bindings(&it.pat).iter().for_each(|bound| _ = names.remove(&bound.name()));
            let head = free::names(|free| free.visit_expr(&it.expr));
            let in_head = free::holds(&head, ident);
            free::holds(&names, ident) && (!in_head || block_may_change(block, ident))
        }
        Expr::While(it) => {
            if let Some((pat, _)) = while_let(it) {
                bindings(pat).iter().for_each(|bound| _ = names.remove(&bound.name()));
            }
            names.extend(free::names(|free| free.visit_expr(&it.cond)));
            free::holds(&names, ident)
        }
        _ => false,
    }
}

/// Whether the loop walks it by mutable reference.
fn lends(written: &Expr, variable: &CarriedVariable) -> bool {
    matches!(written, Expr::ForLoop(it) if variable.is_lent_in(&it.expr))
}

struct Reading<'a> {
    events: &'a [Event],
    changing: &'a BTreeSet<usize>,
}

impl Reading<'_> {
    /// Whether what the variable was at its declaration is needed: it is read before a loop may change it, or a loop
    /// that does not change it may be saved before it is.
    fn of_declaration(&self) -> bool {
        let mut is_read = false;
        for (event, _) in self.behind(Event::Declared) {
            match event {
                Event::Body(at) if self.changing.contains(&at) => return is_read,
                Event::Mentioned | Event::Body(_) => is_read = true,
                Event::Declared | Event::End(_) => {}
            }
        }
        // One that no loop changes has to be saved only if there is something to be saved with.
        is_read && self.behind(Event::Declared).any(|(event, _)| matches!(event, Event::Body(_)))
    }

    /// Whether what it was at the end of that loop is needed: it is read before another loop changes it.
    fn of_end(&self, at: usize) -> bool {
        let mut is_read = false;
        for (event, is_around) in self.behind(Event::End(at)) {
            match event {
                Event::Body(at) if self.changing.contains(&at) => return is_read,
                Event::Mentioned => is_read = true,
                // The item around ends, and with it what is saved of the loops in it.
                Event::End(_) if is_around => return false,
                Event::Declared | Event::Body(_) | Event::End(_) => {}
            }
        }
        false
    }

    /// Whether what it was where an item of that loop began is needed: it is read before a loop in the item, where
    /// it may be saved as that left it.
    fn of_item(&self, at: usize) -> bool {
        let mut is_read = false;
        for (event, is_around) in self.behind(Event::Body(at)) {
            match event {
                Event::Mentioned => is_read = true,
                Event::Body(_) if is_read => return true,
                Event::Body(at) if self.changing.contains(&at) => return false,
                Event::End(_) if is_around => return false,
                Event::Declared | Event::Body(_) | Event::End(_) => {}
            }
        }
        false
    }

    /// The events behind a place; of the end of a loop whether the place is in that loop.
    fn behind(&self, place: Event) -> impl Iterator<Item = (Event, bool)> {
        let at = self.events.iter().position(|event| *event == place);
        let behind = at.and_then(|at| self.events.get(at + 1..)).unwrap_or_default();
        let mut inside = 0_usize;
        behind.iter().map(move |event| {
            let is_around = matches!(event, Event::End(_)) && inside == 0;
            match event {
                Event::Body(_) => inside += 1,
                Event::End(_) => inside = inside.saturating_sub(1),
                Event::Declared | Event::Mentioned => {}
            }
            (*event, is_around)
        })
    }
}

struct Events<'a> {
    variable: &'a CarriedVariable,
    ident: String,
    targets: &'a [Target],
    declared: Option<usize>,
    // Must number loops and `let`s as `Survey` does.
    loops: usize,
    lets: usize,
    events: Vec<Event>,
}

impl<'a> Events<'a> {
    fn of(block: &Block, variable: &'a CarriedVariable, targets: &'a [Target]) -> Vec<Event> {
        let ident = variable.ident.unraw().to_string();
        let declared = match variable.source {
            Source::Local { at, .. } => Some(at),
            Source::Argument { .. } => None,
        };
        let mut events =
            Events { variable, ident, targets, declared, loops: 0, lets: 0, events: Vec::new() };
        if declared.is_none() {
            events.events.push(Event::Declared);
        }
        events.visit_block(block);
        events.events
    }

    fn mentioned_in(&mut self, tokens: &impl ToTokens) {
        if mentions(tokens.to_token_stream()).contains(&self.ident) {
            self.events.push(Event::Mentioned);
        }
    }

    fn is_target(&self, at: usize) -> bool {
        self.targets.iter().any(|target| target.at == at)
    }

    fn target(&mut self, at: usize, event: fn(usize) -> Event) {
        if self.is_target(at) {
            self.events.push(event(at));
        }
    }
}

impl<'ast> Visit<'ast> for Events<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        // What a macro mentions, its calls do.
        let is_hidden = |stmt: &Stmt| match stmt {
            Stmt::Item(Item::Macro(it)) => mentions(it.to_token_stream()).contains(&self.ident),
            _ => false,
        };
        let is_hidden = block.stmts.iter().any(is_hidden);
        for stmt in &block.stmts {
            if is_hidden {
                self.events.push(Event::Mentioned);
            }
            self.visit_stmt(stmt);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let at = self.lets;
        self.lets += 1;
        visit::visit_local(self, local);
        if self.declared == Some(at) {
            self.events.push(Event::Declared);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let at = self.loops;
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => self.mentioned_in(expr),
            Expr::ForLoop(it) => {
                self.loops += 1;
                // What is lent is restored before the head.
                let is_lent = self.variable.is_lent_in(&it.expr);
                if is_lent {
                    self.target(at, Event::Body);
                }
                self.visit_expr(&it.expr);
                if !is_lent {
                    self.target(at, Event::Body);
                }
                self.visit_block(&it.body);
                self.target(at, Event::End);
            }
            Expr::While(it) => {
                self.loops += 1;
                self.target(at, Event::Body);
                self.visit_expr(&it.cond);
                self.visit_block(&it.body);
                self.target(at, Event::End);
            }
            Expr::Loop(_) => {
                self.loops += 1;
                visit::visit_expr(self, expr);
            }
            Expr::Path(_) => self.mentioned_in(expr),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.mentioned_in(&mac.tokens);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
