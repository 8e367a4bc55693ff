//! Refuses bodies whose writes may be gone in the next run: a buffer holds them back, or a transaction around the loop
//! has not committed them when the item ends; or the next run makes the file anew, but passes over the items that wrote
//! it.
//!
//! Only the plain cases are refused, which the source alone shows.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Block, Error, Expr, ExprCall, ExprClosure, ExprContinue, ExprForLoop, ExprIf, ExprMatch,
    ExprMethodCall, ExprReturn, ExprWhile, Macro, Result, Type,
};

use crate::analyse::opening::{Deed, Opening};
use crate::analyse::place::mentions;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::own_names;
use crate::syntax::free_idents::free_idents;

/// The reason why what an item wrote may be gone in the next run.
#[derive(Clone, Copy)]
enum Withheld {
    Anew,
    Buffered,
    Uncommitted,
}

/// Refuses a body that uses a variable through which the writes of complete items may be lost.
pub(crate) fn check_durable(plan: &Plan, body: &Block, around: &Loop) -> Result<()> {
    let (mentioned, own) = (free_idents(body.to_token_stream()), own_names(body));
    let uses = |ident: &Ident| {
        let name = ident.unraw().to_string();
        mentioned.contains(&name) && !own.contains(&name)
    };
    let is_fresh = |ident: &Ident| plan.options.restored.fresh.iter().any(|named| named.is(ident));
    let holds_back = |ident: &Ident| {
        let whole = Variable { root: ident.clone(), fields: Vec::new() };
        is_fresh(ident) && !flushes(body, &whole)
    };
    for local in around.scope.locals.iter().filter(|it| uses(&it.binding.ident)) {
        let (ident, opening) = (&local.binding.ident, &local.init.opening);
        let ty = local.value_type();
        let held = openings(local, &around.scope.locals);
        let is_seen = |what: &dyn Fn(&Opening) -> bool| held.iter().any(|it| what(it));
        if is_fresh(ident) && is_seen(&Opening::makes_file) {
            return Err(withheld(plan, ident, Withheld::Anew));
        }
        if opening.does(Deed::BeginsTransaction) || is_of(ty.as_ref(), "Transaction") {
            return Err(withheld(plan, ident, Withheld::Uncommitted));
        }
        let buffers = is_seen(&|it| it.does(Deed::Buffers)) || is_of(ty.as_ref(), "BufWriter");
        if buffers && holds_back(ident) {
            return Err(withheld(plan, ident, Withheld::Buffered));
        }
    }
    for bound in around.scope.patterns.iter().filter(|it| !it.is_item && uses(&it.ident)) {
        let (ident, opening) = (&bound.ident, &bound.init.opening);
        if is_fresh(ident) && opening.makes_file() {
            return Err(withheld(plan, ident, Withheld::Anew));
        }
        if opening.does(Deed::BeginsTransaction) {
            return Err(withheld(plan, ident, Withheld::Uncommitted));
        }
        if opening.does(Deed::Buffers) && holds_back(ident) {
            return Err(withheld(plan, ident, Withheld::Buffered));
        }
    }
    for argument in plan.arguments.iter().filter(|it| uses(&it.ident)) {
        let (ident, ty) = (&argument.ident, argument.value_type());
        if is_of(ty.as_ref(), "Transaction") {
            return Err(withheld(plan, ident, Withheld::Uncommitted));
        }
        if is_of(ty.as_ref(), "BufWriter") && holds_back(ident) {
            return Err(withheld(plan, ident, Withheld::Buffered));
        }
    }
    Ok(())
}

/// Returns what the initialiser of `local` does, and what the initialisers of the locals do that it wraps, directly or
/// not.
fn openings<'l>(local: &'l Local, locals: &'l [Local]) -> Vec<&'l Opening> {
    let mut found = vec![local];
    let mut at = 0;
    while let Some(local) = found.get(at).copied() {
        let around = local.init.opening.around().iter().filter_map(|name| {
            let before = locals.iter().filter(|it| it.at < local.at);
            before.rev().find(|it| it.binding.ident.unraw() == name.as_str())
        });
        found.extend(around);
        at += 1;
    }
    found.into_iter().map(|local| &local.init.opening).collect()
}

