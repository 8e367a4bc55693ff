#!/usr/bin/env bash
# A job writes a compressed file, and an error ends it in the middle, so the writer is dropped (Rust), or its `with` is left (Python). With flate2 1.1.11, bzip2 0.6.1, liblzma 0.4.9, zip 9.8.2
# (crates.io), Python's gzip, bz2, lzma and zipfile, and pyarrow 26.0.1's ParquetWriter the half is ended as a whole one, with its checksum: `gzip -t` and every reader accept it, and who
# passes over what "is there and can be read" keeps the half. By lz4_flex 0.14.2 the last rows are gone, and its own reader does not tell. With zstd 0.14.4 the half is one that
# readers refuse, and Python's tarfile leaves it without an end. The guess would be that: each of them has a `finish` or `close` that the job did not call.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "half"
version = "0.1.0"
edition = "2021"
[dependencies]
bzip2 = "=0.6.1"
flate2 = "=1.1.11"
liblzma = "=0.4.9"
lz4_flex = "=0.14.2"
zip = { version = "=9.8.2", default-features = false, features = ["deflate"] }
zstd = "=0.14.4"
EOF
cat >src/main.rs <<'EOF'
use std::fs::File;
use std::io::{self, Read, Write};

/// Writes half of the rows, and fails.
fn write(mut out: impl Write) -> io::Result<()> {
    for row in 0..50_000_u64 {
        writeln!(out, "{}", row * row)?;
    }
    Err(io::Error::other("this row can't be computed"))
}

fn read(name: &str, from: impl Read) {
    let rows = io::read_to_string(from).map(|text| text.lines().count());
    println!("{name}: {}", rows.map_or("an error".into(), |rows| format!("{rows} rows, no error")));
}

fn main() {
    let create = |name| File::create(name).unwrap();
    let open = |name| File::open(name).unwrap();
    let _ = write(flate2::write::GzEncoder::new(create("gz"), Default::default()));
    let _ = write(bzip2::write::BzEncoder::new(create("bz2"), Default::default()));
    let _ = write(liblzma::write::XzEncoder::new(create("xz"), 1));
    let mut zip = zip::ZipWriter::new(create("zip"));
    zip.start_file("rows", zip::write::SimpleFileOptions::default()).unwrap();
    let _ = write(zip);
    let _ = write(zstd::Encoder::new(create("zst"), 1).unwrap());
    let _ = write(lz4_flex::frame::FrameEncoder::new(create("lz4")));
    read("flate2", flate2::read::GzDecoder::new(open("gz")));
    read("bzip2", bzip2::read::BzDecoder::new(open("bz2")));
    read("liblzma", liblzma::read::XzDecoder::new(open("xz")));
    read("zip", zip::ZipArchive::new(open("zip")).unwrap().by_name("rows").unwrap());
    read("zstd", zstd::Decoder::new(open("zst")).unwrap());
    read("lz4_flex", lz4_flex::frame::FrameDecoder::new(open("lz4")));
}
EOF
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >half.py <<'EOF'
import bz2, gzip, io, lzma, tarfile, zipfile
import pyarrow, pyarrow.parquet

def write(opened, put):
    try:
        with opened as out:
            for row in range(50_000):
                put(out, row)
            raise OSError("this row can't be computed")
    except OSError:
        pass

def line(out, row):
    out.write(b"%d\n" % row)

for module in [gzip, bz2, lzma]:
    write(module.open(module.__name__, "wb"), line)
    print(module.__name__, len(module.open(module.__name__).readlines()))
write(zipfile.ZipFile("zipfile", "w"), lambda out, row: row % 10_000 or out.writestr(str(row), "row"))
print("zipfile", len(zipfile.ZipFile("zipfile").namelist()))
rows = pyarrow.table({"row": [1]})
write(pyarrow.parquet.ParquetWriter("parquet", rows.schema), lambda out, row: row % 10_000 or out.write_table(rows))
print("parquet", pyarrow.parquet.read_table("parquet").num_rows)
write(tarfile.open("tarfile", "w"), lambda out, row: row % 10_000 or out.addfile(tarfile.TarInfo(str(row))))
print("tarfile, its end:", open("tarfile", "rb").read().endswith(bytes(1024)))
EOF
rust=$(cargo run --quiet)
python=$(env/bin/python half.py)
lz4=$(sed -n 's/^lz4_flex: \([0-9]*\) .*/\1/p' <<<"$rust")
printf '50000 of 100000 rows, then an error\n%s\nPython, rows or entries that are read without an error\n%s\n' "$rust" "$python"
[[ $rust == 'flate2: 50000 rows, no error
bzip2: 50000 rows, no error
liblzma: 50000 rows, no error
zip: 50000 rows, no error
zstd: an error
lz4_flex: '*' rows, no error' && $python == 'gzip 50000
bz2 50000
lzma 50000
zipfile 5
parquet 5
tarfile, its end: False' && $lz4 -lt 50000 ]]
