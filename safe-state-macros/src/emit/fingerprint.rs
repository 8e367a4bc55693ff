//! Makes fingerprints of code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

pub(crate) fn code_fingerprint(function: &ItemFn) -> u64 {
    let (sig, block) = (&function.sig, &function.block);
    text_fingerprint(&quote! { #sig #block })
}

/// Returns a fingerprint of the tokens, for which comments and white space do not count: the 64-bit FNV-1a hash of
/// their text.
pub(crate) fn text_fingerprint(tokens: &TokenStream) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let text = tokens.to_string();
    // The spaces between printed tokens are the choice of the compiler, and another version may print others.
    let significant = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    significant.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
