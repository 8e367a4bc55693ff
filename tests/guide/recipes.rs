//! Runs the recipes of the guide that need no drivers.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap::Parser;
use rayon::prelude::*;
use safe_state::{Results, cursor, resumable};
use serde::Deserialize;

use super::world::{World, act};

fn enter(id: u64, email: &str) -> anyhow::Result<()> {
    act(format!("{id} {email}"))
}

#[derive(Deserialize, Hash)]
struct Row {
    id: u64,
    email: String,
}

#[resumable(name = "import")]
fn import(path: &Path) -> anyhow::Result<()> {
    for row in csv::Reader::from_path(path)?.into_deserialize::<Row>() {
        let row = row?;
        enter(row.id, &row.email)?;
    }
    Ok(())
}

const ROWS: &str = "id,email\n1,ada\n2,ben\n3,cyd\n";

#[test]
fn rows_of_csv_go_on_and_edited_ones_are_noticed() {
    let world = World::begin();
    fs::write("rows.csv", ROWS).unwrap();
    world.fails("3 cyd");
    import(Path::new("rows.csv")).unwrap_err();
    fs::write("rows.csv", ROWS.replace("ben", "dan")).unwrap();
    let error = import(Path::new("rows.csv")).unwrap_err();
    assert!(error.to_string().contains("item 1"), "{error}");
    fs::write("rows.csv", ROWS).unwrap();
    import(Path::new("rows.csv")).unwrap();
    assert_eq!(world.done(), ["1 ada", "2 ben", "3 cyd"]);
}

fn handle(line: &str) -> anyhow::Result<()> {
    act(line)
}

#[resumable(name = "lines")]
fn load(path: &Path) -> anyhow::Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        handle(&line?)?;
    }
    Ok(())
}

#[resumable(name = "large", fresh(file))]
fn load_large(path: &Path) -> anyhow::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(cursor!().unwrap_or(0)))?;
    #[resume(cursor = |(_, next)| *next)]
    while let Some((line, _)) = next_line(&mut file)? {
        handle(line.trim_end())?;
    }
    Ok(())
}

/// The next line, and the offset behind it.
fn next_line(file: &mut BufReader<File>) -> io::Result<Option<(String, u64)>> {
    let mut line = String::new();
    let length = file.read_line(&mut line)?;
    Ok(if length == 0 { None } else { Some((line, file.stream_position()?)) })
}

#[test]
fn lines_go_on_whether_they_are_read_again_or_not() {
    for load in [load, load_large] {
        let world = World::begin();
        fs::write("lines.txt", "ada\nben\ncyd\n").unwrap();
        world.fails("cyd");
        load(Path::new("lines.txt")).unwrap_err();
        load(Path::new("lines.txt")).unwrap();
        assert_eq!(world.done(), ["ada", "ben", "cyd"]);
    }
}

/// The first line is replaced by bytes that are no text, so a second run that read it again would fail.
#[test]
fn lines_by_their_offset_are_not_read_again() {
    let world = World::begin();
    fs::write("lines.txt", "ada\nben\ncyd\n").unwrap();
    world.fails("cyd");
    load_large(Path::new("lines.txt")).unwrap_err();
    fs::write("lines.txt", b"\xff\xff\xff\nben\ncyd\n").unwrap();
    load_large(Path::new("lines.txt")).unwrap();
    assert_eq!(world.done(), ["ada", "ben", "cyd"]);
}

fn size_of(path: &Path) -> anyhow::Result<u64> {
    act(path.file_name().unwrap().display())?;
    Ok(fs::metadata(path)?.len())
}

#[resumable(name = "sizes", key = |entry| entry.as_ref().ok().map(fs::DirEntry::path), carry(sizes))]
fn sizes_of(folder: &Path) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut sizes = Results::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let size = size_of(&path)?;
        sizes.push((path, size));
    }
    Ok(sizes.to_vec())
}

