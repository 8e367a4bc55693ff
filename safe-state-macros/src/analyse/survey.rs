//! Finds all loops of a function's body, in the order of its text, and the places that may hide the job's loop.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, ExprIf, ExprMethodCall, ImplItem, Item, ItemMacro, Label,
    Lifetime, Macro, Pat, Signature, StmtMacro, Type,
};

use crate::parse::function::is_resumable;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;
use crate::syntax::loop_forms::{is_marker, while_let};
pub(crate) use beside::{Beside, Consumer};
pub(crate) use calls::{Call, is_noted};
pub(crate) use heads::has_cfg;
use locals::Local;
use patterns::{Bound, Matched, Visited, matched};
pub(crate) use tokens::holds_for;
use tokens::markers;

pub(crate) mod beside;
mod calls;
mod heads;
pub(crate) mod locals;
mod mentions;
mod of_macros;
pub(crate) mod parts;
pub(crate) mod patterns;
mod tokens;

/// A `for`, `while` or `loop`.
pub(crate) struct Loop {
    /// The loop's keyword.
    pub(crate) keyword: Span,
    /// The loop's head as written, for messages.
    pub(crate) text: String,
    /// The loop around this one, by its index in [`Survey::loops`].
    pub(crate) parent: Option<usize>,
    /// The `#[resume]` on the loop.
    pub(crate) marker: Option<Attribute>,
    /// The names in scope where the loop begins.
    pub(crate) scope: Scope,
    pub(crate) kind: LoopKind,
}

/// The names in scope at a place.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// The locals, the innermost last.
    pub(crate) locals: Vec<Local>,
    /// The variables that patterns around the place bind: those of arms, conditions and other loops.
    pub(crate) patterns: Vec<Bound>,
    /// The labels of the blocks around the place.
    pub(crate) block_labels: Vec<Lifetime>,
    /// The labels of the loops around the place.
    pub(crate) loop_labels: Vec<Lifetime>,
    /// The variables that calls of macros before the place may declare, among them names of others.
    pub(crate) of_macros: Vec<Local>,
    /// The variables of which the function may move a field.
    pub(crate) apart: BTreeSet<String>,
    /// The macros that the function defines before the place.
    pub(crate) macros: Vec<ItemMacro>,
}

pub(crate) enum LoopKind {
    For(ForHead),
    /// `while let Some(x) = ..`.
    WhileLet,
    /// A `while` of another form, or a `loop` with a body.
    Other,
    /// `loop {}`, which other attributes generate in code that is never reached.
    Empty,
}

/// The head of a `for` loop: what stands between `for` and the body.
pub(crate) struct ForHead {
    /// The variables that the iterated expression mentions and no `let` has shadowed.
    pub(crate) mentions: Vec<String>,
    /// The variable at the root of the expression: `items` in `&items.iter().rev()`.
    pub(crate) root: Option<String>,
    /// The type of the variable `root`, if a `let` writes it.
    pub(crate) root_type: Option<Box<Type>>,
    /// A mentioned name that a `let` gives to a value which has nothing to do with the earlier one, and the place of
    /// the `let`.
    pub(crate) shadowed_by: Option<(String, Span)>,
    /// A method whose items come in the order in which they complete, such as `par_iter`.
    pub(crate) parallel: Option<Ident>,
    pub(crate) cfgs: Vec<String>,
}

/// The loops and variables of a body, and what else may hide a loop.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) loops: Vec<Loop>,
    /// The places that hold a `for`, but whose inside is not this function's code.
    pub(crate) hidden: Vec<Hidden>,
    /// What walks items out of sight, outside of all loops.
    pub(crate) beside: Vec<Beside>,
    /// Calls that walk an iterator to its end: `for_each`, `sum`, `collect`.
    pub(crate) consumers: Vec<Consumer>,
    /// All locals, in the order of their declaration.
    pub(crate) all_locals: Vec<Local>,
    /// The `#[resume]` attributes that do not stand on a loop of the function's own.
    pub(crate) stray_markers: Vec<Attribute>,
    /// The calls of `step!`, `checkpoint!` and `commit!`, in the order of the text.
    pub(crate) calls: Vec<Call>,
}

/// A visitor that goes through a body in the order of its text.
#[derive(Default)]
struct Surveyor {
    survey: Survey,
    /// The number of the markers visited next that stand on a loop: a visit of a loop begins with its attributes.
    on_loop: usize,
    enclosing: Vec<usize>,
    scope: Scope,
    /// The expressions that the `match`es around this place match, the innermost last.
    matched: Vec<Matched>,
    visited: Visited,
    shadows: BTreeMap<String, Span>,
    /// The types of locals, if the source writes them.
    types: BTreeMap<String, Box<Type>>,
}

pub(crate) enum Hidden {
    Macro(Span),
    Closure(Span),
    Function(Ident),
    Async(Span),
}

