//! Items of a loop's body, put before it: in the body and in its copy they would be two types, or two
//! implementations of one trait.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Stmt, UseTree};

/// Takes the items out of the bodies of the loops that are `wanted`, by their places in the survey, if they
/// have to be (types and implementations, and what those may need) and nothing else sees another item of their names.
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
        let (head, body) = match expr {
            Expr::ForLoop(it) => (Some(&it.expr), Some(&mut it.body)),
            Expr::While(it) => (Some(&it.cond), Some(&mut it.body)),
            Expr::Loop(it) => (None, Some(&mut it.body)),
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            _ => (None, None),
        };
        if let Some(body) = body {
            if (self.wanted)(self.at) {
                self.found.insert(self.at, items(&head.to_token_stream(), body));
            }
            self.at += 1;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn items(head: &TokenStream, body: &mut Block) -> Vec<Item> {
    let mut found = Items::default();
    found.visit_block_mut(body);
    if !found.seen.iter().any(has_to_be) || found.may_hide_others(head, body) {
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

/// Adds the names that the item declares. Returns whether these are all.
fn add_names(item: &Item, names: &mut Vec<String>) -> bool {
    let ident = match item {
        Item::Struct(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Union(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Const(it) => &it.ident,
        Item::Static(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Use(it) => return add_used(&it.tree, names),
        Item::Impl(_) => return true,
        _ => return false,
    };
    names.push(ident.to_string());
    true
}

fn add_used(tree: &UseTree, names: &mut Vec<String>) -> bool {
    match tree {
        UseTree::Path(it) => add_used(&it.tree, names),
        UseTree::Name(it) => {
            names.push(it.ident.to_string());
            true
        }
        UseTree::Rename(it) => {
            names.push(it.rename.to_string());
            true
        }
        UseTree::Group(it) => it.items.iter().all(|tree| add_used(tree, names)),
        UseTree::Glob(_) => false,
    }
}

/// Returns how often the tokens have that name, as whatever.
fn count(tokens: TokenStream, name: &str) -> usize {
    let each = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(ident) => usize::from(ident == name),
        TokenTree::Group(group) => count(group.stream(), name),
        // A format string may capture it.
        TokenTree::Literal(literal) => usize::from(literal.to_string().contains(name)),
        TokenTree::Punct(_) => 0,
    });
    each.sum()
}

#[derive(Default)]
struct Items {
    takes: bool,
    seen: Vec<Item>,
    /// The blocks that have items, with their names.
    blocks: Vec<(TokenStream, Vec<String>)>,
    /// Whether a macro or a glob may declare further names.
    has_unknown: bool,
}

impl Items {
    /// Returns whether the items, put before the loop, may hide others that its head or its body uses outside of the block that
    /// the items are in.
    fn may_hide_others(&self, head: &TokenStream, body: &Block) -> bool {
        let is_used_outside = |(block, names): &(TokenStream, Vec<String>)| {
            names.iter().filter(|name| *name != "_").any(|name| {
                let everywhere = count(head.clone(), name) + count(body.to_token_stream(), name);
                everywhere > count(block.clone(), name)
            })
        };
        self.has_unknown || self.blocks.iter().any(is_used_outside)
    }
}

impl VisitMut for Items {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let mut names = Vec::new();
        for stmt in &block.stmts {
            match stmt {
                Stmt::Item(Item::Macro(_)) => self.has_unknown = true,
                Stmt::Item(item) => {
                    self.has_unknown |= !add_names(item, &mut names);
                    self.seen.push(item.clone());
                }
                _ => {}
            }
        }
        if !names.is_empty() {
            self.blocks.push((block.to_token_stream(), names));
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
