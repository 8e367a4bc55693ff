//! What the text holds of a variable, and what of it a resumed run reads again.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Item, Macro, Stmt};

use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::lending::is_lent_in;
use crate::analyse::survey::has_cfg;
use crate::analyse::targets::Target;
use crate::syntax::free_idents::free_idents;

/// What the text holds, in its order.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Event {
    Declared,
    Mentioned,
    /// The body of a resumable loop, or the head of one that is evaluated for each item. The loop may be passed by if it
    /// is not certain.
    Body {
        at: usize,
        is_certain: bool,
    },
    End(usize),
}

/// What comes behind a place in the same item. What stands in the body of a loop that may change the variable reads
/// what that has restored, and is none of it.
enum Step {
    Read,
    /// A loop that may change the variable.
    Changed {
        is_certain: bool,
    },
    /// One that does not.
    Unchanged,
}

pub(super) struct Reading<'a> {
    pub(super) events: &'a [Event],
    pub(super) changing: &'a BTreeSet<usize>,
}

impl Reading<'_> {
    /// Whether what the variable was at its declaration is needed: it is read before a loop may change it, or a loop
    /// that does not change it may be saved before it is.
    pub(super) fn of_declaration(&self) -> bool {
        is_read(self.behind(|event| event == Event::Declared), |_| true)
    }

    /// Whether what it was at the end of that loop is needed: it is read before another loop changes it. If the loop
    /// `is_inner`, inside one that may change it, a loop that does not change it saves it as the code before has left it.
    pub(super) fn of_end(&self, at: usize, is_inner: bool) -> bool {
        is_read(self.behind(|event| event == Event::End(at)), |is_read| is_inner && is_read)
    }

    /// Whether what it was where an item of that loop began is needed: it is read before a loop in the item, where
    /// it may be saved as that left it.
    pub(super) fn of_item(&self, at: usize) -> bool {
        let is_it = |event| matches!(event, Event::Body { at: found, .. } if found == at);
        is_read(self.behind(is_it), |is_read| is_read)
    }

    fn behind(&self, is_place: impl Fn(Event) -> bool) -> Vec<Step> {
        let at = self.events.iter().position(|event| is_place(*event));
        let behind = at.and_then(|at| self.events.get(at + 1..)).unwrap_or_default();
        let (mut steps, mut inside, mut passed) = (Vec::new(), 0_usize, None);
        for event in behind {
            match *event {
                Event::End(at) if passed == Some(at) => passed = None,
                _ if passed.is_some() => {}
                Event::Declared => {}
                Event::Mentioned => steps.push(Step::Read),
                Event::Body { at, is_certain } if self.changing.contains(&at) => {
                    steps.push(Step::Changed { is_certain });
                    passed = Some(at);
                }
                Event::Body { .. } => {
                    steps.push(Step::Unchanged);
                    inside += 1;
                }
                Event::End(_) if inside == 0 => break,
                Event::End(_) => inside -= 1,
            }
        }
        steps
    }
}

/// Whether it is read before a loop changes it for certain. A loop that does not change it decides that as
/// `saved` says.
fn is_read(steps: Vec<Step>, saved: impl Fn(bool) -> bool) -> bool {
    let mut is_read = false;
    for step in steps {
        match step {
            Step::Read => is_read = true,
            Step::Changed { .. } if is_read => return true,
            Step::Changed { is_certain: true } => return false,
            Step::Unchanged if saved(is_read) => return true,
            Step::Changed { .. } | Step::Unchanged => {}
        }
    }
    false
}

/// The numbers of loops and `let`s so far, which must be those that `Survey` gives.
#[derive(Default)]
struct Seen {
    loops: usize,
    lets: usize,
}

pub(super) struct Events<'a> {
    variable: &'a CarriedVariable,
    ident: String,
    targets: &'a [Target],
    declared: Option<usize>,
    seen: Seen,
    /// How many expressions are around this place that may pass it by.
    choices: usize,
    /// Whether a macro that mentions the variable can be called here: its calls need not say so.
    is_hidden: bool,
    found: Vec<Event>,
}

