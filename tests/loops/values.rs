//! Tests that values of every type come back, also in a program whose types have changed, or that the error names both
//! shapes.

#![expect(clippy::option_option, reason = "how deep an option is has to come back")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use safe_state::{Carry, Effect, IdempotencyCache, Job, Results, resumable, step};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Runs a job that fails at the item `fails`. The job carries a value, which each of its four items changes, and a list
/// of all its values.
fn carries<T: Carry + Clone>(
    dir: &Path,
    values: &[T; 4],
    fails: Option<usize>,
) -> Result<(T, Vec<T>), String>
where
    Results<T>: Carry,
{
    /// Carries the value and the list, and has a step with a value as well.
    #[resumable(name = "values", state_dir = dir, carry(value, all), on_code_change = "continue", fresh(fails))]
    fn job<T: Carry + Clone>(
        dir: &Path,
        first: T,
        values: &[T],
        fails: Option<usize>,
    ) -> Result<(T, Vec<T>), Box<dyn std::error::Error>>
    where
        Results<T>: Carry,
    {
        let stepped: T = step!("first", first);
        let mut value = stepped.clone();
        let mut all: Results<T> = Results::new();
        for place in 0..4_usize {
            if fails == Some(place) {
                return Err("it fails".into());
            }
            value = values[place].clone();
            all.push(value.clone());
        }
        let mut all: Vec<T> = all.into();
        all.insert(0, stepped);
        Ok((value, all))
    }
    job(dir, values[0].clone(), values, fails).map_err(|error| error.to_string())
}

/// Checks that the job returns what it does uninterrupted, after it was interrupted at each of its items.
fn comes_back<T: Carry + Clone + PartialEq + Debug>(values: &[T; 4])
where
    Results<T>: Carry,
{
    let dir = || tempfile::tempdir().unwrap();
    let whole = carries(dir().path(), values, None).unwrap();
    for fails in 0..4 {
        let dir = dir();
        assert_eq!(carries(dir.path(), values, Some(fails)).unwrap_err(), "it fails");
        assert_eq!(carries(dir.path(), values, None).unwrap(), whole, "{fails}");
    }
}