/// Returns the error for the variable `ident`. It points at the name in `fresh(..)`, or else at the variable.
fn withheld(plan: &Plan, ident: &Ident, withheld: Withheld) -> Error {
    let named = plan.options.restored.fresh.iter().find(|named| named.is(ident));
    let place = named.map_or(ident, |named| &named.root);
    let name = ident.unraw();
    let text = match withheld {
        Withheld::Anew => format!(
            "`{name}` makes its file anew in each run, and what complete items wrote there would be gone\n\n\
             help: to go on in the file behind what is complete, name it in `reconnect({name})`\n\
             help: a writer of a format, such as `csv::Writer` or an encoder, is made in each item, around a file in \
             `reconnect`: see \"Files and connections\" in the guide\n\
             help: a file that no item leaves anything in is made in the item itself"
        ),
        Withheld::Buffered => format!(
            "`{name}` holds back what is written, and what complete items wrote would be lost with the process\n\n\
             help: of a file, name it in `reconnect({name})`, which flushes it with each save\n\
             help: else call `{name}.flush()` at the end of each item"
        ),
        Withheld::Uncommitted => format!(
            "`{name}` is a transaction around the loop, and what complete items did in it would be rolled back if the \
             process dies\n\n\
             help: let the function have the connection, begin a transaction in each item, and end it by \
             `commit!(..)`, which saves the progress with it\n\
             help: to read alone, let the loop use a `&{name}` of another name"
        ),
    };
    Error::new(place.span(), text)
}

/// Returns whether the written type's last name is `name`, whatever its generic arguments are.
fn is_of(ty: Option<&Type>, name: &str) -> bool {
    let Some(Type::Path(it)) = ty else { return false };
    it.path.segments.last().is_some_and(|last| last.ident == name)
}

/// Returns whether the body uses the variable or field, and binds no variable of its own with the same name.
pub(crate) fn uses(body: &Block, place: &Variable) -> bool {
    mentions(body, place) && !own_names(body).contains(&place.root.unraw().to_string())
}

/// Returns whether the body flushes the writer after all writes that the source shows, on each way through the body.
pub(crate) fn flushes(body: &Block, writer: &Variable) -> bool {
    let mut way = Way { writer, flushes: false, holds_back: false, leaves: false };
    way.visit_block(body);
    way.flushes && !way.holds_back && !way.leaves
}

/// The state of a writer on a way through a body.
#[derive(Clone, Copy)]
struct Way<'w> {
    writer: &'w Variable,
    flushes: bool,
    /// Whether something was written, and not flushed.
    holds_back: bool,
    /// Whether a `continue` may complete an item while a write is held back.
    leaves: bool,
}

impl Way<'_> {
    /// Joins `ways`, of which one is taken: a write that any of them holds back counts as held back.
    fn either(&mut self, ways: impl IntoIterator<Item = Self>) {
        let mut holds_back = None;
        for way in ways {
            self.flushes |= way.flushes;
            self.leaves |= way.leaves;
            holds_back = Some(holds_back.unwrap_or(false) || way.holds_back);
        }
        self.holds_back = holds_back.unwrap_or(self.holds_back);
    }

    fn after(&self, go: impl FnOnce(&mut Self)) -> Self {
        let mut way = *self;
        go(&mut way);
        way
    }

    /// Joins the way that runs a part of the body with the way that skips it.
    fn perhaps(&mut self, go: impl FnOnce(&mut Self)) {
        let way = self.after(go);
        self.either([*self, way]);
    }
}

