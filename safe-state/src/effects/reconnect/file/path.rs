//! Stores a path as its bytes, which need not be valid text. In a checkpoint they look the same as text.

use std::path::{Path, PathBuf};

use serde::{Deserializer, Serializer};

#[cfg(unix)]
pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    use std::os::unix::ffi::OsStrExt;
    serializer.serialize_bytes(path.as_os_str().as_bytes())
}

#[cfg(unix)]
pub(super) fn deserialize<'de, D: Deserializer<'de>>(bytes: D) -> Result<PathBuf, D::Error> {
    use std::os::unix::ffi::OsStringExt;
    let bytes: Vec<u8> = serde::Deserialize::deserialize(bytes)?;
    Ok(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(path, serializer)
}

#[cfg(not(unix))]
pub(super) fn deserialize<'de, D: Deserializer<'de>>(path: D) -> Result<PathBuf, D::Error> {
    serde::Deserialize::deserialize(path)
}
