//! Parses the arguments of the standard library's macros.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Pat, Result, Token};

/// The arguments of a macro: expressions, and the pattern and guard of a `matches!` that has a guard.
pub(super) struct Arguments(pub(super) Vec<Expr>, pub(super) Option<(Pat, Expr)>);

impl Arguments {
    /// Returns the arguments of a macro call; none if they can't be parsed.
    pub(super) fn of(it: &Macro) -> Option<Self> {
        let listed = it.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        if let Ok(listed) = listed {
            return Some(Arguments(listed.into_iter().collect(), None));
        }
        let name = &it.path.segments.last()?.ident;
        if name == "matches" {
            it.parse_body_with(Self::of_matches).ok()
        } else if name == "vec" {
            it.parse_body_with(Self::of_repeated).ok()
        } else {
            None
        }
    }

    /// Parses `value, pattern if guard`.
    fn of_matches(input: ParseStream<'_>) -> Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        let guard = input.parse::<Option<Token![if]>>()?.map(|_| input.parse()).transpose()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Arguments(vec![value], guard.map(|guard| (pat, guard))))
    }

    /// Parses `value; count`.
    fn of_repeated(input: ParseStream<'_>) -> Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Arguments(vec![value, input.parse()?], None))
    }
}
