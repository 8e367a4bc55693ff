//! Gives each variable to be restored a `let` of its own, where one `let` binds several.
//!
//! ```text
//! let (mut sum, mut count) = (0, 0);    // becomes
//! let mut sum = 0;
//! let mut count = 0;
//! ```

use std::collections::BTreeSet;

use proc_macro2::Span;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Local, LocalInit, Pat, PatType, Stmt, Token, Type};

use crate::analyse::plan::Plan;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;

/// Gives each variable that `carry` or `reconnect` names a `let` of its own, where the source shows its initialiser.
pub(crate) fn take_apart(plan: &Plan, block: &mut Block) {
    let restored = &plan.options.restored;
    let named = restored.carry.iter().chain(&restored.reconnect).filter(|it| it.is_whole());
    let mut apart = Apart(named.map(Variable::name).collect());
    apart.visit_block_mut(block);
}

/// The names of the variables to be restored.
struct Apart(BTreeSet<String>);

impl VisitMut for Apart {
    fn visit_block_mut(&mut self, block: &mut Block) {
        visit_mut::visit_block_mut(self, block);
        let is_several = |stmt: &Stmt| matches!(stmt, Stmt::Local(it) if self.is_meant(it));
        if block.stmts.iter().any(is_several) {
            let stmts = std::mem::take(&mut block.stmts);
            block.stmts = stmts.into_iter().flat_map(|stmt| self.each(stmt)).collect();
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

impl Apart {
    /// Returns whether the `let` binds several variables, one of which is to be restored.
    fn is_meant(&self, local: &Local) -> bool {
        let is_tuple = |pat: &Pat| matches!(pat, Pat::Tuple(_) | Pat::Slice(_));
        let is_several = match &local.pat {
            Pat::Type(typed) => is_tuple(&typed.pat),
            pat => is_tuple(pat),
        };
        is_several && bindings(&local.pat).iter().any(|it| self.0.contains(&it.name()))
    }

    /// Returns the statements in place of the statement: it alone, if it can't be taken apart.
    fn each(&self, stmt: Stmt) -> Vec<Stmt> {
        let Stmt::Local(local) = &stmt else { return vec![stmt] };
        match parts(local).filter(|_| self.is_meant(local)) {
            Some(parts) => {
                parts.into_iter().flat_map(|part| self.each(Stmt::Local(part))).collect()
            }
            None => vec![stmt],
        }
    }
}

/// Returns a `let` for each part of the pattern; none if the parts of the value are not written, or one of them may mean
/// another variable behind the `let`s of those before it.
fn parts(local: &Local) -> Option<Vec<Local>> {
    let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
    let (pat, ty) = match &local.pat {
        Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
        pat => (pat, None),
    };
    let (pats, values) = match (pat, &*init.expr) {
        (Pat::Tuple(pat), Expr::Tuple(value)) => (&pat.elems, &value.elems),
        (Pat::Slice(pat), Expr::Array(value)) => (&pat.elems, &value.elems),
        _ => return None,
    };
    let types = match ty {
        None => None,
        Some(Type::Tuple(ty)) if ty.elems.len() == pats.len() => Some(&ty.elems),
        Some(_) => return None,
    };
    let is_part = |pat: &Pat| !matches!(pat, Pat::Wild(_) | Pat::Rest(_));
    if pats.len() != values.len() || !pats.iter().all(is_part) || means_another(pats, values) {
        return None;
    }
    let of = |(at, (pat, value)): (usize, (&Pat, &Expr))| {
        let ty = types.and_then(|types| types.get(at));
        let pat = match (pat, ty) {
            (pat, None) => pat.clone(),
            (pat, Some(ty)) => Pat::Type(PatType {
                attrs: Vec::new(),
                pat: Box::new(pat.clone()),
                colon_token: Token![:](Span::mixed_site()),
                ty: Box::new(ty.clone()),
            }),
        };
        let init = LocalInit { expr: Box::new(value.clone()), ..init.clone() };
        Local { pat, init: Some(init), ..local.clone() }
    };
    Some(pats.iter().zip(values).enumerate().map(of).collect())
}

/// Returns whether a value mentions a name that a pattern before it binds.
fn means_another(pats: &Punctuated<Pat, Token![,]>, values: &Punctuated<Expr, Token![,]>) -> bool {
    let mut bound = BTreeSet::new();
    pats.iter().zip(values).any(|(pat, value)| {
        let is_another = !free_idents(value.to_token_stream()).is_disjoint(&bound);
        bound.extend(bindings(pat).iter().map(Binding::name));
        is_another
    })
}