/// Returns the survey of `block`. Macro calls, nested functions, closures and `async` blocks that hold a `for` are
/// noted as hidden.
pub(crate) fn survey(block: &Block) -> Survey {
    let mut surveyor = Surveyor::default();
    surveyor.scope.apart = parts::moved_in_block(block);
    surveyor.visit_block(block);
    surveyor.survey
}

impl Survey {
    pub(crate) fn for_loop(&self, at: usize) -> Option<(&Loop, &ForHead)> {
        let it = self.loops.get(at)?;
        match &it.kind {
            LoopKind::For(head) => Some((it, head)),
            LoopKind::WhileLet | LoopKind::Other | LoopKind::Empty => None,
        }
    }

    pub(crate) fn for_loops(&self) -> impl Iterator<Item = (usize, &Loop, &ForHead)> {
        (0..self.loops.len()).filter_map(|at| self.for_loop(at).map(|(it, head)| (at, it, head)))
    }

    /// Returns the loops around the loop `at`, from the inside out.
    pub(crate) fn around(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.loops.get(at).and_then(|it| it.parent), |outer| {
            self.loops.get(*outer).and_then(|it| it.parent)
        })
    }
}

impl Surveyor {
    fn enter(&mut self, (keyword, text): (Span, String), attrs: &[Attribute], kind: LoopKind) {
        let marker = attrs.iter().find(|attr| is_marker(attr)).cloned();
        self.on_loop = usize::from(marker.is_some());
        let parent = self.enclosing.last().copied();
        self.enclosing.push(self.survey.loops.len());
        self.survey.loops.push(Loop {
            keyword,
            text,
            parent,
            marker,
            scope: self.scope.clone(),
            kind,
        });
    }

    /// Calls `visit` with the bindings of `pats`, and the label of a loop, in scope.
    fn within(
        &mut self,
        pats: Vec<(&Pat, Matched)>,
        label: Option<&Label>,
        visit: impl FnOnce(&mut Self),
    ) {
        let outside = (self.scope.patterns.len(), self.scope.loop_labels.len());
        let lets = self.visited.lets;
        for (pat, matched) in pats {
            let bound: Vec<Bound> = matched.bound(pat, (lets, self.visited.bound)).collect();
            self.visited.bound += bound.len();
            self.scope.patterns.extend(bound);
        }
        self.scope.loop_labels.extend(label.map(|label| label.name.clone()));
        visit(self);
        self.scope.patterns.truncate(outside.0);
        self.scope.loop_labels.truncate(outside.1);
    }

    /// Visits an `if`, whose patterns bind in its first branch.
    fn branches(&mut self, it: &ExprIf) {
        let pats = matched(&it.cond).into_iter();
        let pats = pats.map(|(pat, expr)| (pat, Matched::once(expr))).collect();
        it.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.within(pats, None, |survey| {
            survey.visit_expr(&it.cond);
            survey.visit_block(&it.then_branch);
        });
        if let Some((_, otherwise)) = &it.else_branch {
            self.visit_expr(otherwise);
        }
    }
}

