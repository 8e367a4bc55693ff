//! The copy of a body for its proof.
//!
//! ```text
//! if order.is_last() { close(conn); return Ok(name) }    // becomes
//! if order.is_last() { 'left: { let mut conn = fake(&conn); let mut name = fake(&name); close(conn); return Ok(name) } }
//! ```
//!
//! What a block that ends in `return` changes or moves is lost with the function anyway. The labelled block does
//! not let a macro hide a `break` or `continue` in it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAssign, ExprMacro, ExprReturn, Item, Lifetime, Macro, Stmt};

use crate::analyse::outer::{Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::survey::parts::taken;
use crate::emit::proof::parts;
use crate::emit::proof::rename::{Renamed, rename};
use crate::parse::options::variable::Variable;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{RESERVED, at, local};
use crate::syntax::leaving::leaves;
use crate::syntax::loop_forms::is_marker;

/// Makes the copy of the loop's body, or of a part of it.
pub(crate) struct Copy<'a> {
    pub(crate) plan: &'a Plan,
    /// The variables from before the loop.
    pub(crate) outer: &'a [Outer<'a>],
    /// Those of them of which a field may have been moved.
    pub(crate) apart: &'a [Ident],
    /// The names that the body binds itself.
    pub(crate) own: &'a BTreeSet<String>,
    /// The local that stands for the type of the cursors that are asked for.
    pub(crate) cursor: Option<Ident>,
    /// Whether what is visited is lost with the function.
    pub(crate) is_lost: bool,
    /// Whether the loop may go on after a block that ends in `return`: an item that has failed may run again, or a macro leaves
    /// the block before.
    pub(crate) may_go_on: bool,
    /// How many loops of the body are around what is visited.
    pub(crate) inner: usize,
}

/// What stands in a block, or in a value, that is lost with the function.
struct Lost {
    /// The names that it does not bind itself.
    names: BTreeSet<String>,
    /// The fields whose values it takes.
    taken: Vec<Variable>,
    /// The variables to which it assigns a value.
    assigned: BTreeSet<String>,
}

/// Collects the variables that are assigned to as a whole.
#[derive(Default)]
struct Assigned(BTreeSet<String>);

impl<'ast> Visit<'ast> for Assigned {
    fn visit_expr_assign(&mut self, it: &'ast ExprAssign) {
        if let Expr::Path(left) = &*it.left {
            self.0.extend(left.path.get_ident().map(|it| it.unraw().to_string()));
        }
        visit::visit_expr_assign(self, it);
    }
}

fn assigned(visit: impl FnOnce(&mut Assigned)) -> BTreeSet<String> {
    let mut found = Assigned::default();
    visit(&mut found);
    found.0
}

