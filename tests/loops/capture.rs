//! Tests the values that are recorded of the item that failed.

use std::path::Path;

use safe_state::resumable;

#[derive(Hash)]
struct Url {
    host: &'static str,
    path: String,
}

#[resumable(name = "fetch", state_dir = dir, capture(url.host, path = %url.path, attempt as usize, length = url.path.len()), fresh(attempt))]
fn fetch(dir: &Path, urls: Vec<Url>, attempt: u32) -> anyhow::Result<()> {
    for url in urls {
        let Url { path, .. } = url;
        anyhow::ensure!(path != "/bad", "no {path}");
    }
    anyhow::ensure!(attempt != 9, "after the loop");
    Ok(())
}

fn captured(dir: &Path) -> Vec<(String, String)> {
    let checkpoint = fetch::peek_checkpoint(dir).unwrap().unwrap();
    let captured = checkpoint.last_failure().unwrap().captured().iter().cloned();
    captured.map(|it| (it.name, it.value)).collect()
}

fn urls(paths: &[&str]) -> Vec<Url> {
    paths.iter().map(|path| Url { host: "a.example", path: (*path).to_owned() }).collect()
}

#[test]
fn the_failure_has_the_values_of_its_item() {
    let dir = tempfile::tempdir().unwrap();
    fetch(dir.path(), urls(&["/1", "/bad", "/2"]), 3).unwrap_err();
    let expected = [
        ("url.host", "\"a.example\""),
        ("path", "/bad"),
        ("attempt as usize", "3"),
        ("length", "4"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(captured(dir.path()), expected);
    let text = fetch::peek_checkpoint(dir.path()).unwrap().unwrap().to_string();
    assert!(text.ends_with("\n  path = /bad\n  attempt as usize = 3\n  length = 4"), "{text}");
}

#[test]
fn a_failure_outside_the_loop_has_no_values() {
    let dir = tempfile::tempdir().unwrap();
    fetch(dir.path(), urls(&["/1"]), 9).unwrap_err();
    assert_eq!(captured(dir.path()), []);
}

#[resumable(name = "nested", state_dir = dir)]
fn nested(dir: &Path, rows: &[Vec<u32>]) -> Result<(), String> {
    #[resume(capture(?row))]
    for row in rows {
        #[resume(capture(cell))]
        for cell in row {
            if *cell == 7 {
                return Err("seven".to_owned());
            }
        }
    }
    Ok(())
}

#[test]
fn every_loop_around_the_item_has_its_part() {
    let dir = tempfile::tempdir().unwrap();
    nested(dir.path(), &[vec![1], vec![6, 7]]).unwrap_err();
    let checkpoint = nested::peek_checkpoint(dir.path()).unwrap().unwrap();
    let captured = checkpoint.last_failure().unwrap().captured();
    let values: Vec<&str> = captured.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(values, ["[6, 7]", "7"]);
}