impl<'a> Events<'a> {
    pub(super) fn of(
        block: &Block,
        variable: &'a CarriedVariable,
        targets: &'a [Target],
    ) -> Vec<Event> {
        let ident = variable.ident.unraw().to_string();
        let declared = match variable.source {
            Source::Local { at, .. } => Some(at),
            Source::Argument { .. } => None,
        };
        let mut events = Events {
            variable,
            ident,
            targets,
            declared,
            seen: Seen::default(),
            choices: 0,
            is_hidden: false,
            found: Vec::new(),
        };
        if declared.is_none() {
            events.found.push(Event::Declared);
        }
        events.visit_block(block);
        events.found
    }

    fn mentioned_in(&mut self, tokens: &impl ToTokens) {
        if free_idents(tokens.to_token_stream()).contains(&self.ident) {
            self.found.push(Event::Mentioned);
        }
    }

    fn is_target(&self, at: usize) -> bool {
        self.targets.iter().any(|target| target.at == at)
    }

    fn body(&mut self, at: usize, attrs: &[Attribute]) {
        if self.is_target(at) {
            let is_certain = !has_cfg(attrs) && self.choices == 0;
            self.found.push(Event::Body { at, is_certain });
        }
    }

    fn end(&mut self, at: usize) {
        if self.is_target(at) {
            self.found.push(Event::End(at));
        }
    }

    fn chosen(&mut self, visit: impl FnOnce(&mut Self)) {
        self.choices += 1;
        visit(self);
        self.choices -= 1;
    }
}

impl<'ast> Visit<'ast> for Events<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let hides = |stmt: &Stmt| match stmt {
            Stmt::Item(Item::Macro(it)) => free_idents(it.to_token_stream()).contains(&self.ident),
            _ => false,
        };
        let was_hidden = self.is_hidden;
        self.is_hidden |= block.stmts.iter().any(hides);
        for stmt in &block.stmts {
            if self.is_hidden {
                self.found.push(Event::Mentioned);
            }
            self.visit_stmt(stmt);
        }
        self.is_hidden = was_hidden;
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let at = self.seen.lets;
        self.seen.lets += 1;
        let visit = |events: &mut Self| {
            events.visit_pat(&local.pat);
            let Some(init) = &local.init else { return };
            events.visit_expr(&init.expr);
            if let Some((_, diverging)) = &init.diverge {
                events.chosen(|events| events.visit_expr(diverging));
            }
        };
        if has_cfg(&local.attrs) {
            self.chosen(visit);
        } else {
            visit(self);
        }
        if self.declared == Some(at) {
            self.found.push(Event::Declared);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let at = self.seen.loops;
        match expr {
            Expr::Path(_) | Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {
                self.mentioned_in(expr);
            }
            Expr::ForLoop(it) => {
                self.seen.loops += 1;
                // What is lent is restored before the head.
                let is_lent = is_lent_in(self.variable, &it.expr);
                if is_lent {
                    self.body(at, &it.attrs);
                }
                self.visit_expr(&it.expr);
                if !is_lent {
                    self.body(at, &it.attrs);
                }
                self.visit_block(&it.body);
                self.end(at);
            }
            Expr::While(it) => {
                self.seen.loops += 1;
                self.body(at, &it.attrs);
                self.visit_expr(&it.cond);
                self.visit_block(&it.body);
                self.end(at);
            }
            Expr::Loop(_) => {
                self.seen.loops += 1;
                self.chosen(|events| visit::visit_expr(events, expr));
            }
            Expr::If(_) | Expr::Match(_) | Expr::Binary(_) | Expr::Let(_) => {
                self.chosen(|events| visit::visit_expr(events, expr));
            }
            Expr::Unsafe(it) if has_cfg(&it.attrs) => {
                self.chosen(|events| visit::visit_expr(events, expr));
            }
            Expr::Block(it) if it.label.is_some() || has_cfg(&it.attrs) => {
                self.chosen(|events| visit::visit_expr(events, expr));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if self.is_hidden {
            self.found.push(Event::Mentioned);
        }
        self.mentioned_in(&mac.tokens);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
