//! Compiles many functions at once, with the crates that Cargo has built.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::make::Function;

/// The crates that the program names.
const CRATES: [&str; 5] =
    ["safe_state", "safe_state_generated", "safe_state_unchanged", "serde", "serde_json"];

/// The variable that makes the macro prove all loops, also loops of which it knows that they need no proof.
const PROVE_ALL: &str = "SAFE_STATE_PROVE_ALL";

/// Functions in a folder of their own.
pub(crate) struct Batch<'a> {
    functions: &'a [Function],
    dir: TempDir,
    /// The functions that the compiler refuses, by name, with the error.
    pub(crate) refused: BTreeMap<String, String>,
    proves_all: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(functions: &'a [Function]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for it in functions {
            fs::write(dir.path().join(format!("{}.rs", it.name)), &it.text).unwrap();
        }
        Batch { functions, dir, refused: BTreeMap::new(), proves_all: false }
    }

    /// Makes the macro prove all loops.
    pub(crate) fn proving_all(self) -> Self {
        Batch { proves_all: true, ..self }
    }

    /// Checks that all functions compile without the attribute.
    pub(crate) fn check_plain(&self) {
        fs::write(self.path("main.rs"), "mod without;\nfn main() {}\n").unwrap();
        self.write_module("without", &BTreeSet::new());
        let found = self.compile("metadata");
        let errors = found.err().unwrap_or_default();
        assert!(errors.is_empty(), "without the attribute: {errors:#?}");
    }

    /// Finds the functions that the compiler refuses.
    pub(crate) fn check(&mut self) {
        fs::write(self.path("main.rs"), "mod with;\nfn main() {}\n").unwrap();
        self.sort_out("metadata");
    }

    /// Compiles the functions that are not refused. Returns the path of the program.
    pub(crate) fn program(&mut self) -> PathBuf {
        self.write_main();
        self.sort_out("link");
        self.path("program")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Compiles until nothing is refused any more, because an error hides those of later passes.
    fn sort_out(&mut self, emit: &str) {
        loop {
            self.write_module("with", &self.refused.keys().cloned().collect());
            let Err(found) = self.compile(emit) else { return };
            self.refused.extend(found);
            if emit == "link" {
                self.write_main();
            }
        }
    }

    fn compile(&self, emit: &str) -> Result<(), BTreeMap<String, String>> {
        let output = self.path(if emit == "link" { "program" } else { "program.rmeta" });
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-name=generated", "--crate-type=bin", "--edition=2024"]);
        rustc.args(["--error-format=json", "-Cdebuginfo=0"]).args(built());
        rustc.arg(format!("--emit={emit}")).arg("-o").arg(output).arg(self.path("main.rs"));
        if self.proves_all {
            rustc.env(PROVE_ALL, "1");
        }
        let done = rustc.output().expect("rustc runs");
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr);
        let found: BTreeMap<String, String> = said.lines().filter_map(error).collect();
        assert!(!found.is_empty(), "the program does not compile: {said}");
        Err(found)
    }

    fn write_module(&self, module: &str, left_out: &BTreeSet<String>) {
        let mut text = String::new();
        let uses = match module {
            "with" => "pub(crate) use safe_state::{ahead, checkpoint, cursor, resumable, step};",
            _ => {
                "#[allow(unused)]\npub(crate) use safe_state_unchanged::resumable;\n\
                 macro_rules! step { ($name:literal, $value:expr) => { $value }; }\n\
                 macro_rules! cursor { () => { None }; }\n\
                 macro_rules! ahead { ($value:expr) => { $value }; }\n\
                 macro_rules! checkpoint { () => {}; }\n\
                 #[allow(unused)]\npub(crate) use {ahead, checkpoint, cursor, step};"
            }
        };
        writeln!(text, "#![allow(unused)]\n{uses}").unwrap();
        for it in self.functions.iter().filter(|it| !left_out.contains(&it.name)) {
            writeln!(text, "#[path = \"{0}.rs\"]\npub(crate) mod {0};", it.name).unwrap();
        }
        fs::write(self.path(&format!("{module}.rs")), text).unwrap();
    }

    fn write_main(&self) {
        let mut text = String::from(
            "mod with;\nmod without;\nfn main() {\n    safe_state_generated::main(&[\n",
        );
        for it in self.functions.iter().filter(|it| !self.refused.contains_key(&it.name)) {
            let Function { name, has_policy, save_every, repeats, is_unordered, .. } = it;
            let peek =
                if it.peeks { format!("Some(with::{name}::peek)") } else { "None".to_owned() };
            writeln!(
                text,
                "        safe_state_generated::Case {{ name: \"{name}\", plain: without::{name}::run, \
                 with: with::{name}::run, peek: {peek}, has_policy: {has_policy}, \
                 save_every: {save_every}, repeats: {repeats:?}, is_unordered: {is_unordered} }},"
            )
            .unwrap();
        }
        text.push_str("    ]);\n}\n");
        fs::write(self.path("main.rs"), text).unwrap();
        self.write_module("without", &self.refused.keys().cloned().collect());
    }
}

/// Returns the name of the function that an error is in, and the text of the error.
fn error(json: &str) -> Option<(String, String)> {
    let message: Value = serde_json::from_str(json).ok()?;
    if !message["level"].as_str()?.starts_with("error") {
        return None;
    }
    let text = message["rendered"].as_str()?.to_owned();
    let spans = message["spans"].as_array()?.iter();
    let notes =
        message["children"].as_array()?.iter().filter_map(|it| it["spans"].as_array()).flatten();
    let file = spans.chain(notes).filter_map(file_of).find(|name| name.starts_with('f'));
    Some((file?, text))
}

/// Returns the name of the file with the code of a span, or with the macro call that the code comes from.
fn file_of(span: &Value) -> Option<String> {
    let is_ours = |span: &Value| {
        let stem = Path::new(span["file_name"].as_str()?).file_stem()?.to_str()?.to_owned();
        stem[1..].parse::<u32>().ok().map(|_| stem)
    };
    is_ours(span).or_else(|| file_of(span.get("expansion")?.get("span")?))
}

/// Returns the arguments that lead the compiler to the crates that the program is linked with.
fn built() -> &'static [String] {
    static BUILT: OnceLock<Vec<String>> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--lib",
            "--locked",
            "--offline",
            "--message-format=json",
            // It is quicker to run the functions slowly than to optimise for them.
            "--config=profile.dev.package.safe-state-backends.opt-level=0",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("Cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let messages: Vec<Value> =
        messages.filter_map(|json| serde_json::from_slice(json).ok()).collect();
    let mut arguments = Vec::new();
    let mut folders = BTreeSet::new();
    for it in messages.iter().filter(|it| it["reason"] == "compiler-artifact") {
        let name = it["target"]["name"].as_str().unwrap_or_default().replace('-', "_");
        let files = it["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_library = |file: &&str| {
            Path::new(file).extension().is_some_and(|kind| kind == "rlib" || kind == "so")
        };
        for file in files.filter(is_library) {
            folders.insert(Path::new(file).parent().unwrap().to_owned());
            if CRATES.contains(&name.as_str()) {
                arguments.extend(["--extern".to_owned(), format!("{name}={file}")]);
            }
        }
    }
    // The libraries depend on crates in the folder `deps` below the profile's folder.
    let below: Vec<PathBuf> = folders.iter().map(|folder| folder.join("deps")).collect();
    for folder in folders.iter().chain(below.iter().filter(|it| it.is_dir())) {
        arguments.push(format!("-Ldependency={}", folder.display()));
    }
    arguments
}
