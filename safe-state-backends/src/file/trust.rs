//! Directories that the environment declares trusted, whoever owns them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

const VARIABLE: &str = "SAFE_STATE_TRUST";

/// Returns whether the environment names the directory, by any path that leads to it.
pub(super) fn is_named(dir: &Path) -> bool {
    std::env::var_os(VARIABLE).is_some_and(|list| is_among(dir, &list))
}

fn is_among(dir: &Path, list: &OsStr) -> bool {
    let Ok(dir) = fs::canonicalize(dir) else { return false };
    let mut listed = std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty());
    listed.any(|path| fs::canonicalize(path).is_ok_and(|path| path == dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_known_by_any_path() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("state");
        fs::create_dir(&below).unwrap();
        let list = |paths: &[&Path]| std::env::join_paths(paths).unwrap();
        let round = below.join("../state");
        assert!(is_among(&below, &list(&[Path::new("/none"), &round])));
        assert!(!is_among(&below, &list(&[dir.path()])), "what is above it is another");
        assert!(!is_among(&below, OsStr::new("")));
    }
}
