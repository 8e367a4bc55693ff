//! Tests that each value is checked where one value of a shape reads back and another does not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Debug};
use std::ops::RangeInclusive;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use safe_state_backends::{Carry, Results, Worklist};

use super::Values;

/// Saves the values one after another, as a carried value, a list and a worklist. Returns the three results for the last value.
fn last<T: Serialize + DeserializeOwned + Clone>(values: &[T]) -> Vec<Result<(), String>> {
    let (mut results, mut list) = (Results::new(), Worklist::new());
    let mut stored = Values::new();
    let mut told = Vec::new();
    for value in values {
        results.push(value.clone());
        list.push_back(value.clone());
        told.clear();
        told.push(stored.save("value", value));
        told.push(stored.save("results", &results));
        told.push(stored.save("list", &list));
    }
    told
}

#[track_caller]
fn is_refused<T: Serialize + DeserializeOwned + Clone + Debug>(values: &[T]) {
    let (_, before) = values.split_last().unwrap();
    for told in last(before) {
        told.unwrap();
    }
    for told in last(values) {
        assert!(told.unwrap_err().contains("does not read back"), "{values:?}");
    }
}

#[track_caller]
fn is_taken<T: Serialize + DeserializeOwned + Clone>(values: &[T]) {
    for told in last(values) {
        told.unwrap();
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Num {
    Small(u8),
    Big(u64),
}

#[test]
fn an_untagged_variant_that_another_one_takes() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Task {
        Done {
            id: u32,
        },
        Failed {
            id: u32,
            #[serde(skip_serializing_if = "Option::is_none")]
            why: Option<String>,
        },
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Step {
        Wait {
            secs: u32,
        },
        Call {
            #[serde(flatten)]
            args: BTreeMap<String, u32>,
        },
    }
    is_refused(&[Num::Big(1000), Num::Big(2000), Num::Big(5)]);
    is_taken(&[Num::Big(1000), Num::Small(5), Num::Big(2000), Num::Small(6)]);
    let failed = |why: Option<&str>| Task::Failed { id: 1, why: why.map(str::to_owned) };
    let call = |key: &str| Step::Call { args: [(key.to_owned(), 1)].into() };
    is_taken(&[call("a"), call("b"), Step::Wait { secs: 1 }]);
    is_refused(&[call("a"), call("b"), call("secs")]);
    is_taken(&[Task::Done { id: 1 }, Task::Done { id: 2 }]);
    is_refused(&[failed(None)]);
    is_refused(&[Task::Done { id: 1 }, failed(None)]);
}

#[test]
fn a_value_that_is_left_out() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Page {
        id: u32,
        #[serde(default, skip_serializing_if = "is_low")]
        n: u32,
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_low(n: &u32) -> bool {
        *n <= 1
    }
    let page = |id, n| Page { id, n };
    is_taken(&[page(1, 2), page(2, 0), page(3, 7)]);
    // Neither the bytes nor the calls of `Serialize` show which value was left out.
    is_taken(&[page(1, 1)]);
}

#[test]
fn text_that_is_changed() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(from = "String", into = "String")]
    struct Name(String);
    impl From<String> for Name {
        fn from(text: String) -> Self {
            Name(text.to_lowercase())
        }
    }
    impl From<Name> for String {
        fn from(name: Name) -> Self {
            name.0
        }
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct User {
        id: u64,
        name: Name,
    }
    let name = |text: &str| Name(text.to_owned());
    is_refused(&[name("a"), name("b"), name("C")]);
    is_refused(&[User { id: 1, name: name("a") }, User { id: 2, name: name("B") }]);
    is_refused(&[Some(name("a")), None, Some(name("B"))]);
    is_refused(&[Box::new(name("a")), Box::new(name("B"))]);
    is_refused(&[vec![(1, name("a"))], vec![(1, name("B"))]]);
    is_refused(&[HashMap::from([(1, name("a"))]), HashMap::from([(1, name("B"))])]);
    is_refused(&[Ok::<_, ()>(name("a")), Err(()), Ok(name("B"))]);
}

#[test]
fn a_list_that_is_sorted() {
    fn sorted<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
        let mut list = Vec::deserialize(from)?;
        list.sort_unstable();
        Ok(list)
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Ids {
        #[serde(deserialize_with = "sorted")]
        ids: Vec<u32>,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Inside(#[serde(deserialize_with = "sorted")] Vec<u32>);
    is_refused(&[Ids { ids: vec![1, 2] }, Ids { ids: vec![2, 1] }]);
    is_refused(&[Inside(vec![1, 2]), Inside(vec![2, 1])]);
    is_taken(&[Ids { ids: vec![1, 2] }, Ids { ids: vec![1, 2, 3] }]);
}

#[test]
fn a_value_that_its_type_does_not_take() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(try_from = "i64", into = "i64")]
    struct Percent(i64);
    impl TryFrom<i64> for Percent {
        type Error = String;

        fn try_from(of: i64) -> Result<Self, String> {
            if (0..=100).contains(&of) { Ok(Percent(of)) } else { Err(format!("{of} of 100")) }
        }
    }
    impl From<Percent> for i64 {
        fn from(it: Percent) -> Self {
            it.0
        }
    }
    is_refused(&[Percent(1), Percent(100), Percent(120)]);
    is_refused(&[(1, Percent(1)), (2, Percent(120))]);
}

#[test]
fn hash_maps_and_sets_have_no_order() {
    let set = |from: u32| (from..from + 50).map(Num::from).collect::<HashSet<Num>>();
    is_taken(&[set(0), set(200), set(1000)]);
    let map = |from: u32| (from..from + 50).map(|it| (it, vec![set(it)])).collect();
    is_taken::<HashMap<u32, Vec<HashSet<Num>>>>(&[map(0), map(200), map(1000)]);
}

impl From<u32> for Num {
    fn from(number: u32) -> Self {
        u8::try_from(number).map_or(Num::Big(number.into()), Num::Small)
    }
}

impl Eq for Num {}

impl std::hash::Hash for Num {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
    }
}