impl<'ast> Visit<'ast> for Surveyor {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::ForLoop(it) => {
                let head = self.head(it);
                let (pat, walked) = (it.pat.to_token_stream(), it.expr.to_token_stream());
                let text = format!("for {pat} in {walked}");
                self.enter((it.for_token.span, text), &it.attrs, LoopKind::For(head));
                it.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
                self.visit_expr(&it.expr);
                let pats = vec![(&*it.pat, Matched::by_loop(&it.expr))];
                self.within(pats, it.label.as_ref(), |survey| {
                    survey.visit_pat(&it.pat);
                    survey.visit_block(&it.body);
                });
                self.enclosing.pop();
            }
            Expr::While(it) => {
                let kind =
                    if while_let(it).is_some() { LoopKind::WhileLet } else { LoopKind::Other };
                let text = format!("while {}", it.cond.to_token_stream());
                self.enter((it.while_token.span, text), &it.attrs, kind);
                let pats = matched(&it.cond).into_iter();
                let pats = pats.map(|(pat, expr)| (pat, Matched::by_loop(expr))).collect();
                self.within(pats, it.label.as_ref(), |survey| {
                    visit::visit_expr(survey, expr);
                });
                self.enclosing.pop();
            }
            Expr::Loop(it) => {
                let text = "loop".to_owned();
                let kind = if it.body.stmts.is_empty() { LoopKind::Empty } else { LoopKind::Other };
                self.enter((it.loop_token.span, text), &it.attrs, kind);
                self.within(Vec::new(), it.label.as_ref(), |survey| {
                    visit::visit_expr(survey, expr);
                });
                self.enclosing.pop();
            }
            Expr::If(it) => self.branches(it),
            Expr::Match(it) => {
                self.matched.push(Matched::once(&it.expr));
                visit::visit_expr(self, expr);
                self.matched.pop();
            }
            Expr::Block(it) if it.label.is_some() => {
                self.scope.block_labels.extend(it.label.as_ref().map(|label| label.name.clone()));
                visit::visit_expr(self, expr);
                self.scope.block_labels.pop();
            }
            Expr::Closure(it) => self.hide(&it.body, || Hidden::Closure(it.inputs_begin.span)),
            Expr::Async(it) => {
                let is_loop = holds_for(it.block.to_token_stream());
                self.note_beside(it.async_token.span, "`async` block", is_loop);
                self.hide(&it.block, || Hidden::Async(it.async_token.span));
            }
            Expr::Const(_) => {}
            Expr::Path(it) => mentions::note(&mut self.scope, it),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let pats = self.matched.last().map(|matched| (&arm.pat, matched.clone()));
        self.within(pats.into_iter().collect(), None, |survey| visit::visit_arm(survey, arm));
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Macro(it) => self.scope.macros.push(it.clone()),
            Item::Fn(inner) => self.hide_function(&inner.attrs, &inner.sig, &inner.block),
            Item::Impl(inner) => {
                for member in &inner.items {
                    if let ImplItem::Fn(inner) = member {
                        self.hide_function(&inner.attrs, &inner.sig, &inner.block);
                    }
                }
            }
            _ => {}
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        mentions::note_in(&mut self.scope, &mac.tokens);
        if holds_for(mac.tokens.clone()) {
            self.survey.hidden.push(Hidden::Macro(mac.path.span()));
            self.note_beside(mac.path.span(), "macro call", true);
        }
        if is_noted(&mac.path) {
            self.survey.calls.push(Call { path: mac.path.clone(), scope: self.scope.clone() });
        }
    }

    fn visit_stmt_macro(&mut self, it: &'ast StmtMacro) {
        let of_macro = |ident| Local::of_macro(ident, self.visited.lets, self.enclosing.clone());
        let declared: Vec<Local> = of_macros::declared(&it.mac).into_iter().map(of_macro).collect();
        visit::visit_stmt_macro(self, it);
        self.scope.of_macros.extend(declared);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if is_marker(attribute) {
            match self.on_loop.checked_sub(1) {
                Some(left) => self.on_loop = left,
                None => self.survey.stray_markers.push(attribute.clone()),
            }
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let consumer = Consumer::of(call);
        let is_loop = consumer.as_ref().is_some_and(Consumer::is_for_each);
        self.note_beside(call.method.span(), "call", is_loop);
        self.survey.consumers.extend(consumer);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let outside = (self.shadows.clone(), self.types.clone());
        let (locals, macros) = (self.scope.locals.len(), self.scope.macros.len());
        let of_macros = self.scope.of_macros.len();
        visit::visit_block(self, block);
        (self.shadows, self.types) = outside;
        self.scope.locals.truncate(locals);
        self.scope.of_macros.truncate(of_macros);
        self.scope.macros.truncate(macros);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let at = self.visited.lets;
        self.visited.lets += 1;
        visit::visit_local(self, local);
        let from = local
            .init
            .as_ref()
            .map(|init| free_idents(init.expr.to_token_stream()))
            .unwrap_or_default();
        for binding in bindings(&local.pat) {
            let name = binding.name();
            self.types.remove(&name);
            if !from.contains(&name) {
                self.shadows.insert(name, binding.ident.span());
            }
            // Such a `let` may not stand, and what the loop changes is not what it binds.
            let is_of_other = has_cfg(&local.attrs) && self.hides_mut(&binding);
            let local = Local::of(local, binding, at, self.enclosing.clone());
            self.survey.all_locals.push(local.clone());
            self.scope.locals.extend(Some(local).filter(|_| !is_of_other));
        }
        if let Pat::Type(typed) = &local.pat {
            let names = bindings(&typed.pat).into_iter().map(|it| it.name());
            self.types.extend(names.map(|name| (name, typed.ty.clone())));
        }
    }
}

impl Surveyor {
    /// Returns whether the variable is not `mut`, and hides one that is.
    fn hides_mut(&self, binding: &Binding) -> bool {
        let hidden = self.scope.locals.iter().rfind(|it| it.binding.ident == binding.ident);
        !binding.is_mut && hidden.is_some_and(|it| it.binding.is_mut)
    }

    fn note_beside(&mut self, span: Span, what: &'static str, is_loop: bool) {
        let beside = Beside { span, what };
        self.survey.beside.extend(Some(beside).filter(|_| is_loop && self.enclosing.is_empty()));
    }

    fn hide(&mut self, inside: &impl ToTokens, hidden: impl FnOnce() -> Hidden) {
        if holds_for(inside.to_token_stream()) {
            self.survey.hidden.push(hidden());
        }
        self.survey.stray_markers.extend(markers(inside.to_token_stream()));
        mentions::note_in(&mut self.scope, inside);
    }

    /// Notes a nested function that hides a loop or markers, unless it is resumable too: its markers are its own.
    fn hide_function(&mut self, attrs: &[Attribute], sig: &Signature, block: &Block) {
        if !attrs.iter().any(is_resumable) {
            self.hide(block, || Hidden::Function(sig.ident.clone()));
        }
    }
}
