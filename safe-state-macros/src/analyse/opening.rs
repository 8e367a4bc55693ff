//! Recognises what an initialiser opens: files, writers of formats, transactions.

use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprLit, ExprMethodCall, ExprStruct, Lit};

/// The things that an initialiser does, as far as its text shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    deeds: Vec<Deed>,
    /// The variables that the initialiser wraps, as a writer wraps a file.
    around: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    MakesFile,
    /// The initialiser makes a writer of a format.
    Formats,
    /// The initialiser makes a writer that holds back what is written.
    Buffers,
    BeginsTransaction,
    // The rest are settings of an `OpenOptions`.
    Truncates,
    Creates,
    Appends,
    Reads,
}

impl Opening {
    pub(crate) fn of(init: &Expr) -> Self {
        let mut seen = Opening::default();
        seen.takes_in(init);
        seen.visit_expr(init);
        seen.note(Deed::BeginsTransaction, begins_transaction(init));
        seen
    }

    /// Returns what the statements of a block open.
    pub(crate) fn of_block(block: &Block) -> Self {
        let mut seen = Opening::default();
        seen.visit_block(block);
        seen
    }

    /// Returns the variables that the initialiser wraps, as a writer wraps a file.
    pub(crate) fn around(&self) -> &[String] {
        &self.around
    }

    fn takes_in(&mut self, expr: &Expr) {
        match expr {
            Expr::Path(it) => {
                self.around.extend(it.path.get_ident().map(|ident| ident.unraw().to_string()));
            }
            Expr::Reference(it) if it.mutability.is_some() => self.takes_in(&it.expr),
            Expr::MethodCall(it) if it.method == "try_clone" => self.takes_in(&it.receiver),
            Expr::Try(it) => self.takes_in(&it.expr),
            Expr::Await(it) => self.takes_in(&it.base),
            Expr::Paren(it) => self.takes_in(&it.expr),
            _ => {}
        }
    }

    pub(crate) fn does(&self, deed: Deed) -> bool {
        self.deeds.contains(&deed)
    }

    fn note(&mut self, deed: Deed, is_seen: bool) {
        self.deeds.extend(is_seen.then_some(deed));
    }

    /// Returns whether the initialiser makes a file, or opens one to empty or overwrite it.
    pub(crate) fn makes_file(&self) -> bool {
        let overwrites = self.does(Deed::Creates) && !self.does(Deed::Appends);
        self.does(Deed::MakesFile)
            || self.does(Deed::Truncates)
            || (overwrites && !self.does(Deed::Reads))
    }

    /// Returns whether the initialiser makes a writer of a format.
    pub(crate) fn is_format(&self) -> bool {
        self.does(Deed::Formats)
    }
}

impl<'ast> Visit<'ast> for Opening {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        visit::visit_expr_call(self, call);
        let Expr::Path(path) = &*call.func else { return };
        // A function that is no constructor may return something that does not wrap its arguments.
        let mut last = path.path.segments.iter().rev().take(2);
        let is_constructor = last.any(|it| is_type(&it.ident.unraw().to_string()));
        if is_constructor {
            call.args.iter().for_each(|argument| self.takes_in(argument));
        }
        let mut names = path.path.segments.iter().rev().map(|it| it.ident.unraw().to_string());
        let (Some(function), Some(of)) = (names.next(), names.next()) else { return };
        // A `LineWriter` holds back no whole line, so it does not count.
        self.note(Deed::Buffers, of == "BufWriter");
        let is_format = !matches!(of.as_str(), "BufWriter" | "LineWriter") && is_writer(&of);
        self.note(Deed::Formats, is_format);
        let makes_file = match function.as_str() {
            "create" | "create_new" => of == "File" || is_format,
            "from_path" | "to_path" => is_format,
            _ => false,
        };
        self.note(Deed::MakesFile, makes_file);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        let is_on = call.args.first().is_some_and(is_true);
        match call.method.unraw().to_string().as_str() {
            "truncate" => self.note(Deed::Truncates, is_on),
            "create" | "create_new" | "write" => self.note(Deed::Creates, is_on),
            "append" => self.note(Deed::Appends, is_on),
            "read" => self.note(Deed::Reads, is_on),
            // The method of a builder of writers.
            "from_path" => self.note(Deed::MakesFile, self.is_format()),
            "from_writer" => call.args.iter().for_each(|argument| self.takes_in(argument)),
            _ => {}
        }
    }

    fn visit_expr_struct(&mut self, it: &'ast ExprStruct) {
        visit::visit_expr_struct(self, it);
        it.fields.iter().for_each(|field| self.takes_in(&field.expr));
    }
}

