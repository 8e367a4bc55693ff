//! Writes the SHA-256 of every file below a directory, as `sha256sum` does, and can be killed at any instant: run
//! again, it goes on with the file it was at, and the manifest comes out the same.
//!
//! ```text
//! cargo run --example manifest -- DIR                    # writes MANIFEST.sha256
//! cargo run --example manifest -- DIR --crash-at 100     # dies at file 100
//! cargo run --example manifest -- DIR                    # goes on there
//! sha256sum --check MANIFEST.sha256
//! ```
//!
//! Files are known by their paths, so files that come and go between two runs do not matter. Their digests are carried,
//! and the output is put together after the loop.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use safe_state::{Results, resumable};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

type Hash = [u8; 32];

/// Writes the SHA-256 of every file below a directory.
#[derive(Parser)]
struct Options {
    /// The directory whose files to list.
    dir: PathBuf,
    /// The file to write the manifest to.
    #[arg(long, default_value = "MANIFEST.sha256")]
    out: PathBuf,
    /// Forget what an interrupted run has done.
    #[arg(long)]
    start_over: bool,
    /// Abort the process at this file, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut work = options.out.clone().into_os_string();
    work.push(".work");
    let work = PathBuf::from(work);
    let files = files_below(&options.dir, &[&options.out, &work])?;
    if options.start_over {
        write_manifest::clear_checkpoint(&work)?;
    } else if let Some(checkpoint) = write_manifest::peek_checkpoint(&work)? {
        println!("going on after {}", checkpoint.progress());
    }
    write_manifest(&files, &work, &options.out, options.crash_at)?;
    // Removing the directory fails if another run has begun, which needs it.
    let _ = fs::remove_dir(&work);
    println!("{} files in {}", files.len(), options.out.display());
    Ok(())
}

/// Hashes the files and writes the manifest. A save survives the death of the process; after a power cut, some files
/// may be hashed again.
#[resumable(
    name = "manifest",
    state_dir = work,
    durability = "process",
    key = |(_, file)| file.as_os_str(),
    carry(digests), fresh(crash_at))]
fn write_manifest(
    files: &[PathBuf],
    work: &Path,
    out: &Path,
    crash_at: Option<usize>,
) -> Result<()> {
    let mut digests: Results<(OsString, Hash)> = Results::new();
    for (index, file) in files.iter().enumerate() {
        if crash_at == Some(index) {
            eprintln!("crashing at file {index}, as asked");
            std::process::abort();
        }
        let digest = sha256(file).with_context(|| format!("cannot read {}", file.display()))?;
        digests.push((file.into(), digest));
    }
    let digests: HashMap<&OsStr, &Hash> =
        digests.iter().map(|(file, digest)| (file.as_os_str(), digest)).collect();
    publish(out, &work.join("manifest"), |manifest| {
        for file in files {
            write_line(manifest, digests[file.as_os_str()], file)?;
        }
        Ok(())
    })
}

/// Returns the regular files below `dir` except `ours`, in an order that is the same in every run.
fn files_below(dir: &Path, ours: &[&Path]) -> Result<Vec<PathBuf>> {
    let ours: Vec<PathBuf> = ours.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let is_ours = |path: &Path| path.canonicalize().is_ok_and(|path| ours.contains(&path));
    let mut files = Vec::new();
    let entries = WalkDir::new(dir).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !is_ours(entry.path())) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn sha256(path: &Path) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Writes to another file first, and renames it, so that `path` is never half written.
fn publish(
    path: &Path,
    temporary: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let mut writer = BufWriter::new(File::create(temporary)?);
    write(&mut writer)?;
    writer.into_inner()?.sync_all()?;
    fs::rename(temporary, path)?;
    Ok(())
}

/// Writes a line as `sha256sum` prints it: a line break or a backslash in the name is escaped, and a backslash in front
/// of the line tells so.
fn write_line(writer: &mut impl Write, digest: &Hash, path: &Path) -> io::Result<()> {
    let name = path.as_os_str().as_bytes();
    let escaped = escape(name);
    if escaped != name {
        writer.write_all(b"\\")?;
    }
    digest.iter().try_for_each(|byte| write!(writer, "{byte:02x}"))?;
    writer.write_all(b"  ")?;
    writer.write_all(&escaped)?;
    writer.write_all(b"\n")
}

fn escape(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'\\' => escaped.extend(b"\\\\"),
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            byte => escaped.push(*byte),
        }
    }
    escaped
}
