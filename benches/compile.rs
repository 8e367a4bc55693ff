//! Measures what the attribute costs to compile, over the same crate without it, and what `safe-state` costs as a
//! dependency.

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
        let short = Pair::create(scratch.path(), "short", short);
        let targets = [("check", Target::AtMost(1.6)), ("build", Target::None)];
        for (command, target) in targets {
            short.cold(table, command, target);
            let warm =
                compare(ROUNDS, || short.annotated.edited(command), || short.bare.edited(command));
            rows(table, &format!("{command}, one line changed"), &warm, Target::None);
        }
        let added = |size: fn(&str) -> usize| {
            (count(size(&short.annotated.expanded())) - count(size(&short.bare.expanded())))
                / f64::from(FUNCTIONS)
        };
        let lines = added(|code| code.lines().count());
        table.once("generated for a function", "lines", lines, Target::AtMost(60.0));
        table.once("  in all", "bytes", added(str::len), Target::None);

        let dependent = Crate::create(scratch.path(), "dependent", "");
        table.once("packages behind `safe-state`", "", count(dependent.packages()), Target::None);
        let clean = (0..3).map(|_| dependent.from_nothing().as_secs_f64());
        table.row("  their debug build, from nothing", "s", Spread::of(clean), Target::None);
    });
    bench("The same of 15 statements and two carried variables", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let copied = Pair::create(scratch.path(), "copied", |annotated| long(annotated, LOCAL));
        copied.cold(table, "check", Target::AtMost(3.0));
        // A variable from before the loop that the body only reads has to be proven, unless its type says so.
        let told = Pair::create(scratch.path(), "told", |annotated| long(annotated, ARGUMENT));
        told.annotated.cargo(&["check"]);
        let copy =
            compare(ROUNDS, || copied.annotated.cold("check"), || told.annotated.cold("check"));
        rows(table, "  the copy of the body alone", &copy, Target::None);
    });
}

/// A crate of annotated functions, and the same without the attribute.
struct Pair {
    annotated: Crate,
    bare: Crate,
}

impl Pair {
    fn create(scratch: &Path, name: &str, source: impl Fn(bool) -> String) -> Pair {
        let annotated = Crate::create(scratch, &format!("{name}-annotated"), &source(true));
        Pair { annotated, bare: Crate::create(scratch, &format!("{name}-bare"), &source(false)) }
    }

    fn cold(&self, table: &Table, command: &str, target: Target) {
        self.annotated.cargo(&[command]);
        self.bare.cargo(&[command]);
        let cold = compare(ROUNDS, || self.annotated.cold(command), || self.bare.cold(command));
        rows(table, &format!("{command}, cold"), &cold, target);
    }
}

fn rows(table: &Table, what: &str, compared: &Compared, target: Target) {
    table.row(what, "x", compared.ratio(), target);
    table.row("  a function more", "ms", compared.extra(MILLIS_EACH), Target::None);
}

/// A crate made for the bench.
struct Crate {
    dir: PathBuf,
    name: String,
}

impl Crate {
    fn create(scratch: &Path, name: &str, source: &str) -> Crate {
        let dir = scratch.join(name);
        fs::create_dir_all(dir.join("src")).expect("a directory");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n\
             safe-state = {{ path = \"{WORKSPACE}/safe-state\" }}\n[workspace]\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
        // The dependencies have the versions that everything else here is measured with.
        fs::copy(format!("{WORKSPACE}/Cargo.lock"), dir.join("Cargo.lock")).expect("a lock file");
        fs::write(dir.join("src/lib.rs"), source).expect("a source");
        Crate { dir, name: name.to_owned() }
    }

    /// Returns the time to compile this crate after its dependencies are compiled.
    fn cold(&self, command: &str) -> Duration {
        self.cargo(&["clean", "--package", &self.name]);
        time(|| _ = self.cargo(&[command]))
    }

    /// Returns the time to compile this crate again after one function has changed.
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

    /// Returns the number of packages that are compiled before this crate.
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
            // `-Zunpretty=expanded` is unstable; the variable makes a stable compiler accept it.
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Returns the source of functions with one statement in the loop.
fn short(annotated: bool) -> String {
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

/// The source of the value that the body only reads: the text of an argument, and the text of a `let`. One of them is
/// empty.
type Read = (&'static str, &'static str);

const LOCAL: Read = ("", "let least = lines.len() as u64;");
const ARGUMENT: Read = (", least: u64", "");

/// Returns the source of functions with 15 statements, which change two variables from before the loop and read
/// another.
fn long(annotated: bool, (argument, local): Read) -> String {
    let mut source = "use std::collections::BTreeMap;\n".to_owned();
    for number in 0..FUNCTIONS {
        if annotated {
            source.push_str("#[safe_state::resumable(carry(total, seen))]\n");
        }
        let function = format!(
            "pub fn job_{number}(lines: &[String]{argument}) -> Result<(u64, usize), Box<dyn std::error::Error>> {{
                let mut total = 0;
                let mut seen: BTreeMap<String, u64> = BTreeMap::new();
                {local}
                for line in lines {{
                    let line = line.trim();
                    if line.is_empty() {{
                        continue;
                    }}
                    let mut fields = line.split(',');
                    let name = fields.next().ok_or(\"no name\")?;
                    let amount = fields.next().ok_or(\"no amount\")?;
                    let amount: u64 = amount.trim().parse()?;
                    let factor: u64 = fields.next().map_or(Ok({number}), |factor| factor.trim().parse())?;
                    let value = amount.checked_mul(factor).ok_or(\"too large\")?.max(least);
                    let entry = seen.entry(name.to_owned()).or_default();
                    *entry += value;
                    total += value;
                    let text = format!(\"{{name}}: {{value}} of {{total}}\\n\");
                    let path = std::path::Path::new(\"out\").join(name);
                    std::fs::create_dir_all(\"out\")?;
                    std::fs::write(&path, text)?;
                    println!(\"{{}}\", path.display());
                }}
                Ok((total, seen.len()))
            }}\n"
        );
        source.write_str(&function).expect("a string takes all");
    }
    source
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a small number"))
}
