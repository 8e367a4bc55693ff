//! The types of values that can be given as a backend.

use std::sync::Arc;

use crate::{Backend, Error};

/// A backend, or the URL of one, which `safe_state::backend::from_url` opens.
#[expect(
    missing_debug_implementations,
    reason = "a backend may have none, and a URL may contain a password"
)]
pub enum BackendOrUrl {
    /// A backend.
    Backend(Arc<dyn Backend>),
    /// The URL of a backend.
    Url(String),
}

/// A type that can be given as a backend: a [`Backend`], a URL, or a `Result` of one of these. An error in the
/// result is returned when the job is opened.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no backend",
    label = "expected a `Backend`, a URL such as \"file:state\", or a `Result` of one"
)]
pub trait IntoBackend {
    /// Converts the value into a backend, or into the URL of one.
    ///
    /// # Errors
    ///
    /// The error in the result.
    fn into_backend(self) -> Result<BackendOrUrl, Error>;
}

// Without this, an error message would name only `Backend`, and list the types that implement it.
#[diagnostic::do_not_recommend]
impl<B: Backend> IntoBackend for B {
    fn into_backend(self) -> Result<BackendOrUrl, Error> {
        Ok(BackendOrUrl::Backend(Arc::new(self)))
    }
}

impl IntoBackend for &str {
    fn into_backend(self) -> Result<BackendOrUrl, Error> {
        Ok(BackendOrUrl::Url(self.to_owned()))
    }
}

impl IntoBackend for &String {
    fn into_backend(self) -> Result<BackendOrUrl, Error> {
        Ok(BackendOrUrl::Url(self.clone()))
    }
}

impl IntoBackend for String {
    fn into_backend(self) -> Result<BackendOrUrl, Error> {
        Ok(BackendOrUrl::Url(self))
    }
}

impl<B: IntoBackend> IntoBackend for Result<B, Error> {
    fn into_backend(self) -> Result<BackendOrUrl, Error> {
        self.and_then(B::into_backend)
    }
}
