//! Refuses changes that a resumed run would make again to a restored value: those between a variable's declaration and
//! a resumable loop behind it, and those in the loop's head. This is about variables that can't be set back: handles,
//! and all that `manual` restores.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{Block, Error, Expr, Ident, Item, Macro, Result, Stmt};

use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::mutations::{ByName, expr_may_change, read_by_name, stmt_may_change};
use crate::analyse::targets::Target;
use crate::syntax::loop_forms::while_let;

/// Refuses changes to `variable` that a resumed run would make again to the restored value.
///
/// `is_known` says whether the variable's type is one of the standard library, whose methods are known.
pub(crate) fn check(
    block: &Block,
    variable: &CarriedVariable,
    targets: &[Target],
    is_known: bool,
) -> Result<()> {
    let declared = match variable.source {
        Source::Local { at, .. } => Some(at),
        Source::Argument { .. } => None,
    };
    let mut search = Search {
        variable: Held { ident: &variable.ident, is_known, is_handle: variable.is_handle() },
        targets,
        waits_for: declared,
        loops: 0,
        lets: 0,
        checkpoints: 0,
        is_arguments_scope: declared.is_none(),
        error: None,
    };
    search.visit_block(block);
    search.error.map_or(Ok(()), Err)
}

const CHANGED: &str = "this changes `{}` before {loop}, and a resumed run would do it again to the value restored; do it in the \
                       initialiser: `let mut {} = { ... };`";
const UNKNOWN: &str = "this may change `{}` before {loop}, where a resumed run would do it again to the value restored; if it only \
                       reads, let the compiler see that: read it through `let seen = &{};`, or write its type, if that is a \
                       number, a text or a collection of the standard library";
const UNKNOWN_MACRO: &str = "this may change `{}` before {loop}, where a resumed run would do it again to the value restored; if the \
                             macro only reads, let the compiler see that: give it a `seen` from `let seen = &{};`";
const TAKEN: &str = "the loop's head takes from `{}`, which is restored without what is complete: that would be \
                     passed over twice; use `#[resumable(manual)]` with `checkpoint!()`";

/// The variable whose changes are searched for.
struct Held<'a> {
    ident: &'a Ident,
    /// Whether the methods of the variable's type are known.
    is_known: bool,
    /// Whether it is a handle, which is saved with each step that writes through it.
    is_handle: bool,
}

/// Returns the statement without what its steps do, which a resumed run does not do again.
fn without_steps(stmt: &Stmt) -> Stmt {
    struct Steps;
    impl VisitMut for Steps {
        fn visit_macro_mut(&mut self, it: &mut Macro) {
            if it.path.segments.last().is_some_and(|last| last.ident == "step") {
                it.tokens = TokenStream::new();
            }
        }
    }
    let mut stmt = stmt.clone();
    Steps.visit_stmt_mut(&mut stmt);
    stmt
}

struct Search<'a> {
    variable: Held<'a>,
    targets: &'a [Target],
    /// The number of the `let` that declares the variable; none once the search has passed it.
    waits_for: Option<usize>,
    // Loops and `let`s must be numbered as `Survey` does it.
    loops: usize,
    lets: usize,
    checkpoints: usize,
    /// Whether the next block is the function's own, in which the arguments are in scope.
    is_arguments_scope: bool,
    error: Option<Error>,
}

impl Search<'_> {
    /// Returns whether the search has passed a resumable loop, or in manual mode a checkpoint, since the numbers of
    /// loops and checkpoints were `loops` and `checkpoints`.
    fn has_passed_target(&self, loops: usize, checkpoints: usize) -> bool {
        let is_new = |target: &Target| (loops..self.loops).contains(&target.at);
        self.targets.iter().any(is_new)
            || (self.targets.is_empty() && self.checkpoints > checkpoints)
    }

    fn refuse(&mut self, place: Span, text: &str) {
        let ident = self.variable.ident;
        let before = if self.targets.is_empty() { "a checkpoint" } else { "a resumable loop" };
        let text = text.replace("{loop}", before).replace("{}", &ident.to_string());
        self.error.get_or_insert_with(|| Error::new(place, text));
    }

    /// Returns the place where the statement changes the variable, or may change it, with the text of the error.
    fn changes(&self, stmt: &Stmt) -> Option<(Span, &'static str)> {
        let stmt = if self.variable.is_handle { &without_steps(stmt) } else { stmt };
        if stmt_may_change(stmt, self.variable.ident) {
            return Some((stmt.span(), CHANGED));
        }
        Some(match read_by_name(stmt, self.variable.ident, self.variable.is_known)? {
            ByName::Method(place) => (place, UNKNOWN),
            ByName::Macro(place) => (place, UNKNOWN_MACRO),
        })
    }

    fn is_target(&self, at: usize) -> bool {
        self.targets.iter().any(|target| target.at == at)
    }

    fn head(&mut self, at: usize, head: &Expr) {
        if self.waits_for.is_none()
            && self.is_target(at)
            && expr_may_change(head, self.variable.ident)
        {
            self.refuse(head.span(), TAKEN);
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        // A checkpoint saves what the statements before it did. A resumed run repeats only the statements before the
        // first checkpoint, in the block that declares the variable.
        let mut is_scope = !self.targets.is_empty() || std::mem::take(&mut self.is_arguments_scope);
        let mut changed: Option<(Span, &str)> = None;
        for stmt in &block.stmts {
            let (loops, checkpoints, waited) = (self.loops, self.checkpoints, self.waits_for);
            self.visit_stmt(stmt);
            let is_declaration = waited.is_some() && self.waits_for.is_none();
            is_scope |= is_declaration;
            if self.has_passed_target(loops, checkpoints) {
                if let Some((place, text)) = changed.filter(|_| is_scope && !is_declaration) {
                    self.refuse(place, text);
                }
            } else if !is_declaration && self.waits_for.is_none() {
                changed = changed.or_else(|| self.changes(stmt));
            }
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let at = self.lets;
        self.lets += 1;
        visit::visit_local(self, local);
        if self.waits_for == Some(at) {
            self.waits_for = None;
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let at = self.loops;
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            Expr::ForLoop(it) => {
                self.loops += 1;
                self.head(at, &it.expr);
            }
            Expr::While(it) => {
                self.loops += 1;
                if let Some((_, head)) = while_let(it) {
                    self.head(at, head);
                }
            }
            Expr::Loop(_) => self.loops += 1,
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.checkpoints +=
            usize::from(mac.path.segments.last().is_some_and(|last| last.ident == "checkpoint"));
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
