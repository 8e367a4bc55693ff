//! What generated code calls. It may change with any release, and only the macro of the same
//! release uses it.

use std::borrow::Cow;

pub use core::convert::{Infallible, Into};
pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
pub use core::time::Duration;
pub use core::{concat, file, module_path};
pub use std::path::PathBuf;
pub use std::string::String;

pub use crate::fingerprint::{ByHash, ByNothing, ByReference, ByResult, BySerialize, Item};
pub use crate::items::{Items, Step};
pub use crate::outcome::{
    Failing, Outcome, Seen, ViaAnything, ViaDebug, ViaDisplay, ViaError, ViaInner, ViaInnerSend,
    ViaOption, ViaType,
};
pub use crate::received::{Receipt, Received};
pub use crate::reconnect::means::{ByRegistry, ByTrait, Handle, by_trait};
pub use crate::returns::{Returns, ViaFrom, ViaPanic, panic_with};
pub use crate::run::{Run, call};
pub use crate::tally::Tally;
pub use crate::{
    __failing as failing, __fingerprint as fingerprint, __means as means, __on_error as on_error,
};

/// The items of the loop over `input`, which has that many resumable loops around it, and that
/// number.
///
/// `Iter` stands for `I::IntoIter`: a projection in the return type would be reported a second
/// time where `input` is no iterator.
pub fn items<'r, I, Iter, T>(
    run: &'r mut Run,
    number: (usize, u16),
    location: &'static str,
    input: I,
    fingerprint: fn(&T) -> Option<u32>,
) -> (Items<Iter, T>, Tally<'r>)
where
    I: IntoIterator<IntoIter = Iter, Item = T>,
    Iter: Iterator<Item = T>,
{
    Items::enter(run, number, Cow::Borrowed(location), input.into_iter(), fingerprint)
}

/// The items of a `while let` loop, as [`items`].
pub fn received<'r>(
    run: &'r mut Run,
    number: (usize, u16),
    location: &'static str,
) -> (Received, Tally<'r>) {
    Received::enter(run, number, Cow::Borrowed(location))
}

/// As [`call`], for a future: sees whether it returned or panicked.
///
/// # Errors
///
/// The panic's payload.
pub async fn call_async<R>(body: impl Future<Output = R>) -> Outcome<R> {
    let mut body = std::pin::pin!(body);
    std::future::poll_fn(|context| match call(|| body.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => std::task::Poll::Ready(Err(panic)),
    })
    .await
}

/// The job's name, of anything that is text.
pub fn name(name: &(impl AsRef<str> + ?Sized)) -> String {
    name.as_ref().to_owned()
}

/// The default name of a method: its type's path, and its own name.
pub fn method_name<T: ?Sized>(method: &str) -> String {
    format!("{}::{method}", std::any::type_name::<T>())
}
