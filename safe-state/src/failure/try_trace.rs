//! The note of the `?` by which an error leaves the annotated function.
//!
//! Each `?` of the body first passes its operand through here. If it is a failure, its place, its expression, the type
//! of the error, and the item if that is a plain value are noted. While nothing fails this costs the branch that `?`
//! itself takes.

use std::any::type_name;
use std::cell::Cell;
use std::ops::{ControlFlow, Deref};
use std::task::Poll;

use safe_state_backends::details::{Details, Origin, Place, Span, Step, Value};

use crate::failure::reported::active_spans;

thread_local! {
    /// The note of the `?` that failed last on this thread. The function that the `?` leaves takes it at once.
    static NOTED: Cell<Option<TryTrace>> = const { Cell::new(None) };
}

/// A `?` in the user's function: the file of its expression, the line and the column there, both from 1, and the text
/// of the expression. It is a tuple because each `?` has one, and naming the parts would cost the compiler time.
pub(crate) type TrySite = (&'static str, u32, u32, &'static str);

/// The note of a `?` that failed.
#[derive(Debug)]
pub(crate) struct TryTrace {
    site: &'static TrySite,
    error_type: &'static str,
    item: Option<String>,
    /// The spans that were active. They are noted here, as spans in the body have ended once the function returns.
    spans: Vec<Span>,
}

/// A type that `?` can be applied to. `Same` is the type itself: with `Self` or an associated type in its place, a
/// wrong type would give two errors.
#[diagnostic::on_unimplemented(
    message = "the `?` operator can only be applied to values that implement `Try`",
    label = "the `?` operator cannot be applied to type `{Self}`"
)]
pub trait TryOperand<Same> {
    /// Returns the value unchanged, and takes a note if it makes `?` leave the function.
    fn noted(self, site: &'static TrySite, item: impl Handed) -> Same;
}

macro_rules! given {
    ($([$($generics:tt)*] $ty:ty, $error:ty {
        $failure:pat => $failed:expr,
        $($other:pat => $passed:expr,)+
    })*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> TryOperand<$ty> for $ty {
            // Matched and rebuilt by its parts, as a whole value would also be copied where nothing fails.
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
    /// Takes the note made since the last call. A failure that leaves the function in another way takes it as well, so
    /// that no later failure does.
    pub(crate) fn take() -> Option<TryTrace> {
        NOTED.try_with(Cell::take).ok().flatten()
    }

    /// Puts the note back.
    pub(crate) fn put_back(self) {
        let _ = NOTED.try_with(|noted| noted.set(Some(self)));
    }

    pub(crate) fn place(&self) -> String {
        let (file, line, column, _) = self.site;
        format!("{file}:{line}:{column}")
    }

    /// Returns the name of the type of the error that `?` was given.
    pub(crate) fn error_type(&self) -> &'static str {
        self.error_type
    }

    /// Returns the place of the `?`, and the item if it was a plain value.
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

/// The item as a `?` can note it.
pub trait Handed: Copy {
    /// Returns the item as text, if it was kept.
    fn shown(self) -> Option<String>;
}

/// Stands for no item, or for one that is not kept, as a reference to it would limit the body.
#[derive(Clone, Copy, Debug)]
pub struct NoItem;

impl Handed for NoItem {
    fn shown(self) -> Option<String> {
        None
    }
}

/// An item that is a plain value, such as a number.
#[derive(Clone, Copy, Debug)]
pub struct PlainItem<P>(P);

impl<P: Plain> Handed for PlainItem<P> {
    fn shown(self) -> Option<String> {
        Some(self.0.text())
    }
}

/// A value that can be copied, holds no reference, and can be shown without running the user's code.
pub trait Plain: Copy {
    /// Returns the value as text.
    fn text(self) -> String;
}

/// A value that is, or refers to, a [`Plain`] value.
pub trait HasPlain {
    /// The type of the plain value.
    type Plain: Plain;

    /// Returns a copy of the plain value.
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

/// Covers the items of `enumerate`.
impl<I: HasPlain, T: HasPlain> HasPlain for (I, T) {
    type Plain = (I::Plain, T::Plain);

    #[inline]
    fn plain(&self) -> Self::Plain {
        (self.0.plain(), self.1.plain())
    }
}

/// An item that may be kept for a `?`. For a plain one its own method `kept` is called; for any other the compiler goes
/// on to the method of [`NotKept`].
#[derive(Debug)]
pub struct HandedOut<'a, T>(pub &'a T);

impl<T: HasPlain> HandedOut<'_, T> {
    /// Keeps the item.
    #[inline]
    pub fn kept(&self) -> PlainItem<T::Plain> {
        PlainItem(self.0.plain())
    }
}

/// Stands for an item that is not kept.
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

/// Expands to the item as a `?` can note it.
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
