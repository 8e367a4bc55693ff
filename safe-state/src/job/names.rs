//! The default names of jobs, and what tells the instances of generic functions apart.

use crate::items::fingerprint;

/// Returns the job's name, given as any kind of text.
pub fn name(name: &(impl AsRef<str> + ?Sized)) -> String {
    name.as_ref().to_owned()
}

/// Returns the default name of a function: the path of its surroundings, taken from its companion's type, and its own
/// name.
pub fn function_name<Companion>(function: &str) -> String {
    let path = std::any::type_name::<Companion>();
    // A companion that does not depend on the arguments is our type, with a type of the user's place as its parameter.
    let path = path.split_once("Companion<").map_or(path, |(_, of)| of);
    let around = path.rsplit_once("::").map_or("", |(around, _)| around);
    format!("{}::{function}", around.replace("::{{closure}}", ""))
}

/// Returns a fingerprint of the type `T`, which tells instances of a generic function apart.
pub fn type_fingerprint<T: ?Sized>() -> Option<u32> {
    fingerprint::serialized(&std::any::type_name::<T>())
}

/// Returns a fingerprint of the type `T` of `self`, which tells methods of its instances apart; none if `T` has no
/// parameters.
pub fn self_fingerprint<T: ?Sized>() -> Option<u32> {
    std::any::type_name::<T>().contains('<').then(type_fingerprint::<T>).flatten()
}

/// Returns the path of a method: that of its type, without the type's parameters, and its own name.
pub fn method_path<T: ?Sized>(method: &str) -> String {
    let path = std::any::type_name::<T>();
    let path = path.split_once('<').map_or(path, |(path, _)| path);
    format!("{path}::{method}")
}

/// Returns the default name of a method: its type's path, and its own name.
pub fn method_name<T: ?Sized>(method: &str) -> String {
    format!("{}::{method}", std::any::type_name::<T>())
}
