//! Items of a loop's body, put before it: in the body and in its copy they would be two types, or two
//! implementations of one trait.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Stmt};

/// Takes the items out of the bodies of the loops that are `wanted`, by their places in the survey, as far as
/// they have to be: types and implementations, and what those may need.
pub(crate) fn hoist(
    block: &mut Block,
    wanted: impl Fn(usize) -> bool,
) -> BTreeMap<usize, Vec<Item>> {
    let mut loops = Loops { at: 0, wanted, found: BTreeMap::new() };
    loops.visit_block_mut(block);
    loops.found
}

struct Loops<F> {
    at: usize,
    wanted: F,
    found: BTreeMap<usize, Vec<Item>>,
}

impl<F: Fn(usize) -> bool> VisitMut for Loops<F> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let body = match expr {
            Expr::ForLoop(it) => Some(&mut it.body),
            Expr::While(it) => Some(&mut it.body),
            Expr::Loop(it) => Some(&mut it.body),
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            _ => None,
        };
        if let Some(body) = body {
            if (self.wanted)(self.at) {
                self.found.insert(self.at, items(body));
            }
            self.at += 1;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn items(body: &mut Block) -> Vec<Item> {
    let mut found = Items::default();
    found.visit_block_mut(body);
    let mut names = BTreeSet::new();
    let is_once = found.seen.iter().filter_map(name).all(|name| names.insert(name));
    if !found.seen.iter().any(has_to_be) || found.has_macros || !is_once {
        return Vec::new();
    }
    let mut taking = Items { takes: true, ..Items::default() };
    taking.visit_block_mut(body);
    taking.seen
}

fn has_to_be(item: &Item) -> bool {
    matches!(
        item,
        Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Trait(_) | Item::Impl(_)
    )
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Struct(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Union(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Const(it) => &it.ident,
        Item::Static(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

#[derive(Default)]
struct Items {
    takes: bool,
    seen: Vec<Item>,
    has_macros: bool,
}

impl VisitMut for Items {
    fn visit_block_mut(&mut self, block: &mut Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Item(Item::Macro(_)) => self.has_macros = true,
                Stmt::Item(item) => self.seen.push(item.clone()),
                _ => {}
            }
        }
        if self.takes {
            block.stmts.retain(|stmt| !matches!(stmt, Stmt::Item(_)));
        }
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