/// Returns whether the expression begins a transaction and gives it, as far as the names of methods tell.
fn begins_transaction(expr: &Expr) -> bool {
    const BEGIN: [&str; 7] = [
        "transaction",
        "transaction_with_behavior",
        "unchecked_transaction",
        "savepoint",
        "savepoint_with_name",
        "build_transaction",
        "start_transaction",
    ];
    const HAND_ON: [&str; 10] = [
        "start",
        "unwrap",
        "expect",
        "map_err",
        "context",
        "with_context",
        "wrap_err",
        "read_only",
        "isolation_level",
        "deferrable",
    ];
    let called = |call: &ExprMethodCall, names: &[&str]| {
        let method = call.method.unraw().to_string();
        names.contains(&method.as_str())
    };
    match expr {
        Expr::Try(it) => begins_transaction(&it.expr),
        Expr::Paren(it) => begins_transaction(&it.expr),
        Expr::Reference(it) => begins_transaction(&it.expr),
        // A transaction that is passed by reference does not come out of the call.
        Expr::Call(it) => {
            let mut owned = it.args.iter().filter(|it| !matches!(it, Expr::Reference(_)));
            owned.any(begins_transaction)
        }
        // These are names in `sqlx`. In other crates, they may begin something else, but that is hardly ever awaited.
        Expr::Await(it) => {
            matches!(&*it.base, Expr::MethodCall(call) if called(call, &["begin", "begin_with"]))
                || begins_transaction(&it.base)
        }
        Expr::MethodCall(it) => {
            called(it, &BEGIN) || (called(it, &HAND_ON) && begins_transaction(&it.receiver))
        }
        _ => false,
    }
}

fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

pub(crate) fn is_writer(name: &str) -> bool {
    ["Writer", "WriterBuilder", "Encoder", "Compressor"].iter().any(|end| name.ends_with(end))
}

pub(crate) fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(ExprLit { lit: Lit::Bool(it), .. }) if it.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(text: &str) -> Opening {
        Opening::of(&syn::parse_str(text).unwrap())
    }

    #[test]
    fn what_begins_a_transaction_is_seen() {
        for text in [
            "connection.transaction()?",
            "pool.begin().await?",
            "pool.begin_with(\"BEGIN IMMEDIATE\").await?",
            "connection.start_transaction(TxOpts::default())?",
            "client.build_transaction().read_only(false).start()?",
            "connection.savepoint_with_name(\"rows\")?",
        ] {
            assert!(opening(text).does(Deed::BeginsTransaction), "{text}");
        }
        for text in [
            "range.begin()",
            "{ let tx = pool.begin().await?; let ids = tx.ids(); tx.commit().await?; ids }",
            "load(&ids)?",
            "load(&mut pool.begin().await?).await?",
        ] {
            assert!(!opening(text).does(Deed::BeginsTransaction), "{text}");
        }
    }

    #[test]
    fn what_something_is_made_around_is_seen() {
        for text in [
            "out",
            "BufWriter::new(out)",
            "csv::Writer::from_writer(&mut out)",
            "builder.from_writer(out.try_clone()?)",
            "Some(Export { out })",
        ] {
            assert_eq!(opening(text).around(), ["out"], "{text}");
        }
        for text in
            ["count(&out)", "out.metadata()?.len()", "total(out)?", "io::copy(&mut a, &mut out)?"]
        {
            assert!(opening(text).around().is_empty(), "{text}");
        }
    }

    #[test]
    fn what_makes_a_file_anew_is_seen() {
        for text in [
            "File::create(path)?",
            "BufWriter::new(fs::File::create(path).await?)",
            "File::options().write(true).create(true).open(path)?",
            "OpenOptions::new().append(true).truncate(true).open(path)?",
            "csv::Writer::from_path(path)?",
            "csv::WriterBuilder::new().has_headers(false).from_path(path)?",
            "GzEncoder::new(File::create(path)?, Compression::default())",
            "hound::WavWriter::create(path, spec)?",
            "{ let file = File::create_new(path)?; file }",
        ] {
            assert!(opening(text).makes_file(), "{text}");
        }
        for text in [
            "File::open(path)?",
            "File::options().append(true).create(true).open(path)?",
            "Store::over(File::options().read(true).write(true).create(true).open(path)?)",
            "Client::create(config)?",
            "csv::Writer::from_writer(File::options().append(true).create(true).open(path)?)",
            "csv::Reader::from_path(path)?",
        ] {
            assert!(!opening(text).makes_file(), "{text}");
        }
    }
}