impl<'ast> Visit<'ast> for Way<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        let is_it = mentions(&call.receiver, self.writer);
        if is_it && (call.method == "flush" || call.method == "into_inner") {
            (self.flushes, self.holds_back) = (true, false);
        }
        let writes =
            ["write", "serialize"].iter().any(|it| call.method.to_string().starts_with(it));
        let is_given = call.args.iter().any(|it| is_place(it, self.writer));
        self.holds_back |= (is_it && writes) || is_given;
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        visit::visit_expr_call(self, call);
        self.holds_back |= call.args.iter().any(|it| is_place(it, self.writer));
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let name = it.path.segments.last().map(|last| last.ident.to_string());
        let writes = name.is_some_and(|name| name.starts_with("write"));
        self.holds_back |= writes && mentions(&it.tokens, self.writer);
    }

    fn visit_expr_if(&mut self, it: &'ast ExprIf) {
        self.visit_expr(&it.cond);
        let then = self.after(|way| way.visit_block(&it.then_branch));
        let other = self.after(|way| {
            if let Some((_, other)) = &it.else_branch {
                way.visit_expr(other);
            }
        });
        self.either([then, other]);
    }

    fn visit_expr_match(&mut self, it: &'ast ExprMatch) {
        self.visit_expr(&it.expr);
        let ways: Vec<Self> =
            it.arms.iter().map(|arm| self.after(|way| way.visit_expr(&arm.body))).collect();
        self.either(ways);
    }

    fn visit_expr_continue(&mut self, _: &'ast ExprContinue) {
        self.leaves |= self.holds_back;
        self.holds_back = false;
    }

    fn visit_expr_return(&mut self, it: &'ast ExprReturn) {
        visit::visit_expr_return(self, it);
        self.holds_back = false;
    }

    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        self.perhaps(|way| way.visit_expr(&it.body));
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.visit_expr(&it.expr);
        self.perhaps(|way| way.visit_block(&it.body));
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        self.visit_expr(&it.cond);
        self.perhaps(|way| way.visit_block(&it.body));
    }
}

/// Returns whether the expression passes on the writer itself, or a `&mut` of it.
fn is_place(expr: &Expr, writer: &Variable) -> bool {
    match expr {
        Expr::Reference(it) if it.mutability.is_some() => is_place(&it.expr, writer),
        Expr::Path(_) | Expr::Field(_) => mentions(expr, writer),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flushes_is_seen() {
        let of = |writer: &str, text: &str| {
            flushes(&syn::parse_str(text).unwrap(), &syn::parse_str(writer).unwrap())
        };
        let flushes = |text: &str| of("out", text);
        assert!(flushes("{ writeln!(out)?; out.flush()?; }"));
        assert!(flushes("{ out.get_mut().flush().await?; }"));
        assert!(flushes("{ if a { out.flush()?; } else { out.flush()? } }"));
        assert!(flushes("{ match a { 1 => out.flush()?, _ => { out.flush()?; } } }"));
        assert!(flushes("{ if let Err(error) = out.flush() { panic!() } }"));
        assert!(!flushes("{ writeln!(out)?; other.flush()?; }"));
        assert!(flushes("{ if a { writeln!(out)?; out.flush()?; } }"));
        assert!(flushes(
            "{ match a { Ok(a) => { row(&mut out, a)?; out.flush()?; } _ => continue } }"
        ));
        assert!(flushes("{ for a in b { writeln!(out)?; out.flush()?; } }"));
        assert!(flushes("{ retry(|| { out.write_all(b)?; out.flush() })?; }"));
        assert!(!flushes("{ writeln!(out)?; if n % 100 == 0 { out.flush()?; } }"));
        assert!(!flushes("{ out.serialize(a)?; for _ in a { out.flush()?; } }"));
        assert!(!flushes("{ row(out)?; match a { 1 => out.flush()?, _ => {} } }"));
        assert!(!flushes("{ writeln!(out)?; let flush = || out.flush(); }"));
        assert!(!flushes("{ writeln!(out)?; if a { continue; } out.flush()?; }"));
        assert!(!flushes("{ out.flush()?; writeln!(out)?; }"));
        assert!(of("self.out", "{ self.out.get_mut().flush()?; }"));
        assert!(!of("self.out", "{ self.log.flush()?; }"));
        assert!(!of("self.out", "{ self.output.flush()?; }"));
    }
}
