//! The forms: the ways in which values are added to a checksum.

use std::fs::DirEntry;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::kind::Compared;
use crate::items::fingerprint::Checksum;

/// Compares the bytes that the value serialises to.
#[derive(Debug)]
pub struct BySerialize;

/// Compares the bytes that the value serialises to. If that fails, as for a path that is not UTF-8, it compares by
/// `Hash`.
#[derive(Debug)]
pub struct BySerializeOrHash;

/// Compares the bytes that the value's `Hash` writes.
#[derive(Debug)]
pub struct ByHash;

/// Compares the elements of a set, in any order.
#[derive(Debug)]
pub struct BySet;

/// Compares the path of a directory entry.
#[derive(Debug)]
pub struct ByPath;

/// Compares nothing: the item is known by its index alone.
#[derive(Debug)]
pub struct ByPosition;

/// Compares the parts of a tuple, each by its own form.
#[derive(Debug)]
pub struct Parts<F>(PhantomData<F>);

/// Compares the value behind a reference or a box.
#[derive(Debug)]
pub struct Held<F>(PhantomData<F>);

/// Compares the value in `Ok`.
#[derive(Debug)]
pub struct Success<F>(PhantomData<F>);

/// Compares the elements of a list or an option, and their number.
#[derive(Debug)]
pub struct Elements<F>(PhantomData<F>);

/// Stands for a type that has no form.
#[derive(Debug)]
pub struct NotCompared;

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Compared<T> for BySerialize {
    fn add(value: &T, sum: &mut Checksum) -> Option<()> {
        if sum.serialized(value).is_none() {
            sum.note_failure();
        }
        Some(())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + Hash + ?Sized> Compared<T> for BySerializeOrHash {
    fn add(value: &T, sum: &mut Checksum) -> Option<()> {
        sum.serialized(value).or_else(|| ByHash::add(value, sum))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Hash + ?Sized> Compared<T> for ByHash {
    fn add(value: &T, sum: &mut Checksum) -> Option<()> {
        if holds_address::<T>() {
            sum.note_address();
        }
        value.hash(sum);
        Some(())
    }
}

#[diagnostic::do_not_recommend]
impl<C> Compared<C> for BySet
where
    for<'l> &'l C: IntoIterator<Item: Serialize>,
{
    fn add(value: &C, sum: &mut Checksum) -> Option<()> {
        BySerialize::add(&AsMap(value), sum)
    }
}

/// A set that serialises as a map, whose order does not count.
struct AsMap<'a, C>(&'a C);

impl<C> Serialize for AsMap<'_, C>
where
    for<'l> &'l C: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.into_iter().map(|element| (element, ())))
    }
}

/// Returns whether the type's name contains a function or a pointer type, which are `Hash` by their addresses. Inside a
/// named type they are not seen.
fn holds_address<T: ?Sized>() -> bool {
    let ty = std::any::type_name::<T>();
    ["fn(", "*const ", "*mut "].iter().any(|part| ty.contains(part))
}

fn add_path(path: &Path, sum: &mut Checksum) {
    sum.write(path.as_os_str().as_encoded_bytes());
}

#[diagnostic::do_not_recommend]
impl Compared<DirEntry> for ByPath {
    fn add(entry: &DirEntry, sum: &mut Checksum) -> Option<()> {
        add_path(&entry.path(), sum);
        Some(())
    }
}

#[cfg(feature = "walkdir")]
#[diagnostic::do_not_recommend]
impl Compared<walkdir::DirEntry> for ByPath {
    fn add(entry: &walkdir::DirEntry, sum: &mut Checksum) -> Option<()> {
        add_path(entry.path(), sum);
        Some(())
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized> Compared<T> for ByPosition {
    const BY_POSITION: bool = true;

    fn add(_: &T, _: &mut Checksum) -> Option<()> {
        Some(())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Deref<Target: Sized> + ?Sized, F: Compared<T::Target>> Compared<T> for Held<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &T, sum: &mut Checksum) -> Option<()> {
        F::add(value, sum)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, F: Compared<T>> Compared<Result<T, E>> for Success<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &Result<T, E>, sum: &mut Checksum) -> Option<()> {
        F::add(value.as_ref().ok()?, sum)
    }
}

#[diagnostic::do_not_recommend]
impl<T, F: Compared<T>> Compared<[T]> for Elements<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &[T], sum: &mut Checksum) -> Option<()> {
        sum.serialized(&value.len())?;
        value.iter().take_while(|_| !F::BY_POSITION).try_for_each(|element| F::add(element, sum))
    }
}

#[diagnostic::do_not_recommend]
impl<T, F: Compared<T>> Compared<Vec<T>> for Elements<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &Vec<T>, sum: &mut Checksum) -> Option<()> {
        <Self as Compared<[T]>>::add(value, sum)
    }
}

#[diagnostic::do_not_recommend]
impl<T, const LENGTH: usize, F: Compared<T>> Compared<[T; LENGTH]> for Elements<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &[T; LENGTH], sum: &mut Checksum) -> Option<()> {
        <Self as Compared<[T]>>::add(value, sum)
    }
}

#[diagnostic::do_not_recommend]
impl<T, F: Compared<T>> Compared<Option<T>> for Elements<F> {
    const BY_POSITION: bool = F::BY_POSITION;

    fn add(value: &Option<T>, sum: &mut Checksum) -> Option<()> {
        <Self as Compared<[T]>>::add(value.as_slice(), sum)
    }
}

macro_rules! tuples {
    ($($part:ident $form:ident $at:tt)*) => {
        #[diagnostic::do_not_recommend]
        impl<$($part, $form: Compared<$part>),*> Compared<($($part,)*)> for Parts<($($form,)*)> {
            const BY_POSITION: bool = $($form::BY_POSITION)&&*;

            fn add(value: &($($part,)*), sum: &mut Checksum) -> Option<()> {
                $($form::add(&value.$at, sum)?;)*
                Some(())
            }
        }
    };
}

tuples! { A FA 0 }
tuples! { A FA 0 B FB 1 }
tuples! { A FA 0 B FB 1 C FC 2 }
tuples! { A FA 0 B FB 1 C FC 2 D FD 3 }
tuples! { A FA 0 B FB 1 C FC 2 D FD 3 E FE 4 }
tuples! { A FA 0 B FB 1 C FC 2 D FD 3 E FE 4 F FF 5 }
