//! Tests of values that are restored by a program whose types have changed: nothing of them is lost without a word.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

use super::*;
use crate::{Results, Worklist};

/// Restores a value as another type: as a carried value, and as the element of a list and of a worklist.
#[expect(clippy::needless_pass_by_value, reason = "the tests make each value where they pass it")]
fn becomes<T, U>(value: T) -> Result<U, String>
where
    T: Serialize + DeserializeOwned + Clone,
    U: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let (mut results, mut list) = (Results::new(), Worklist::new());
    results.push(value.clone());
    list.push_back(value.clone());
    let result = restored::<T, U>(&value);
    let results = restored::<Results<T>, Results<U>>(&results).map(Vec::from);
    let list = restored::<Worklist<T>, Worklist<U>>(&list).map(Vec::from);
    assert_eq!(results.is_ok(), result.is_ok(), "{results:?}");
    assert_eq!(list.is_ok(), result.is_ok(), "{list:?}");
    if let Ok(value) = &result {
        assert_eq!(Some(value), results.unwrap().first());
        assert_eq!(Some(value), list.unwrap().first());
    }
    result
}

fn restored<T: Carry, U: Carry>(value: &T) -> Result<U, String> {
    let change = value.change("it", Vec::new(), None).unwrap().unwrap();
    let bytes = postcard::to_stdvec(&change.value).unwrap();
    let stored: Carried = postcard::from_bytes(&bytes).unwrap();
    U::restore("it", &stored).map_err(|error| error.to_string())
}

macro_rules! types {
    ($($module:ident { $($item:item)* })*) => { $(
        mod $module {
            #![allow(dead_code, unused_imports, reason = "each test uses some of it")]
            use serde::{Deserialize, Serialize};
            $(
                #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
                $item
            )*
        }
    )* };
}

#[track_caller]
fn is_refused<T, U>(value: T, because: &str)
where
    T: Serialize + DeserializeOwned + Clone,
    U: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let error = becomes::<T, U>(value).unwrap_err();
    assert!(error.contains(because), "{error}");
    assert!(error.contains("was saved as"), "{error}");
}

