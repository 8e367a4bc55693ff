//! What is refused, and with which words: one error for each mistake, at the token to change, and
//! the function is there all the same for what calls it.
//!
//! The expected output is this compiler's. After a change, look at what it is now with
//! `TRYBUILD=overwrite cargo test -p safe-state-ui`, and at the difference in git.

mod elsewhere;

use std::env;
use std::process::Command;

/// Other compilers word and place their own part of the messages otherwise.
const COMPILER: &str = "rustc 1.95.0";

/// Where other cases are than those beside this file.
const CASES: &str = "SAFE_STATE_UI_CASES";

#[test]
fn each_mistake_is_one_error_where_it_is() {
    let compiler = Command::new("rustc").arg("--version").output().unwrap().stdout;
    if let Ok(cases) = env::var(CASES) {
        trybuild::TestCases::new().compile_fail(format!("{cases}/*/*.rs"));
    } else if compiler.starts_with(COMPILER.as_bytes()) {
        trybuild::TestCases::new().compile_fail("*/*.rs");
    } else {
        elsewhere::each_mistake_is_an_error();
    }
}
