//! Tells which arguments hold values of the function's type parameters, of which the compiler knows only the bounds.

use syn::{GenericArgument, Generics, PathArguments, Type};

/// What the type of an argument is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MadeOf {
    /// A type parameter of the function, or an `impl Trait`.
    Parameter,
    /// A type with such parameters alone in it, as `Vec<T>`.
    Parameters,
    Others,
}

impl MadeOf {
    pub(crate) fn of(ty: &Type, generics: &Generics) -> Self {
        if is_parameter(ty, generics) {
            return MadeOf::Parameter;
        }
        let Type::Path(it) = ty else { return MadeOf::Others };
        let Some(last) = it.path.segments.last() else { return MadeOf::Others };
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return MadeOf::Others;
        };
        let is_one = |it: &GenericArgument| matches!(it, GenericArgument::Type(ty) if is_parameter(ty, generics));
        if arguments.args.iter().all(is_one) { MadeOf::Parameters } else { MadeOf::Others }
    }
}

fn is_parameter(ty: &Type, generics: &Generics) -> bool {
    match ty {
        Type::ImplTrait(_) => true,
        Type::Path(it) => {
            generics.type_params().any(|parameter| it.path.is_ident(&parameter.ident))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn parameters_are_those_of_the_function() {
        let generics: Generics = parse_quote! { <'a, T, K: Ord, const N: usize> };
        let made_of = |ty: Type| MadeOf::of(&ty, &generics);
        assert_eq!(made_of(parse_quote! { T }), MadeOf::Parameter);
        assert_eq!(made_of(parse_quote! { impl Iterator<Item = u8> }), MadeOf::Parameter);
        assert_eq!(made_of(parse_quote! { std::collections::HashMap<K, T> }), MadeOf::Parameters);
        assert_eq!(made_of(parse_quote! { Vec<impl Display> }), MadeOf::Parameters);
        assert_eq!(made_of(parse_quote! { Vec<Log> }), MadeOf::Others);
        assert_eq!(made_of(parse_quote! { HashMap<K, Log> }), MadeOf::Others);
        assert_eq!(made_of(parse_quote! { Vec<Vec<T>> }), MadeOf::Others);
        assert_eq!(made_of(parse_quote! { Log<'a> }), MadeOf::Others);
        assert_eq!(made_of(parse_quote! { &'a T }), MadeOf::Others);
        assert_eq!(made_of(parse_quote! { U }), MadeOf::Others);
    }
}
