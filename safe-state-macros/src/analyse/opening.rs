//! What an initialiser is seen to open: files, writers of formats, transactions.

use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprLit, ExprMethodCall, Lit};

/// What an initialiser is seen to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening(Vec<Deed>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    MakesFile,
    /// It makes a writer of a format.
    Formats,
    /// It makes a writer that holds back what is written.
    Buffers,
    BeginsTransaction,
    // By `OpenOptions`.
    Truncates,
    Creates,
    Appends,
    Reads,
}

impl Opening {
    pub(crate) fn of(init: &Expr) -> Self {
        let mut seen = Opening::default();
        seen.visit_expr(init);
        seen
    }

    pub(crate) fn does(&self, deed: Deed) -> bool {
        self.0.contains(&deed)
    }

    fn note(&mut self, deed: Deed, is_seen: bool) {
        self.0.extend(is_seen.then_some(deed));
    }

    /// Whether it makes a file, or one that is there empty.
    pub(crate) fn makes_file(&self) -> bool {
        let overwrites = self.does(Deed::Creates) && !self.does(Deed::Appends);
        self.does(Deed::MakesFile)
            || self.does(Deed::Truncates)
            || (overwrites && !self.does(Deed::Reads))
    }

    /// Whether what it makes is a writer of a format around something.
    pub(crate) fn is_format(&self) -> bool {
        self.does(Deed::Formats)
    }
}

impl<'ast> Visit<'ast> for Opening {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        visit::visit_expr_call(self, call);
        let Expr::Path(path) = &*call.func else { return };
        let mut names = path.path.segments.iter().rev().map(|it| it.ident.unraw().to_string());
        let (Some(function), Some(of)) = (names.next(), names.next()) else { return };
        // A `LineWriter` holds back no whole line.
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
            // Of a builder.
            "from_path" => self.note(Deed::MakesFile, self.is_format()),
            "transaction" | "transaction_with_behavior" | "unchecked_transaction" | "savepoint" => {
                self.note(Deed::BeginsTransaction, true);
            }
            _ => {}
        }
    }
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