/// Types whose `Deserialize` cuts a number that is too large.
mod cut {
    use super::*;

    mod stored {
        use serde::Deserialize;

        #[derive(Deserialize)]
        pub(super) struct Level {
            pub(super) of: u64,
        }

        #[derive(Deserialize)]
        #[serde(rename = "Grade")]
        pub(super) struct Named {
            pub(super) of: u64,
        }
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(from = "stored::Level")]
    pub(super) struct Level {
        pub(super) of: u64,
    }
    impl From<stored::Level> for Level {
        fn from(stored: stored::Level) -> Self {
            Level { of: stored.of.min(100) }
        }
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(from = "stored::Named")]
    pub(super) struct Grade {
        pub(super) of: u64,
    }
    impl From<stored::Named> for Grade {
        fn from(stored: stored::Named) -> Self {
            Grade { of: stored.of.min(100) }
        }
    }
    #[derive(Clone, Debug, Serialize)]
    pub(super) struct Percent {
        pub(super) of: u64,
    }
    impl<'de> Deserialize<'de> for Percent {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct PercentVisitor;
            impl<'de> Visitor<'de> for PercentVisitor {
                type Value = Percent;

                fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                    to.write_str("a struct")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Percent, A::Error> {
                    let mut of = 0;
                    while let Some((_, value)) = map.next_entry::<String, u64>()? {
                        of = value.min(100);
                    }
                    Ok(Percent { of })
                }
            }
            from.deserialize_struct("Percent", &["of"], PercentVisitor)
        }
    }
}

/// A `Deserialize` written by hand may make the same calls as a derived one.
#[test]
fn a_type_that_is_read_by_hand_as_derived_code_reads_it() {
    use cut::{Grade, Level, Percent};

    is_refused(&[Level { of: 1 }, Level { of: 2 }, Level { of: 120 }]);
    is_refused(&[Grade { of: 1 }, Grade { of: 2 }, Grade { of: 120 }]);
    is_refused(&[Percent { of: 1 }, Percent { of: 2 }, Percent { of: 120 }]);
    is_refused(&[vec![Some(Percent { of: 1 })], vec![Some(Percent { of: 120 })]]);
}

/// A process that resumes does not know which values the process before it has checked.
#[test]
fn what_another_process_has_stored_is_looked_at_again() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    enum Event {
        Plain(u64),
        Num { it: Num },
    }
    let mut stored = Values::new();
    stored.save("it", &Event::Num { it: Num::Big(1000) }).unwrap();
    stored.save("it", &Event::Plain(1)).unwrap();
    let mut stored = stored.resume();
    stored.save("it", &Event::Plain(2)).unwrap();
    stored.save("it", &Event::Num { it: Num::Big(5) }).unwrap_err();
    stored.save("it", &Event::Num { it: Num::Big(1001) }).unwrap();
    stored.save("it", &Event::Num { it: Num::Big(6) }).unwrap_err();
}

/// After its last item, a `RangeInclusive` is written as one that has this item left.
#[test]
fn a_range_that_does_not_tell_whether_it_is_used_up() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Ids {
        ids: RangeInclusive<u32>,
    }
    let mut stored = Values::new();
    let refused = stored.save("it", &(1..=5_u32)).unwrap_err();
    assert!(refused.contains("carry `start..end + 1`"), "{refused}");
    stored.save("it", &(1..6_u32)).unwrap();
    let mut used_up = 1..=5;
    used_up.by_ref().for_each(drop);
    let ids = |ids| Ids { ids };
    is_taken(&[ids(1..=5), ids(2..=5), ids(RangeInclusive::new(5, 1))]);
    is_refused(&[ids(1..=5), ids(4..=5), ids(used_up)]);
    (1..=5_u32).change("step!(\"a\")", Vec::new(), None).unwrap();
}

#[test]
fn cells_that_change_after_they_were_saved() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Row {
        id: u64,
        hits: std::sync::Mutex<u64>,
    }
    let refused = |told: Result<(), String>| {
        let told = told.unwrap_err();
        assert!(told.contains("which may change after it was saved"), "{told}");
    };
    let mut cells = Results::new();
    cells.push(std::cell::Cell::new(1));
    refused(Values::new().save("it", &cells));
    let mut atomics = Worklist::new();
    atomics.push_back(std::sync::atomic::AtomicU8::new(1));
    refused(Values::new().save("it", &atomics));
    let mut rows = Results::new();
    let mut stored = Values::new();
    stored.save("it", &rows).unwrap();
    rows.push(Some(Row { id: 1, hits: 0.into() }));
    refused(stored.save("it", &rows));
    Values::new().save("it", &Vec::from(rows)).unwrap();
}
