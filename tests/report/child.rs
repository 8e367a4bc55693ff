//! Runs a program whose job fails. The first argument is the folder of its checkpoints, and the second names the way to
//! fail.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use safe_state::report::{self, Report, Settings};
use safe_state::{Results, resumable};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Receipt {
    order: u64,
    tags: Vec<String>,
}

struct Account {
    host: String,
    token: String,
}

impl Serialize for Account {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut account = serializer.serialize_struct("Account", 2)?;
        account.serialize_field("host", &self.host)?;
        account.serialize_field("token", &self.token)?;
        account.end()
    }
}

#[resumable(name = "billing", state_dir = dir, capture_args, carry(receipts), capture(half = order / 2))]
fn bill(dir: &Path, orders: &[u64], account: &Account) -> anyhow::Result<usize> {
    let mut receipts = Results::new();
    for order in orders {
        eprintln!("order {order}");
        receipts.push(send(*order, account).with_context(|| format!("cannot bill order {order}"))?);
    }
    Ok(receipts.len())
}

fn send(order: u64, account: &Account) -> io::Result<Receipt> {
    let fails = std::env::var_os("HEALED").is_none();
    if order == 30 && fails {
        return Err(io::Error::new(
            ErrorKind::ConnectionReset,
            format!("{} is gone", account.host),
        ));
    }
    Ok(Receipt { order, tags: vec!["paid".to_owned()] })
}

#[resumable(name = "panics", state_dir = dir)]
fn panic(dir: &Path, orders: &[u64]) {
    for order in orders {
        assert!(*order != 20, "order {order} is odd");
    }
}

#[resumable(name = "secrets", state_dir = dir, capture_args, capture(headers = &headers), verbose)]
fn secrets(
    dir: &Path,
    orders: &[u64],
    url: &str,
    conn: &Connection,
    headers: &[(&str, &str)],
) -> anyhow::Result<()> {
    for order in orders {
        let _ = (url, conn, headers);
        refused(*order).with_context(|| format!("cannot connect to {url}"))?;
    }
    Ok(())
}

/// A connection whose secrets are shown only by `Debug`.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
struct Connection {
    host: String,
    pw: String,
    auth: Option<String>,
}

fn refused(order: u64) -> io::Result<()> {
    Err(io::Error::other(format!(
        "order {order}: `host=h user=me password='{}'` is refused",
        "hunter2"
    )))
}

fn connect(dir: &Path, orders: &[u64]) {
    // The report would otherwise show this source, with the password.
    Settings::default().include_source(false).set();
    let conn = Connection {
        host: "db".to_owned(),
        pw: "hunter2".to_owned(),
        auth: Some("hunter2".to_owned()),
    };
    let headers = [("Authorization", "Bearer hunter2"), ("Accept", "text")];
    let _ = secrets(dir, orders, "postgres://me:hunter2@db/jobs?password=hunter2", &conn, &headers);
}

/// A value whose formatting tries to harm a report.
struct Hostile(&'static str);

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "endless" => loop {
                f.write_str("and so on, ")?;
            },
            "panics" => panic!("in Debug"),
            _ => f.write_str("fine"),
        }
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "gigabyte" => f.write_str(&"x".repeat(1 << 30)),
            "markup" => f.write_str("<script>document.title = 'run'</script>\u{1b}[2J\u{202e}"),
            _ => f.write_str("hostile"),
        }
    }
}

impl std::error::Error for Hostile {}

#[resumable(name = "hostile", state_dir = dir, capture_args, fresh(how))]
fn hostile(dir: &Path, orders: &[u64], how: &'static str, path: PathBuf) -> Result<(), Hostile> {
    let shown = Hostile(how);
    for _ in orders {
        let _ = (&shown, &path);
        refuse(how)?;
    }
    Ok(())
}

fn refuse(how: &'static str) -> Result<(), Hostile> {
    Err(Hostile(how))
}

fn odd_path() -> PathBuf {
    let bytes = b"/tmp/\xff\x1b[31m".to_vec();
    <OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into()
}

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (dir, how) = (arguments.next().expect("a directory"), arguments.next().expect("a way"));
    report::install_panic_hook();
    let token = std::env::args().nth(4).expect("a password");
    let account = Account { host: "mail-1".to_owned(), token };
    let orders = [10, 20, 30, 40];
    let how: &'static str = how.to_string_lossy().into_owned().leak();
    match how {
        "error" => drop(bill(&dir, &orders, &account).map_err(|error| eprintln!("{error:#}"))),
        "plain" => {
            Settings::default().include_source(false).depth(0).set();
            drop(bill(&dir, &orders, &account));
        }
        "secrets" => connect(&dir, &orders),
        "panic" => drop(catch_unwind(AssertUnwindSafe(|| panic(&dir, &orders)))),
        _ => drop(hostile(&dir, &orders, how, odd_path())),
    }
    let job = match how {
        "error" | "plain" => "billing",
        "panic" => "panics",
        "secrets" => "secrets",
        _ => "hostile",
    };
    let checkpoint = safe_state::Job::new(job).state_dir(&dir).peek_checkpoint();
    if let Some(report) = checkpoint.expect("a checkpoint").as_ref().and_then(Report::of) {
        report.save(dir.join("saved.report")).expect("a report");
    }
}
