//! Sorts the names in the heads of loops: what is walked, how far, and what selects the items.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprMethodCall, ExprRange, Macro, Path, Stmt};

use crate::syntax::free_idents::free_idents;

/// The names in the heads of loops. Closures are left out, as they are about single items.
#[derive(Default)]
pub(crate) struct Heads {
    /// The names that are walked: `rows` in `rows.iter()`.
    pub(crate) walked: BTreeSet<String>,
    /// The names that say how far a loop goes: `count` in `0..count` and in `take(count)`.
    pub(crate) bounds: BTreeSet<String>,
    /// The names in `bounds` that are the whole argument of a call of `take`, which may be an iterator's method or
    /// another one.
    pub(crate) taken: BTreeSet<String>,
    /// All other names: `tenant` in `db.customers(tenant)`.
    pub(crate) asked: BTreeSet<String>,
    /// Fields among the other names, with their variable and expression, by their text: `self.tenant` in
    /// `db.customers(self.tenant)`.
    pub(crate) fields: BTreeMap<String, (String, Expr)>,
    part: Part,
}

/// The role of a part of a head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Part {
    #[default]
    Walked,
    Bound,
    Asked,
}

impl Heads {
    /// Adds the names in the head of one more loop.
    pub(crate) fn add(&mut self, head: &Expr) {
        self.look(head, Part::Walked);
    }

    /// Returns all names, whatever their role is.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.roles().flatten().cloned().collect()
    }

    /// Returns the names of each role.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        [&self.walked, &self.bounds, &self.asked].into_iter()
    }

    fn look(&mut self, expr: &Expr, part: Part) {
        let before = std::mem::replace(&mut self.part, part);
        self.visit_expr(expr);
        self.part = before;
    }

    fn note(&mut self, names: impl IntoIterator<Item = String>) {
        match self.part {
            Part::Walked => self.walked.extend(names),
            Part::Bound => self.bounds.extend(names),
            Part::Asked => self.asked.extend(names),
        }
    }
}

/// Returns the variable that a field belongs to, and the text of the field; none for other expressions.
fn field(expr: &Expr) -> Option<(String, String)> {
    match expr {
        Expr::Path(it) => {
            let root = it.path.get_ident()?.unraw().to_string();
            Some((root.clone(), root))
        }
        Expr::Field(it) => {
            let (root, text) = field(&it.base)?;
            Some((root, format!("{text}.{}", it.member.to_token_stream())))
        }
        _ => None,
    }
}

/// Returns whether the function `path` returns something that goes through its first argument, as a reader goes through
/// a text.
fn goes_through(path: &Path) -> bool {
    const READS: [&str; 4] = ["from_reader", "from_slice", "from_str", "from_bytes"];
    let mut names = path.segments.iter().rev().map(|it| it.ident.unraw().to_string());
    let (function, of) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    READS.contains(&function.as_str())
        || (function == "new" && ["Cursor", "BufReader"].contains(&of.as_str()))
}

/// Returns whether the function `name` returns one of its arguments, as `min` does.
fn chooses(name: &impl ToString) -> bool {
    ["min", "max", "clamp"].contains(&name.to_string().as_str())
}

impl<'ast> Visit<'ast> for Heads {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) => {}
            Expr::Path(it) => {
                let ident = it.path.get_ident().map(|ident| ident.unraw().to_string());
                self.note(ident);
            }
            Expr::Field(_) if self.part == Part::Asked && field(expr).is_some() => {
                let (root, text) = field(expr).unwrap_or_default();
                // The variable itself may hold the input.
                self.walked.insert(root.clone());
                self.fields.insert(text, (root, expr.clone()));
            }
            // These pass on what is walked or counted.
            Expr::Range(_)
            | Expr::MethodCall(_)
            | Expr::Call(_)
            | Expr::Block(_)
            | Expr::Field(_)
            | Expr::Reference(_)
            | Expr::Paren(_)
            | Expr::Group(_)
            | Expr::Try(_)
            | Expr::Await(_)
            | Expr::Cast(_)
            | Expr::Unary(_) => visit::visit_expr(self, expr),
            Expr::Index(it) => {
                self.visit_expr(&it.expr);
                self.look(&it.index, Part::Asked);
            }
            Expr::Binary(_) if self.part == Part::Bound => visit::visit_expr(self, expr),
            _ => {
                let before = std::mem::replace(&mut self.part, Part::Asked);
                visit::visit_expr(self, expr);
                self.part = before;
            }
        }
    }

    fn visit_expr_range(&mut self, range: &'ast ExprRange) {
        for end in [&range.start, &range.end].into_iter().flatten() {
            self.look(end, Part::Bound);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.visit_expr(&call.receiver);
        let goes_on = self.part == Part::Bound && chooses(&call.method);
        let takes = call.method == "take";
        if let (true, Some(Expr::Path(it))) = (takes, call.args.first()) {
            self.taken.extend(it.path.get_ident().map(|ident| ident.unraw().to_string()));
        }
        let part = if goes_on || takes { Part::Bound } else { Part::Asked };
        call.args.iter().for_each(|argument| self.look(argument, part));
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.look(&call.func, Part::Asked);
        let chooses = match &*call.func {
            Expr::Path(it) => it.path.segments.last().is_some_and(|last| chooses(&last.ident)),
            _ => false,
        };
        let through = match &*call.func {
            Expr::Path(it) => goes_through(&it.path),
            _ => false,
        };
        let goes_on = self.part == Part::Bound && chooses;
        let part = if goes_on { Part::Bound } else { Part::Asked };
        for (at, argument) in call.args.iter().enumerate() {
            self.look(argument, if through && at == 0 { self.part } else { part });
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let Some((last, others)) = block.stmts.split_last() else { return };
        let part = std::mem::replace(&mut self.part, Part::Asked);
        for stmt in others {
            self.visit_stmt(stmt);
        }
        if let Stmt::Expr(_, None) = last {
            self.part = part;
        }
        self.visit_stmt(last);
        self.part = part;
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let names = free_idents(it.tokens.to_token_stream());
        self.asked.extend(names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_walked_is_told_from_what_is_asked_for() {
        let heads = |head: &str| {
            let mut heads = Heads::default();
            heads.add(&syn::parse_str(head).unwrap());
            let text = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
            [text(heads.walked), text(heads.bounds), text(heads.asked)]
        };
        assert_eq!(heads("&self.rows[a..b]?.x.iter()"), ["self", "a b", ""]);
        assert_eq!(heads("db.customers(tenant).await?"), ["db", "", "tenant"]);
        assert_eq!(heads("rows.iter().filter(|it| it.a == b).take(n)"), ["rows", "n", ""]);
        assert_eq!(heads("0..db.count(tenant).min(n as u64 + m)"), ["", "db m n", "tenant"]);
        assert_eq!(heads("zip(0..max(a, b), rows)"), ["", "a b", "max rows zip"]);
        assert_eq!(heads("{ let n = f(a); rows[n].iter() }"), ["rows", "", "a f n"]);
        assert_eq!(heads("vec![a.len(); n]"), ["", "", "a n"]);
        assert_eq!(heads("if a { b } else { c }"), ["", "", "a b c"]);
        assert_eq!(heads("csv::Reader::from_reader(text.as_bytes()).records()"), ["text", "", ""]);
        assert_eq!(heads("BufReader::new(File::open(path)?).lines()"), ["", "", "path"]);
        assert_eq!(heads("db.customers(self.tenant)"), ["db self", "", ""]);
    }
}