#[test]
fn files_of_a_directory_are_known_by_their_paths() {
    let world = World::begin();
    fs::create_dir("in").unwrap();
    let write = |name: &str| fs::write(Path::new("in").join(name), name).unwrap();
    ["a", "bb", "ccc"].into_iter().for_each(write);
    world.fails("bb");
    sizes_of(Path::new("in")).unwrap_err();
    write("dddd");
    let sizes: BTreeSet<u64> =
        sizes_of(Path::new("in")).unwrap().into_iter().map(|(_, size)| size).collect();
    assert_eq!(sizes, [1, 2, 3, 4].into());
    let mut done = world.done();
    done.sort();
    assert_eq!(done, ["a", "bb", "ccc", "dddd"]);
}

fn shrink(image: &Path) -> anyhow::Result<u64> {
    act(image.display())?;
    Ok(10)
}

#[resumable(name = "thumbnails", carry(bytes))]
fn shrink_all(images: &[PathBuf]) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for chunk in images.chunks(64) {
        let sizes: Vec<u64> =
            chunk.par_iter().map(|image| shrink(image)).collect::<anyhow::Result<_>>()?;
        bytes += sizes.iter().sum::<u64>();
    }
    Ok(bytes)
}

#[test]
fn a_chunk_is_an_item() {
    let world = World::begin();
    let images: Vec<PathBuf> = (0..130).map(|image| image.to_string().into()).collect();
    world.fails("128");
    shrink_all(&images).unwrap_err();
    assert!(world.done().len() >= 128);
    assert_eq!(shrink_all(&images).unwrap(), 1300);
    let mut done = world.done();
    done.sort();
    assert_eq!(done, ["128", "129"], "the chunk that failed, as a whole");
}

#[derive(Parser)]
struct Options {
    /// The rows to import.
    rows: PathBuf,
    /// Print how far the import has come, and do nothing else.
    #[arg(long)]
    status: bool,
    /// Forget what an interrupted run has done.
    #[arg(long)]
    start_over: bool,
}

fn run(options: &Options) -> anyhow::Result<()> {
    if options.status {
        match import::peek_checkpoint()? {
            Some(checkpoint) => println!("{checkpoint}"),
            None => println!("no import is under way"),
        }
        return Ok(());
    }
    if options.start_over {
        import::clear_checkpoint()?;
    }
    import(&options.rows)
}

#[test]
fn a_tool_tells_how_far_it_is_and_starts_over() {
    let world = World::begin();
    fs::write("rows.csv", ROWS).unwrap();
    let run = |arguments: &[&str]| {
        run(&Options::parse_from(["import", "rows.csv"].iter().chain(arguments)))
    };
    world.fails("3 cyd");
    run(&[]).unwrap_err();
    run(&["--status"]).unwrap();
    assert_eq!(world.done(), ["1 ada", "2 ben"]);
    run(&["--start-over"]).unwrap();
    assert_eq!(world.done(), ["1 ada", "2 ben", "3 cyd"]);
}

mod last_id {
    use super::{World, act, cursor, resumable};

    struct Row {
        id: i64,
    }

    struct Db {
        rows: i64,
        old_last_id: i64,
    }

    impl Db {
        fn old_last_id(&self) -> anyhow::Result<Option<i64>> {
            act("asked")?;
            Ok(Some(self.old_last_id))
        }

        fn rows_after(&self, after: Option<i64>) -> anyhow::Result<Vec<Row>> {
            Ok((1..=self.rows).filter(|id| Some(*id) > after).map(|id| Row { id }).collect())
        }
    }

    fn send(row: &Row) -> anyhow::Result<()> {
        act(row.id)
    }

    #[resumable(name = "sync", cursor = |row| row.id, keep_on_success)]
    fn sync(db: &Db) -> anyhow::Result<()> {
        let after: Option<i64> = cursor!();
        let after = after.or(db.old_last_id()?); // used until the job has a cursor of its own
        for row in db.rows_after(after)? {
            send(&row)?;
        }
        Ok(())
    }

    #[test]
    fn a_job_begins_behind_the_old_last_id_and_then_behind_its_own() {
        let world = World::begin();
        let db = |rows| Db { rows, old_last_id: 2 };
        let done = || {
            let done = world.done();
            done.into_iter().filter(|it| it != "asked").collect::<Vec<_>>()
        };
        world.fails("4");
        sync(&db(5)).unwrap_err();
        sync(&db(5)).unwrap();
        assert_eq!(done(), ["3", "4", "5"]);
        sync(&db(7)).unwrap();
        assert_eq!(done(), ["6", "7"], "the next day");
    }
}
