//! Refuses code before a loop that runs again in each run and takes away what complete items have written: it empties a
//! file, removes a folder or rows, or makes a temporary folder anew.
//!
//! Only the plain cases are refused, which the source alone shows.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, ExprCall, ExprMethodCall, Item, Lit, LitStr, Result, Stmt};

use crate::analyse::opening::{Deed as Setting, Opening};
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;
use crate::syntax::rewrite::body;

/// Refuses a function whose code before a loop takes away what the loop's items write.
pub(crate) fn check_anew(plan: &Plan, block: &Block, targets: &[Target]) -> Result<()> {
    let mut before = Before { plan, targets, at: 0, deeds: Vec::new(), refused: None };
    before.visit_block(block);
    before.refused.map_or(Ok(()), Err)
}

/// A thing that the code before a loop does in each run.
struct Deed {
    place: Span,
    what: What,
}

enum What {
    /// It empties or removes what a path leads to.
    Path(Expr),
    /// It removes rows of a table.
    Table(String),
    /// It makes a temporary file or folder, and calls it this.
    Temporary(Ident),
}

/// Goes through a function's body in the order of its text, and checks each resumable loop against what is done before.
struct Before<'p> {
    plan: &'p Plan,
    targets: &'p [Target],
    /// The number of loops so far.
    at: usize,
    deeds: Vec<Deed>,
    refused: Option<Error>,
}

impl<'ast> Visit<'ast> for Before<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let outside = self.deeds.len();
        visit::visit_block(self, block);
        self.deeds.truncate(outside);
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        visit::visit_stmt(self, stmt);
        let restored = &self.plan.options.restored;
        let mut deeds = Deeds(Vec::new());
        match stmt {
            Stmt::Local(local) => {
                let names = bindings(&local.pat);
                let mut kept = restored.carry.iter().chain(&restored.reconnect);
                // The initialiser of such a variable does not run again.
                if kept.any(|named| names.iter().any(|it| named.is(&it.ident))) {
                    return;
                }
                if let Some(init) = &local.init {
                    deeds.visit_expr(&init.expr);
                    let name = names.first().filter(|_| is_temporary(&init.expr));
                    deeds.0.extend(name.map(|it| Deed {
                        place: it.ident.span(),
                        what: What::Temporary(it.ident.clone()),
                    }));
                }
            }
            Stmt::Expr(expr, _) => deeds.visit_expr(expr),
            Stmt::Item(_) | Stmt::Macro(_) => {}
        }
        self.deeds.append(&mut deeds.0);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                let is_resumed = self.targets.iter().any(|target| target.at == self.at);
                self.at += 1;
                if let Some(body) = body(expr).filter(|_| is_resumed) {
                    let used = self.deeds.iter().find(|deed| deed.what.is_used_in(body));
                    if let Some(deed) = used.filter(|_| self.refused.is_none()) {
                        self.refused = Some(deed.refused());
                    }
                }
            }
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Collects what an expression does whenever it is evaluated.
struct Deeds(Vec<Deed>);

impl Deeds {
    fn note_path(&mut self, place: Span, path: Option<&Expr>) {
        self.0.extend(path.map(|path| Deed { place, what: What::Path(path.clone()) }));
    }

    fn note_tables<'a>(&mut self, arguments: impl IntoIterator<Item = &'a Expr>) {
        for argument in arguments {
            let Expr::Lit(it) = argument else { continue };
            let Lit::Str(text) = &it.lit else { continue };
            let (tables, place) = (emptied_tables(&text.value()), text.span());
            self.0.extend(tables.into_iter().map(|it| Deed { place, what: What::Table(it) }));
        }
    }
}

impl<'ast> Visit<'ast> for Deeds {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        // These are evaluated under a condition, later, or not at all.
        let is_sure = !matches!(
            expr,
            Expr::If(_)
                | Expr::Match(_)
                | Expr::ForLoop(_)
                | Expr::While(_)
                | Expr::Loop(_)
                | Expr::Closure(_)
                | Expr::Async(_)
                | Expr::Block(_)
        );
        if is_sure {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        visit::visit_expr_call(self, call);
        self.note_tables(&call.args);
        let Expr::Path(path) = &*call.func else { return };
        let mut names = path.path.segments.iter().rev().map(|it| it.ident.unraw().to_string());
        let (function, of) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let takes_away = match function.as_str() {
            "write" => of == "fs",
            "create" => of == "File",
            "remove_dir_all" | "remove_file" => true,
            _ => false,
        };
        self.note_path(call.span(), call.args.first().filter(|_| takes_away));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        self.note_tables(&call.args);
        let truncates =
            call.method == "open" && Opening::of(&call.receiver).does(Setting::Truncates);
        self.note_path(call.span(), call.args.first().filter(|_| truncates));
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Returns whether an initialiser makes a temporary file or folder, which is another in each run.
fn is_temporary(init: &Expr) -> bool {
    match init {
        Expr::Try(it) => is_temporary(&it.expr),
        Expr::MethodCall(it) => {
            let hands_on = ["unwrap", "expect", "context"].iter().any(|name| it.method == name);
            let makes = it.method == "tempdir" || it.method == "tempdir_in";
            makes || (hands_on && is_temporary(&it.receiver))
        }
        Expr::Call(it) => {
            let Expr::Path(path) = &*it.func else { return false };
            let mut names = path.path.segments.iter().rev().map(|it| it.ident.to_string());
            let function = names.next().unwrap_or_default();
            let of = names.next().unwrap_or_default();
            matches!(of.as_str(), "TempDir" | "NamedTempFile")
                || matches!(function.as_str(), "tempdir" | "tempdir_in")
        }
        _ => false,
    }
}

/// Returns the tables from which SQL removes rows, or that it drops.
fn emptied_tables(sql: &str) -> Vec<String> {
    let words: Vec<&str> = words(sql).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|it| it.eq_ignore_ascii_case(word));
    let skipped = ["TABLE", "IF", "EXISTS", "ONLY"];
    let begins = (0..words.len()).filter_map(|at| match () {
        () if is(at, "DROP") && is(at + 1, "TABLE") => Some(at + 2),
        () if is(at, "DELETE") && is(at + 1, "FROM") => Some(at + 2),
        () if at == 0 && is(at, "TRUNCATE") => Some(at + 1),
        () => None,
    });
    let table = |from: usize| {
        let mut rest = words.iter().skip(from);
        let named = rest.find(|it| !skipped.iter().any(|word| it.eq_ignore_ascii_case(word)));
        named.map(|it| (*it).to_owned())
    };
    begins.filter_map(table).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|word| !word.is_empty())
}