impl Copy<'_> {
    /// `inside` as a block that no hidden `break` leaves, with locals in place of the outer variables that it
    /// names; nothing if there are none.
    fn closed(&self, lost: &Lost, inside: impl ToTokens, here: Span) -> Option<Expr> {
        let krate = &self.plan.krate;
        let inside = inside.into_token_stream();
        let is_lost = |it: &Ident| free::holds(&lost.names, it) && !free::holds(self.own, it);
        let whole = |it: &Ident| vec![Variable { root: it.clone(), fields: Vec::new() }];
        // What gets its only value here has none before.
        let begins = |it: &&Outer<'_>| {
            matches!(it.kind, Kind::Local(local) if !local.has_value() && !local.binding.is_mut)
                && free::holds(&lost.assigned, &it.ident)
        };
        let of = self.outer.iter().filter(|it| is_lost(&it.ident));
        let (begun, of): (Vec<_>, Vec<_>) = of.partition(begins);
        let begun = begun.iter().map(|it| &it.ident);
        let places = of.iter().map(|it| &it.ident).flat_map(|it| {
            let parts = self.apart.contains(it).then(|| parts::used(inside.clone(), it)).flatten();
            // Of a variable that can't be borrowed as a whole, what is borrowed here may be returned.
            let taken = |parts: Vec<Variable>| {
                parts.into_iter().filter(|it| lost.taken.contains(it)).collect()
            };
            parts.map_or_else(|| whole(it), taken)
        });
        let mut declared = quote_spanned! {here=> #(let #begun;)* };
        let mut renamed = Vec::new();
        for (number, place) in places.enumerate() {
            let lost = if place.is_whole() && place.root != "self" {
                place.root.clone()
            } else {
                let to = local(&format!("left_{number}"));
                let (root, fields) = (place.root.to_string(), place.fields.clone());
                renamed.push(Renamed { root, fields, to: to.clone() });
                to
            };
            declared.extend(quote_spanned! {here=>
                let mut #lost = #krate::__private::fake(&#place);
                #krate::__private::touch(&mut #lost);
            });
        }
        let inside = rename(inside, &renamed);
        let label = Lifetime::new(&format!("'{RESERVED}_left"), Span::mixed_site());
        (!declared.is_empty())
            .then(|| Expr::Verbatim(quote_spanned! {here=> #label: { #declared #inside } }))
    }

    /// `commit!` and `cursor!` as what does nothing; a `commit!` that is neither awaited nor asked at once may
    /// be a future.
    fn inert(&self, mac: &Macro, is_future: bool) -> Option<Expr> {
        let krate = &self.plan.krate;
        let here = at(mac.path.segments.last()?.ident.span());
        match self.plan.our_macro(&mac.path)?.as_str() {
            "commit" => {
                let transaction: Expr = mac.parse_body().ok()?;
                let committed = if is_future { "committed_later" } else { "committed" };
                let committed = Ident::new(committed, here);
                Some(Expr::Verbatim(
                    quote_spanned! {here=> #krate::__private::#committed(#transaction) },
                ))
            }
            "ahead" => mac.parse_body().ok(),
            "cursor" => {
                let cursor = self.cursor.as_ref()?;
                Some(Expr::Verbatim(
                    quote_spanned! {here=> #krate::__private::cursor_of(&#cursor) },
                ))
            }
            _ => None,
        }
    }
}

impl VisitMut for Copy<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::ForLoop(it) => it.attrs.retain(|attr| !is_marker(attr)),
            Expr::While(it) => it.attrs.retain(|attr| !is_marker(attr)),
            Expr::Await(it) => {
                if let Expr::Macro(ExprMacro { mac, .. }) = &*it.base
                    && let Some(inert) = self.inert(mac, false)
                {
                    *expr = inert;
                    return;
                }
            }
            Expr::Try(it) => {
                if let Expr::Macro(ExprMacro { mac, .. }) = &*it.expr
                    && let Some(inert) = self.inert(mac, false)
                {
                    *it.expr = inert;
                    return;
                }
            }
            Expr::Macro(ExprMacro { mac, .. }) => {
                if let Some(inert) = self.inert(mac, self.plan.is_async) {
                    *expr = inert;
                    return;
                }
            }
            // The copy is a `loop`, which would take it for a mistake of another kind.
            Expr::Break(it) if self.inner == 0 && it.label.is_none() => it.expr = None,
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            _ => {}
        }
        let is_loop = matches!(expr, Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_));
        self.inner += usize::from(is_loop);
        visit_mut::visit_expr_mut(self, expr);
        self.inner -= usize::from(is_loop);
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        if let Stmt::Macro(it) = stmt
            && let Some(inert) = self.inert(&it.mac, false)
        {
            *stmt = Stmt::Expr(inert, it.semi_token);
            return;
        }
        visit_mut::visit_stmt_mut(self, stmt);
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let ours = self.plan.our_macro(&mac.path);
        if ours.is_some_and(|name| ["step", "checkpoint", "cursor"].contains(&name.as_str())) {
            let tokens = &mac.tokens;
            mac.tokens = quote! { @as_is #tokens };
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let is_left = !self.is_lost
            && !self.may_go_on
            && matches!(block.stmts.last(), Some(Stmt::Expr(Expr::Return(_), _)))
            && !leaves(|it| it.visit_block(block));
        if !is_left {
            return visit_mut::visit_block_mut(self, block);
        }
        let lost = Lost {
            names: free::of_block(block),
            taken: taken(|it| it.visit_block(block)),
            assigned: assigned(|it| it.visit_block(block)),
        };
        self.is_lost = true;
        visit_mut::visit_block_mut(self, block);
        self.is_lost = false;
        let stmts = &block.stmts;
        if let Some(closed) = self.closed(&lost, quote! { #(#stmts)* }, Span::mixed_site()) {
            block.stmts = vec![Stmt::Expr(closed, None)];
        }
    }

    fn visit_expr_return_mut(&mut self, it: &mut ExprReturn) {
        let lost = |value: &Expr| {
            let is_left = !self.is_lost && !self.may_go_on && !leaves(|it| it.visit_expr(value));
            is_left.then(|| Lost {
                names: free::names(|free| free.visit_expr(value)),
                taken: taken(|it| it.visit_expr(value)),
                assigned: assigned(|it| it.visit_expr(value)),
            })
        };
        let lost = it.expr.as_deref().and_then(lost);
        let was_lost = self.is_lost;
        self.is_lost |= lost.is_some();
        visit_mut::visit_expr_return_mut(self, it);
        self.is_lost = was_lost;
        if let (Some(lost), Some(value)) = (lost, &mut it.expr) {
            let closed = self.closed(&lost, &**value, at(it.return_token.span));
            **value = closed.unwrap_or_else(|| (**value).clone());
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