/// Returns what the value becomes in the next run of a program in which its type is another.
fn becomes<T: Carry + Clone, U: Carry + Clone>(value: T, other: U) -> Result<Vec<U>, String>
where
    Results<T>: Carry,
    Results<U>: Carry,
{
    let dir = tempfile::tempdir().unwrap();
    let values = [value.clone(), value.clone(), value.clone(), value];
    assert_eq!(carries(dir.path(), &values, Some(3)).map(drop), Err("it fails".to_owned()));
    let others = [other.clone(), other.clone(), other.clone(), other];
    carries(dir.path(), &others, None).map(|(_, all)| all)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { n: u32 },
    B { s: String, inner: Option<Untagged> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    a: u32,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Option<u8>>,
}

#[test]
fn what_needs_names_comes_back_wherever_it_first_shows() {
    comes_back(&[json!(null), json!({"a": [1, -2, 3.5, null, "x"]}), json!("x"), json!(1)]);
    comes_back(&[None, None, Some(json!(null)), Some(json!([1]))]);
    comes_back(&[
        Untagged::Number(1),
        Untagged::Number(2),
        Untagged::Text("x".to_owned()),
        Untagged::Number(3),
    ]);
    comes_back(&[
        Tagged::A { n: 1 },
        Tagged::B { s: String::new(), inner: None },
        Tagged::B { s: "x".to_owned(), inner: Some(Untagged::Number(1)) },
        Tagged::A { n: 2 },
    ]);
    let rest = |value| BTreeMap::from([("k".to_owned(), value)]);
    comes_back(&[
        Flat { a: 1, rest: BTreeMap::new(), note: None },
        Flat { a: 1, rest: rest(json!(1)), note: None },
        Flat { a: 1, rest: rest(json!(null)), note: Some(Some(1)) },
        Flat { a: 1, rest: rest(json!({})), note: Some(Some(2)) },
    ]);
}

#[test]
fn options_and_units_keep_what_they_are() {
    comes_back(&[None, Some(None), Some(Some(1_u8)), Some(None)]);
    comes_back(&[None, Some(()), None, Some(())]);
    comes_back(&[vec![None], vec![Some(()), None], vec![], vec![Some(())]]);
    comes_back(&[Ok::<Option<u8>, ()>(None), Err(()), Ok(Some(1)), Ok(None)]);
    comes_back(&[i128::MIN, -1, 0, i128::MAX]);
    comes_back(&[(1_u8, 'x'), (2, 'ü'), (3, char::MAX), (4, '\0')]);
    let map = |key: (u8, bool), value| BTreeMap::from([(key, Some(value))]);
    comes_back(&[
        map((1, true), 1.5_f64),
        map((2, false), f64::MIN),
        BTreeMap::new(),
        map((0, true), 0.0),
    ]);
}

#[test]
fn a_path_that_is_no_text_is_refused_with_the_reason() {
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::PathBuf::from(std::ffi::OsStr::from_bytes(&[0xff, b'a']));
    let dir = tempfile::tempdir().unwrap();
    let error = carries(dir.path(), &[path.clone(), path.clone(), path.clone(), path], None);
    let error = error.unwrap_err();
    assert!(error.contains("path contains invalid UTF-8 characters"), "{error}");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sums {
    paid: u64,
    refused: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Mode {
    Read,
    Write(u64),
}

mod later {
    use super::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Swapped {
        pub(super) refused: u32,
        pub(super) paid: u64,
        #[serde(default)]
        pub(super) new: Option<u8>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Renamed {
        pub(super) paid: u64,
        #[serde(default)]
        pub(super) declined: u64,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) enum Mode {
        Append,
        Write(u32),
        Read,
    }
}

#[test]
fn fields_and_variants_that_changed_places_are_what_they_were() {
    let swapped = |paid, refused| later::Swapped { refused, paid, new: None };
    let all = becomes(Sums { paid: 3, refused: 9 }, swapped(0, 0)).unwrap();
    assert_eq!(all[..4], [3; 4].map(|paid| swapped(paid, 9)));
    let all = becomes(Mode::Read, later::Mode::Append).unwrap();
    assert!(all[..4].iter().all(|mode| *mode == later::Mode::Read), "{all:?}");
    let all = becomes(Mode::Write(7), later::Mode::Append).unwrap();
    assert_eq!(all[0], later::Mode::Write(7));
}

#[test]
fn what_does_not_fit_names_both_shapes() {
    let sums = || Sums { paid: 3, refused: 9 };
    for (error, names) in [
        (
            becomes(sums(), later::Renamed { paid: 0, declined: 0 }).unwrap_err(),
            ["Sums { paid: u64, refused: u64 }", "Renamed { paid, declined }"],
        ),
        (becomes(sums(), Mode::Read).unwrap_err(), ["Sums { paid", "Mode: Read | Write"]),
        (becomes(Mode::Write(u64::MAX), later::Mode::Read).unwrap_err(), ["Write(u64)", "Append"]),
        (becomes((1_u64, 2_u64), sums()).unwrap_err(), ["(u64, u64)", "Sums { paid, refused }"]),
        (becomes(u64::MAX, 1_u32).unwrap_err(), ["u64", "u32"]),
        (becomes(0.1_f64, 0.5_f32).unwrap_err(), ["f64", "f32"]),
    ] {
        assert!(names.iter().all(|name| error.contains(name)), "{error}");
        assert!(error.contains("without loss"), "{error}");
    }
}

#[test]
fn what_an_effect_came_to_goes_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().display());
    let cache = IdempotencyCache::open(url.as_str(), "pay").unwrap();
    cache.once(&"order-1", || Mode::Read).unwrap();
    drop(cache);
    let cache = IdempotencyCache::open(url.as_str(), "pay").unwrap();
    let before = cache.once(&"order-1", || later::Mode::Append).unwrap();
    assert!(matches!(before, Effect::Before(later::Mode::Read)), "{before:?}");
}

#[test]
fn a_type_that_is_never_whole_is_refused_before_anything_of_it_is_saved() {
    /// A struct whose `Deserialize` gives another value for a field that its `Serialize` leaves out.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Lossy {
        #[serde(default = "seven", skip_serializing_if = "is_zero")]
        count: u8,
    }
    fn seven() -> u8 {
        7
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_zero(count: &u8) -> bool {
        *count == 0
    }
    #[resumable(name = "lossy", state_dir = dir, carry(value))]
    fn job(dir: &Path, seen: &RefCell<Vec<u8>>) -> Result<(), safe_state::Error> {
        let mut value = Lossy { count: 1 };
        for count in [3_u8, 2, 0, 5] {
            seen.borrow_mut().push(count);
            value.count = count;
        }
        Ok(())
    }
    let seen = RefCell::new(Vec::new());
    let dir = tempfile::tempdir().unwrap();
    let error = job(dir.path(), &seen).unwrap_err().to_string();
    assert!(error.contains("does not read back as what was written"), "{error}");
    let checkpoint = Job::new("lossy").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.carried("value"), Ok(Some(Lossy { count: 2 })));
    assert_eq!(checkpoint.completed().to_string(), "0-1");
}