impl What {
    fn is_used_in(&self, body: &Block) -> bool {
        let tokens = body.to_token_stream();
        match self {
            What::Temporary(name) => free_idents(tokens).contains(&name.unraw().to_string()),
            What::Table(table) => literals(tokens)
                .iter()
                .any(|text| words(text).any(|word| word.eq_ignore_ascii_case(table))),
            What::Path(path) => match plain(path) {
                Expr::Lit(it) => {
                    let Lit::Str(it) = &it.lit else { return false };
                    let (path, within) = (it.value(), format!("{}/", it.value()));
                    literals(tokens).iter().any(|it| *it == path || it.starts_with(&within))
                }
                Expr::Path(it) if it.path.get_ident().is_none() => false,
                path => {
                    let path = flat(path.to_token_stream());
                    let body = flat(tokens);
                    let named = |it: &str| format!("{{{it}");
                    let is_named = |text: &String| {
                        let [only] = path.as_slice() else { return false };
                        text.contains(&named(only))
                    };
                    body.windows(path.len().max(1)).any(|it| it == path)
                        || body.iter().filter(|it| it.starts_with('"')).any(is_named)
                }
            },
        }
    }
}

impl Deed {
    fn refused(&self) -> Error {
        let text = match &self.what {
            What::Path(_) => "this runs again in a resumed run, and takes away what complete items wrote there\n\n\
                 help: to do it once, write `step!(\"anew\", { .. })` around it\n\
                 help: a file that items append to is opened before the loop, and named in `reconnect(..)`\n\
                 help: if it takes nothing away, let a function of its own do it"
                .to_owned(),
            What::Table(table) => format!(
                "this runs again in a resumed run, and takes away what complete items wrote to `{table}`\n\n\
                 help: to do it once, write `step!(\"anew\", {{ .. }})` around it\n\
                 help: if it takes nothing away, let a function of its own do it"
            ),
            What::Temporary(name) => {
                let name = name.unraw();
                format!(
                    "`{name}` is another in each run, and what complete items wrote there would be gone\n\n\
                     help: let all runs have one folder: `let {name} = step!(\"{name}\", tempfile::tempdir()?.keep())`, and \
                     remove it when the job is done\n\
                     help: a file is made under a name of its own, and named in `reconnect(..)`"
                )
            }
        };
        Error::new(self.place, text)
    }
}

/// Returns the expression without references and parentheses around it.
fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(it) => plain(&it.expr),
        Expr::Paren(it) => plain(&it.expr),
        it => it,
    }
}

/// Returns the texts of all literals, also within macros.
fn literals(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(it) => found.extend(literals(it.stream())),
            TokenTree::Literal(it) => {
                found.extend(syn::parse_str::<LitStr>(&it.to_string()).ok().map(|it| it.value()));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    found
}

/// Returns the texts of all tokens in their order, those of groups between marks.
fn flat(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        if let TokenTree::Group(it) = token {
            found.push(format!("{:?}", it.delimiter()));
            found.extend(flat(it.stream()));
            found.push("end".to_owned());
        } else {
            found.push(token.to_string());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_removes_rows_is_seen() {
        for (sql, tables) in [
            ("DROP TABLE IF EXISTS t; CREATE TABLE t (id INT)", &["t"][..]),
            ("delete from rows where run = 1", &["rows"]),
            ("TRUNCATE TABLE rows", &["rows"]),
            ("CREATE TABLE IF NOT EXISTS t (id INT)", &[]),
            ("SELECT truncate FROM t", &[]),
        ] {
            assert_eq!(emptied_tables(sql), tables, "{sql}");
        }
    }

    #[test]
    fn what_a_body_uses_is_seen() {
        let is_used = |path: &str, body: &str| {
            What::Path(syn::parse_str(path).unwrap()).is_used_in(&syn::parse_str(body).unwrap())
        };
        for (path, body) in [
            ("\"out\"", "{ fs::write(format!(\"out/{x}\"), x)?; }"),
            ("\"out.csv\"", "{ append(\"out.csv\")?; }"),
            ("&path", "{ let out = append(&path)?; }"),
            ("dir", "{ fs::write(format!(\"{dir}/{x}\"), x)?; }"),
            ("dir.join(\"a\")", "{ append(&dir.join(\"a\"))?; }"),
        ] {
            assert!(is_used(path, body), "{path} {body}");
        }
        for (path, body) in [
            ("\"out\"", "{ fs::write(format!(\"output/{x}\"), x)?; }"),
            ("&path", "{ append(&paths[x])?; }"),
            ("dir.join(\"a\")", "{ append(&dir.join(\"b\"))?; }"),
            ("self.path", "{ append(&self.paths)?; }"),
        ] {
            assert!(!is_used(path, body), "{path} {body}");
        }
    }
}
