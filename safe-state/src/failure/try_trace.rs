//! The `?` by which an error leaves the annotated function.
//!
//! Each `?` of the body is asked about what it is given, and takes note of a failure: of its place,
//! its expression, the type of the error, and the item if that is a plain value. While nothing fails
//! that is the branch which `?` itself makes.

use std::any::type_name;
use std::cell::Cell;
use std::ops::{ControlFlow, Deref};
use std::task::Poll;

use safe_state_backends::details::{Details, Origin, Place, Span, Step, Value};

use crate::failure::reported::active_spans;

thread_local! {
    /// What the `?` that failed last on this thread noted. The function that it leaves takes it at once.
    static NOTED: Cell<Option<TryTrace>> = const { Cell::new(None) };
}

/// A `?` in the user's function: the file in which its expression stands, the line and the column there, from 1, and the
/// text of the expression. A tuple, as each `?` has one, and a name for each part costs the compiler time.
pub(crate) type TrySite = (&'static str, u32, u32, &'static str);

/// What is known of a `?` that failed.
#[derive(Debug)]
pub(crate) struct TryTrace {
    site: &'static TrySite,
    error_type: &'static str,
    item: Option<String>,
    /// The spans that were active: those in the body have ended once the function returns.
    spans: Vec<Span>,
}

/// What a `?` can be given. `Same` is its own type: with `Self` or an associated type in its place, a value
/// that can't be given to a `?` would be two errors.
#[diagnostic::on_unimplemented(
    message = "the `?` operator can only be applied to values that implement `Try`",
    label = "the `?` operator cannot be applied to type `{Self}`"
)]
pub trait TryOperand<Same> {
    /// Gives the value back, with a note if it is what `?` leaves the function with.
    fn noted(self, site: &'static TrySite, item: impl Handed) -> Same;
}

macro_rules! given {
    ($([$($generics:tt)*] $ty:ty, $error:ty {
        $failure:pat => $failed:expr,
        $($other:pat => $passed:expr,)+
    })*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> TryOperand<$ty> for $ty {
            // Taken apart: as a whole it would be copied where nothing fails as well.
            #[inline(always)]
            fn noted(self, site: &'static TrySite, item: impl Handed) -> $ty {
                match self {
                    $failure => {
                        note(site, type_name::<$error>(), item);
                        $failed
                    }
                    $($other => $passed,)+
                }
            }
        }
    )* };
}

given! {
    [T, E] Result<T, E>, E {
        Err(error) => Err(error),
        Ok(value) => Ok(value),
    }
    [T] Option<T>, Option<T> {
        None => None,
        Some(value) => Some(value),
    }
    [B, C] ControlFlow<B, C>, B {
        ControlFlow::Break(value) => ControlFlow::Break(value),
        ControlFlow::Continue(value) => ControlFlow::Continue(value),
    }
    [T, E] Poll<Result<T, E>>, E {
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Ready(Ok(value)) => Poll::Ready(Ok(value)),
        Poll::Pending => Poll::Pending,
    }
    [T, E] Poll<Option<Result<T, E>>>, E {
        Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
        Poll::Ready(Some(Ok(value))) => Poll::Ready(Some(Ok(value))),
        Poll::Ready(None) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    }
}

#[cold]
#[inline(never)]
fn note(site: &'static TrySite, error_type: &'static str, item: impl Handed) {
    NOTED.set(Some(TryTrace { site, error_type, item: item.shown(), spans: active_spans() }));
}

impl TryTrace {
    /// What was noted since the last call. What left the function otherwise takes it as well, so that
    /// nobody takes it for their own.
    pub(crate) fn take() -> Option<TryTrace> {
        NOTED.try_with(Cell::take).ok().flatten()
    }

    /// Notes it once more.
    pub(crate) fn put_back(self) {
        let _ = NOTED.try_with(|noted| noted.set(Some(self)));
    }

    pub(crate) fn place(&self) -> String {
        let (file, line, column, _) = self.site;
        format!("{file}:{line}:{column}")
    }

    /// The type of the error that `?` was given.
    pub(crate) fn error_type(&self) -> &'static str {
        self.error_type
    }

    /// The `?`, and the item if it was a plain value.
    pub(crate) fn details(&self) -> Details {
        let (file, line, column, expression) = *self.site;
        let step = Step {
            place: Place { file: file.to_owned(), line, column },
            expression: expression.to_owned(),
            error_type: self.error_type.to_owned(),
        };
        let item = self.item.clone().map(|text| Value {
            origin: Origin::Item,
            depth: 0,
            name: "item".to_owned(),
            text,
        });
        Details {
            trail: vec![step],
            values: item.into_iter().collect(),
            spans: self.spans.clone(),
            ..Details::default()
        }
    }
}