types! {
    before {
        pub(super) struct Refused { pub(super) refused: u64 }
        pub(super) struct Flat { pub(super) paid: u64, #[serde(flatten)] pub(super) more: Refused }
        pub(super) struct Maybe { pub(super) paid: u64, #[serde(flatten)] pub(super) more: Option<Refused> }
        #[serde(tag = "t")]
        pub(super) enum Tagged { A { x: u32, k: u8 }, B(Refused) }
        #[serde(tag = "t", content = "c")]
        pub(super) enum Beside { A { x: u32, k: u8 }, B(Refused) }
        #[serde(untagged)]
        pub(super) enum Untagged { A { x: u32, k: u8 }, B(String) }
        pub(super) enum Plain { A { x: u32 }, B(Refused), C }
        pub(super) struct Row { pub(super) x: u32 }
    }
    after {
        pub(super) struct Refused { #[serde(default)] pub(super) declined: u64 }
        pub(super) struct Flat { pub(super) paid: u64, #[serde(flatten)] pub(super) more: Refused }
        pub(super) struct Sibling { #[serde(default)] pub(super) payed: u64, #[serde(flatten)] pub(super) more: super::before::Refused }
        pub(super) struct Needed { pub(super) declined: u64 }
        pub(super) struct Maybe { pub(super) paid: u64, #[serde(flatten)] pub(super) more: Option<Needed> }
        #[serde(tag = "t")]
        pub(super) enum Tagged { A { #[serde(default)] y: u32, k: u8 }, B(Refused) }
        #[serde(tag = "t", content = "c")]
        pub(super) enum Beside { A { #[serde(default)] y: u32, k: u8 }, B(Refused) }
        #[serde(untagged)]
        pub(super) enum Untagged { A { #[serde(default)] y: u32, k: u8 }, B(String) }
        #[serde(untagged)]
        pub(super) enum Front { C { k: u8 }, A { x: u32, k: u8 }, B(String) }
        #[serde(untagged)]
        pub(super) enum Plain { A { #[serde(default)] x: u32 } }
        pub(super) struct Row { #[serde(default)] pub(super) y: u32 }
    }
    alias {
        pub(super) struct Refused { #[serde(alias = "refused")] pub(super) declined: u64, #[serde(default)] pub(super) new: u8 }
        pub(super) struct Flat { #[serde(alias = "paid")] pub(super) payed: u32, #[serde(flatten)] pub(super) more: Refused }
        #[serde(tag = "t")]
        pub(super) enum Tagged { A { #[serde(alias = "x")] y: u32, k: u8 }, B(Refused) }
        pub(super) enum Plain { New, #[serde(alias = "A")] D { #[serde(alias = "x")] y: u64 }, #[serde(alias = "B")] E(Refused), #[serde(other)] Other }
    }
    other {
        pub(super) struct Row { pub(super) y: u32 }
    }
}

#[test]
fn a_field_renamed_where_no_names_are_asked_for() {
    let flat = || before::Flat { paid: 3, more: before::Refused { refused: 4 } };
    is_refused::<_, after::Flat>(
        flat(),
        "if it was renamed, add `#[serde(alias = \"refused\")]` to `declined`",
    );
    is_refused::<_, after::Sibling>(flat(), "renamed");
    let maybe = before::Maybe { paid: 3, more: Some(before::Refused { refused: 4 }) };
    is_refused::<_, after::Maybe>(maybe, "there is no field `refused` any more");
    let inner = || before::Refused { refused: 4 };
    is_refused::<_, after::Tagged>(before::Tagged::A { x: 1, k: 2 }, "renamed");
    is_refused::<_, after::Tagged>(before::Tagged::B(inner()), "renamed");
    is_refused::<_, after::Beside>(before::Beside::A { x: 1, k: 2 }, "renamed");
    is_refused::<_, after::Beside>(before::Beside::B(inner()), "renamed");
    is_refused::<_, after::Untagged>(before::Untagged::A { x: 1, k: 2 }, "renamed");
    is_refused::<_, after::Front>(before::Untagged::A { x: 1, k: 2 }, "no field `x`");
    is_refused::<_, after::Plain>(before::Plain::A { x: 1 }, "the variant `A` was stored");
    let map = BTreeMap::from([("paid".to_owned(), 3_u64), ("refused".to_owned(), 4)]);
    is_refused::<_, after::Refused>(map.clone(), "no field `paid`");
    is_refused::<_, before::Refused>(map, "no field `paid` any more; if it was taken away");
    is_refused::<_, after::Refused>(serde_json::json!({"refused": 1}), "renamed");
}

#[test]
fn a_renamed_field_that_its_alias_takes() {
    let inner = || before::Refused { refused: 4 };
    let new = || alias::Refused { declined: 4, new: 0 };
    assert_eq!(
        becomes(before::Flat { paid: 3, more: inner() }),
        Ok(alias::Flat { payed: 3, more: new() })
    );
    assert_eq!(becomes(before::Tagged::A { x: 1, k: 2 }), Ok(alias::Tagged::A { y: 1, k: 2 }));
    assert_eq!(becomes(before::Tagged::B(inner())), Ok(alias::Tagged::B(new())));
    assert_eq!(becomes(before::Plain::A { x: 1 }), Ok(alias::Plain::D { y: 1 }));
    assert_eq!(becomes(before::Plain::B(inner())), Ok(alias::Plain::E(new())));
    is_refused::<_, alias::Plain>(before::Plain::C, "there is no variant `C` any more");
}

#[test]
fn structs_of_one_name_do_not_stand_for_each_other() {
    let rows = || (before::Row { x: 3 }, other::Row { y: 4 });
    is_refused::<_, (after::Row, other::Row)>(rows(), "renamed");
    assert_eq!(becomes(rows()), Ok(rows()));
}

#[test]
fn elements_that_do_not_come_back() {
    is_refused::<_, BTreeSet<u32>>(
        vec![1, 1, 2],
        "3 elements were stored, and 2 of them come back",
    );
    assert_eq!(becomes(vec![2, 1]), Ok(BTreeSet::from([1_u64, 2])));
    assert_eq!(becomes(vec![2, 1]), Ok(VecDeque::from([2_u64, 1])));
    let dups: Vec<u32> = vec![1, 1];
    let mut results = Results::new();
    results.extend(dups);
    restored::<_, BTreeSet<u32>>(&results).unwrap_err();
    let back: Result<Vec<u64>, _> = restored(&results);
    assert_eq!(back, Ok(vec![1, 1]));
    is_refused::<Range<u32>, RangeInclusive<u32>>(1..4, "a `Range` was stored");
    is_refused::<(RangeInclusive<u32>,), (Range<u32>,)>((1..=4,), "a `RangeInclusive` was stored");
}

#[test]
fn what_may_change_may_change() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Before {
        a: u32,
        b: Vec<(String, i64)>,
        c: Option<HashMap<u32, HashSet<String>>>,
        d: f32,
        gone: u8,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Id(u64);
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Rest {
        a: Option<Id>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        b: Vec<(String, i128)>,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        d: f64,
        c: Option<BTreeMap<u64, BTreeSet<String>>>,
        b: VecDeque<(String, i8)>,
        a: Option<Id>,
        #[serde(skip)]
        gone: u8,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: Rest,
        c: Option<serde_json::Value>,
        d: f64,
        gone: u8,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Longer(u32, u64, #[serde(default)] u8);
    assert_eq!(becomes((1_u32, 2_u8)), Ok(Longer(1, 2, 0)));
    let sets: HashSet<String> = (0..40).map(|it| it.to_string()).collect();
    let before = Before {
        a: 1,
        b: vec![("x".to_owned(), 2), ("y".to_owned(), -3)],
        c: Some((0..40).map(|it| (it, sets.clone())).collect()),
        d: 1.5,
        gone: 3,
    };
    let after = becomes::<_, After>(before.clone()).unwrap();
    assert_eq!((after.gone, after.a, after.d.to_bits()), (0, Some(Id(1)), 1.5_f64.to_bits()));
    assert_eq!(after.c.unwrap().len(), 40);
    let flat = becomes::<_, Flat>(Before { c: None, b: vec![], ..before.clone() }).unwrap();
    assert_eq!((flat.rest.a, flat.rest.b.len()), (Some(Id(1)), 0));
    assert_eq!(becomes::<_, Before>(before.clone()), Ok(before));
}

#[test]
fn what_converts_is_taken() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(from = "Either")]
    struct Hex(String);
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    impl From<Either> for Hex {
        fn from(either: Either) -> Self {
            match either {
                Either::Number(number) => Hex(format!("{number:x}")),
                Either::Text(text) => Hex(text.to_lowercase()),
            }
        }
    }
    assert_eq!(becomes(255_u64), Ok(Hex("ff".to_owned())));
    assert_eq!(becomes("FF".to_owned()), Ok(Hex("ff".to_owned())));
}
