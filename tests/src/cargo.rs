use std::env;
use std::process::Command;

/// Returns the command `cargo`, for a build in the workspace's target directory.
///
/// Cargo tells a test the test's package by variables. The build script of `ring` is run again where one of them
/// changes, and most of what the workspace depends on would be built once more in a test, and again behind it.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let is_of_package = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
            || name == "OUT_DIR"
    };
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| is_of_package(name)) {
        cargo.env_remove(name);
    }
    cargo
}
