//! x
use proc_macro::TokenStream;
/// x
#[proc_macro_attribute]
pub fn resumable(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}
