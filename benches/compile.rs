//! What the attribute costs to compile, over the same crate without it, and what `safe-state`
//! costs as a dependency.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use safe_state_benches::{Compared, Scratch, Spread, Table, Target, bench, compare, time};

const FUNCTIONS: u8 = 20;
const MILLIS_EACH: f64 = 1e3 / FUNCTIONS as f64;
const ROUNDS: usize = 7;
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() {
    bench(&format!("Compiling {FUNCTIONS} annotated functions, over the same bare"), |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let annotated = Crate::create(scratch.path(), "annotated", &source(true));
        let bare = Crate::create(scratch.path(), "bare", &source(false));
        for command in ["check", "build"] {
            annotated.cargo(&[command]);
            bare.cargo(&[command]);
            let cold = compare(ROUNDS, || annotated.cold(command), || bare.cold(command));
            rows(table, &format!("{command}, cold"), &cold);
            let warm = compare(ROUNDS, || annotated.edited(command), || bare.edited(command));
            rows(table, &format!("{command}, one line changed"), &warm);
        }
        let added = |size: fn(&str) -> usize| {
            (count(size(&annotated.expanded())) - count(size(&bare.expanded())))
                / f64::from(FUNCTIONS)
        };
        table.once(
            "generated for a function",
            "lines",
            added(|code| code.lines().count()),
            Target::None,
        );
        table.once("  in all", "bytes", added(str::len), Target::None);

        let dependent = Crate::create(scratch.path(), "dependent", "");
        table.once("packages behind `safe-state`", "", count(dependent.packages()), Target::None);
        let clean = (0..3).map(|_| dependent.from_nothing().as_secs_f64());
        table.row("  their debug build, from nothing", "s", Spread::of(clean), Target::None);
    });
}

fn rows(table: &Table, what: &str, compared: &Compared) {
    table.row(what, "x", compared.ratio(), Target::None);
    table.row("  a function more", "ms", compared.extra(MILLIS_EACH), Target::None);
}

/// A crate made for the bench.
struct Crate {
    dir: PathBuf,
    name: &'static str,
}

impl Crate {
    fn create(scratch: &Path, name: &'static str, source: &str) -> Crate {
        let dir = scratch.join(name);
        fs::create_dir_all(dir.join("src")).expect("a directory");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n\
             safe-state = {{ path = \"{WORKSPACE}/safe-state\" }}\n[workspace]\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
        // The versions that everything else here is measured with.
        fs::copy(format!("{WORKSPACE}/Cargo.lock"), dir.join("Cargo.lock")).expect("a lock file");
        fs::write(dir.join("src/lib.rs"), source).expect("a source");
        Crate { dir, name }
    }

    /// The time to compile this crate when its dependencies are.
    fn cold(&self, command: &str) -> Duration {
        self.cargo(&["clean", "--package", self.name]);
        time(|| _ = self.cargo(&[command]))
    }

    /// The time to compile it when one function has changed.
    fn edited(&self, command: &str) -> Duration {
        let file = self.dir.join("src/lib.rs");
        let source = fs::read_to_string(&file).expect("the source");
        fs::write(&file, source.replace("item > 0", "item > 0 + 0")).expect("a source");
        time(|| _ = self.cargo(&[command]))
    }

    fn from_nothing(&self) -> Duration {
        self.cargo(&["clean"]);
        time(|| _ = self.cargo(&["build"]))
    }

    fn expanded(&self) -> String {
        self.cargo(&["rustc", "--lib", "--", "-Zunpretty=expanded"])
    }

    /// How many packages are compiled before this one.
    fn packages(&self) -> usize {
        let tree = self.cargo(&["tree", "--edges", "normal,build", "--prefix", "none"]);
        let names = tree.lines().map(|line| line.trim_end_matches(" (*)"));
        names.collect::<BTreeSet<_>>().len() - 1
    }

    fn cargo(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO"))
            .args(["--quiet", "--offline"])
            .args(arguments)
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.dir.join("target"))
            // For the expanded source, which a stable compiler else keeps to itself.
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn source(annotated: bool) -> String {
    let mut source = String::new();
    for number in 0..FUNCTIONS {
        if annotated {
            source.push_str("#[safe_state::resumable]\n");
        }
        let function = format!(
            "pub fn job_{number}(items: &[u64]) -> std::io::Result<()> {{
                for item in items {{
                    if *item > {number} {{
                        std::fs::write(item.to_string(), format!(\"{{item}}\\n\"))?;
                    }}
                }}
                Ok(())
            }}\n"
        );
        source.write_str(&function).expect("a string takes all");
    }
    source
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a small number"))
}
