//! Runs the guide's code on output that is written when an item ends.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use safe_state::resumable;
use serde::Serialize;

use super::world::{World, act};

#[derive(Serialize)]
struct Order {
    id: u64,
    amount: u64,
}

impl Order {
    fn all() -> Vec<Order> {
        (1..=4).map(|id| Order { id, amount: 10 * id }).collect()
    }
}

#[resumable(name = "export", reconnect(out))]
fn export(orders: &[Order], to: &Path) -> anyhow::Result<()> {
    let mut out = {
        let mut out = BufWriter::new(File::create(to)?);
        writeln!(out, "id,amount")?;
        out
    };
    for order in orders {
        let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(&mut out);
        csv.serialize(order)?;
        csv.flush()?;
    }
    out.flush()?;
    Ok(())
}

#[test]
fn a_csv_file_goes_on() {
    let _world = World::begin();
    let to = Path::new("out.csv");
    export(&Order::all(), to).unwrap();
    assert_eq!(fs::read_to_string(to).unwrap(), "id,amount\n1,10\n2,20\n3,30\n4,40\n");
}

#[resumable(name = "compress", reconnect(out))]
fn compress(lines: &[String], to: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(to)?);
    for batch in lines.chunks(1000) {
        let mut member = GzEncoder::new(&mut out, Compression::default());
        for line in batch {
            writeln!(member, "{line}")?;
        }
        member.finish()?;
    }
    out.flush()?;
    Ok(())
}

/// Compresses lines like `compress`, and can fail in the middle of a batch.
#[resumable(name = "frames", reconnect(out))]
fn frames(lines: &[String], to: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(to)?);
    for batch in lines.chunks(3) {
        let mut frame = zstd::Encoder::new(&mut out, 0)?;
        for line in batch {
            act(line)?;
            writeln!(frame, "{line}")?;
        }
        frame.finish()?;
    }
    out.flush()?;
    Ok(())
}

#[test]
fn compressed_files_go_on() {
    let world = World::begin();
    let lines: Vec<String> = (0..10).map(|line| format!("line {line}")).collect();
    let whole: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();

    compress(&lines, Path::new("out.gz")).unwrap();
    let mut read = String::new();
    MultiGzDecoder::new(File::open("out.gz").unwrap()).read_to_string(&mut read).unwrap();
    assert_eq!(read, whole);

    for failing in ["line 4", "line 9"] {
        world.fails(failing);
        frames(&lines, Path::new("out.zst")).unwrap_err();
    }
    frames(&lines, Path::new("out.zst")).unwrap();
    let read = zstd::decode_all(File::open("out.zst").unwrap()).unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), whole);
}
