//! Runs the guide's code on files and connections that are opened again.

use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use postgres::{Client, NoTls};
use safe_state::resumable;
use safe_state_tests::servers::postgres_url;

use super::world::{World, act, in_a_process};

type Row = u64;

fn render(row: &Row) -> anyhow::Result<String> {
    act(row)?;
    Ok(format!("{row},{}", 10 * row))
}

#[resumable(name = "convert", reconnect(out))]
fn convert(rows: &[Row], to: &Path) -> anyhow::Result<()> {
    let mut out = {
        // does not run when resumed
        let mut out = BufWriter::new(File::create(to)?);
        writeln!(out, "name,amount")?;
        out
    };
    for row in rows {
        writeln!(out, "{}", render(row)?)?;
    }
    out.flush()?;
    Ok(())
}

const WHOLE: &str = "name,amount\n1,10\n2,20\n3,30\n";

#[test]
fn the_file_holds_the_output_of_each_item_once() {
    let world = World::begin();
    let to = Path::new("out.csv");
    world.fails("3");
    convert(&[1, 2, 3], to).unwrap_err();
    File::options().append(true).open(to).unwrap().write_all(b"of an item that died").unwrap();
    convert(&[1, 2, 3], to).unwrap();
    assert_eq!(fs::read_to_string(to).unwrap(), WHOLE);
    assert_eq!(world.done(), ["1", "2", "3"]);
}

fn register() {
    use postgres::{Client, NoTls};
    use safe_state::reconnect::register_opener;

    register_opener::<Client>(|_| Ok(Client::connect(&env::var("DATABASE_URL")?, NoTls)?));
}

#[resumable(name = "number", reconnect(client))]
fn number(rows: &[i32]) -> anyhow::Result<i32> {
    let mut client = Client::connect(&env::var("DATABASE_URL")?, NoTls)?;
    for row in rows {
        act(row)?;
        client.query_one("SELECT $1::int", &[row])?;
    }
    Ok(client.query_one("SELECT 7", &[])?.get(0))
}

#[test]
fn a_client_is_opened_by_what_was_registered() {
    let test = "files::a_client_is_opened_by_what_was_registered";
    let output = in_a_process(test, &[("DATABASE_URL", &postgres_url())], |world| {
        println!("{:#}", number(&[1, 2]).unwrap_err());
        assert!(world.done().is_empty(), "an item was done");
        register();
        world.fails("2");
        println!("{}", number(&[1, 2]).unwrap_err());
        println!("{}", number(&[1, 2]).unwrap());
    });
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("register_opener") && said.ends_with("\n2: connection reset\n7\n"),
        "{said}"
    );
}