/// What a `?` may tell of the item.
pub trait Handed: Copy {
    /// The item as text.
    fn shown(self) -> Option<String>;
}

/// No item, or one that is not to be kept: a reference would forbid the body what it may do.
#[derive(Clone, Copy, Debug)]
pub struct NoItem;

impl Handed for NoItem {
    fn shown(self) -> Option<String> {
        None
    }
}

/// An item that is a number and the like.
#[derive(Clone, Copy, Debug)]
pub struct PlainItem<P>(P);

impl<P: Plain> Handed for PlainItem<P> {
    fn shown(self) -> Option<String> {
        Some(self.0.text())
    }
}

/// What can be copied, holds no reference, and runs no code of the user's to be shown.
pub trait Plain: Copy {
    /// It as text.
    fn text(self) -> String;
}

/// What is, or refers to, a [`Plain`] value.
pub trait HasPlain {
    /// That value.
    type Plain: Plain;

    /// A copy of it.
    fn plain(&self) -> Self::Plain;
}

macro_rules! plain {
    ($($ty:ty)*) => { $(
        impl Plain for $ty {
            fn text(self) -> String {
                format!("{self:?}")
            }
        }

        impl HasPlain for $ty {
            type Plain = $ty;

            #[inline]
            fn plain(&self) -> $ty {
                *self
            }
        }

        impl HasPlain for &$ty {
            type Plain = $ty;

            #[inline]
            fn plain(&self) -> $ty {
                **self
            }
        }
    )* };
}

plain! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char }

impl<I: Plain, P: Plain> Plain for (I, P) {
    fn text(self) -> String {
        format!("({}, {})", self.0.text(), self.1.text())
    }
}

/// As `enumerate` gives them.
impl<I: HasPlain, T: HasPlain> HasPlain for (I, T) {
    type Plain = (I::Plain, T::Plain);

    #[inline]
    fn plain(&self) -> Self::Plain {
        (self.0.plain(), self.1.plain())
    }
}

/// An item to be kept for a `?`. A plain one is kept by a method of its own; for any other the compiler goes on to
/// [`NotKept`].
#[derive(Debug)]
pub struct HandedOut<'a, T>(pub &'a T);

impl<T: HasPlain> HandedOut<'_, T> {
    /// Keeps it.
    #[inline]
    pub fn kept(&self) -> PlainItem<T::Plain> {
        PlainItem(self.0.plain())
    }
}

/// An item that is not kept.
#[derive(Debug)]
pub struct NotKept;

impl NotKept {
    /// Keeps nothing.
    #[inline]
    pub fn kept(&self) -> NoItem {
        NoItem
    }
}

impl<T> Deref for HandedOut<'_, T> {
    type Target = NotKept;

    #[inline]
    fn deref(&self) -> &NotKept {
        &NotKept
    }
}

/// What a `?` may tell of the item.
#[doc(hidden)]
#[macro_export]
macro_rules! __handed {
    ($item:expr) => {
        $crate::__private::HandedOut($item).kept()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    static SITE: TrySite = ("src/main.rs", 14, 9, "send()");

    #[test]
    fn a_failure_is_noted_and_nothing_else() {
        assert_eq!(Ok::<u8, String>(7).noted(&SITE, NoItem), Ok(7));
        assert_eq!(Some(7).noted(&SITE, NoItem), Some(7));
        assert!(TryTrace::take().is_none());
        let item = __handed!(&(3, &4_u16));
        assert!(Err::<u8, String>(String::new()).noted(&SITE, item).is_err());
        let noted = TryTrace::take().unwrap();
        assert_eq!(noted.place(), "src/main.rs:14:9");
        let Details { trail, values, .. } = noted.details();
        assert!(trail[0].error_type.ends_with("String"));
        assert_eq!(values[0].text, "(3, 4)");
        assert!(TryTrace::take().is_none());
    }

    #[test]
    fn what_is_not_plain_is_not_kept() {
        assert_eq!(__handed!(&"text").shown(), None);
        assert_eq!(__handed!(&vec![1]).shown(), None);
        assert_eq!(__handed!(&-1_i64).shown().as_deref(), Some("-1"));
    }
}
