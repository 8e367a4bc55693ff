//! Refuses a loop's body that makes a file when it first needs it, and keeps it in a variable that is new in each run: a
//! resumed run would make the file again, and empty it of what complete items wrote.
//!
//! ```text
//! let out = files.entry(row.country).or_insert_with(|| File::create(..));    // with `fresh(files)`
//! ```

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, ExprMethodCall, Item, Result};

use crate::analyse::opening::Opening;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::syntax::free_idents::free_idents;
use crate::syntax::rewrite::body;

/// Refuses a function whose loops make files for variables that are new in each run.
pub(crate) fn check_emptied(plan: &Plan, targets: &[Target]) -> Result<()> {
    let fresh = plan.options.restored.fresh.iter().map(|it| it.root.unraw().to_string());
    let mut lazily = Lazily { fresh: fresh.collect(), found: None };
    let written = targets.iter().filter_map(|target| plan.originals.get(&target.at));
    written.filter_map(body).for_each(|body| lazily.visit_block(body));
    lazily.found.map_or(Ok(()), |(place, name)| Err(refused(place, &name)))
}

/// The methods that make a value where there is none.
const MAKING: [&str; 8] = [
    "or_insert",
    "or_insert_with",
    "or_insert_with_key",
    "or_try_insert_with",
    "get_or_insert",
    "get_or_insert_with",
    "get_or_init",
    "get_or_try_init",
];

/// Finds where a file is made for one of the `fresh` variables, if that has none.
struct Lazily {
    fresh: Vec<String>,
    /// The first such place, and its variable.
    found: Option<(Span, String)>,
}

impl Lazily {
    /// Returns the `fresh` variable that an expression mentions.
    fn variable(&self, expr: &Expr) -> Option<&String> {
        let names = free_idents(expr.to_token_stream());
        self.fresh.iter().find(|name| names.contains(*name))
    }

    /// Notes a file that is made in `made` if the variable in `asked` has none.
    fn note(&mut self, asked: &Expr, made: &Opening, place: Span) {
        if let (true, Some(name)) = (made.makes_file(), self.variable(asked)) {
            let name = name.clone();
            self.found.get_or_insert((place, name));
        }
    }

    fn note_block(&mut self, asked: &Expr, block: &Block) {
        self.note(asked, &Opening::of_block(block), asked.span());
    }
}

impl Visit<'_> for Lazily {
    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::If(it) => {
                self.note_block(&it.cond, &it.then_branch);
                if let Some((_, other)) = &it.else_branch {
                    self.note(&it.cond, &Opening::of(other), it.cond.span());
                }
            }
            Expr::Match(it) => {
                for arm in &it.arms {
                    self.note(&it.expr, &Opening::of(&arm.body), it.expr.span());
                }
            }
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_local(&mut self, local: &syn::Local) {
        if let Some(init) = &local.init
            && let Some((_, other)) = &init.diverge
        {
            self.note(&init.expr, &Opening::of(other), init.expr.span());
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        if MAKING.iter().any(|method| call.method == method) {
            for argument in &call.args {
                self.note(&call.receiver, &Opening::of(argument), call.method.span());
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item(&mut self, _: &Item) {}
}

fn refused(place: Span, name: &str) -> Error {
    let text = format!(
        "`{name}` is new in each run, so a resumed run makes this file again, which empties it of what complete items \
         wrote\n\n\
         help: open it to append, with `OpenOptions::new().create(true).append(true)`\n\
         help: a file for each item of an outer `#[resume]` loop is opened in that loop's body, and named in \
         `reconnect(..)`\n\
         help: if it takes nothing away, let a function of its own do it"
    );
    Error::new(place, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> bool {
        let mut lazily = Lazily { fresh: vec!["files".to_owned()], found: None };
        lazily.visit_block(&syn::parse_str(body).unwrap());
        lazily.found.is_some()
    }

    #[test]
    fn a_file_that_is_made_where_there_is_none_is_seen() {
        for body in [
            "{ let out = files.entry(x).or_insert_with(|| File::create(x).unwrap()); }",
            "{ files.get_or_insert(File::create(x)?).write_all(x)?; }",
            "{ if files.is_none() { files = Some(fs::File::create(x)?); } }",
            "{ if !files.contains_key(x) { files.insert(x, BufWriter::new(File::create(x)?)); } }",
            "{ if let Some(out) = files.get(x) { out } else { File::create(x)? } }",
            "{ let out = match files.entry(x) { Vacant(it) => it.insert(File::create(x)?), Occupied(it) => it }; }",
            "{ files.entry(x).or_insert_with(|| csv::Writer::from_path(x).unwrap()); }",
            "{ files.get_or_insert_with(|| OpenOptions::new().write(true).create(true).open(x).unwrap()); }",
        ] {
            assert!(found(body), "{body}");
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        for body in [
            "{ let out = File::create(x)?; }",
            "{ files = File::create(x)?; }",
            "{ if length > most { files = File::create(x)?; } }",
            "{ others.entry(x).or_insert_with(|| File::create(x).unwrap()); }",
            "{ files.entry(x).or_insert_with(|| OpenOptions::new().append(true).create(true).open(x).unwrap()); }",
            "{ files.entry(x).or_insert_with(|| File::open(x).unwrap()); }",
            "{ files.entry(x).or_insert_with(Vec::new).push(x); }",
        ] {
            assert!(!found(body), "{body}");
        }
    }
}
