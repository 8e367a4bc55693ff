//! Tests of values that are restored by a program whose types have changed: nothing of them is lost silently.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::ops::{Range, RangeInclusive};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use safe_state_backends::{Carry, Results, Worklist};

use super::Values;

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
    let mut values = Values::new();
    values.save("it", value).unwrap();
    U::restore("it", &values.stored("it")).map_err(|error| error.to_string())
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

/// A type that reads each text that it does not know as the same value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
enum Known {
    Read,
    Other,
}

impl From<String> for Known {
    fn from(text: String) -> Self {
        if text == "read" { Known::Read } else { Known::Other }
    }
}

impl From<Known> for String {
    fn from(known: Known) -> Self {
        if known == Known::Read { "read".to_owned() } else { "other".to_owned() }
    }
}

#[test]
fn what_is_taken_as_any_other_would_be() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t")]
    enum Before {
        Read { n: u64 },
        Write,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t")]
    enum After {
        #[serde(alias = "Read")]
        Take { n: u64 },
        #[serde(other)]
        Unknown,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Flat<T> {
        id: u64,
        #[serde(flatten)]
        of: BTreeMap<String, T>,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(from = "u64")]
    struct Percent(u64);
    impl From<u64> for Percent {
        fn from(number: u64) -> Self {
            Percent(number.min(100))
        }
    }
    let because = "`Write` was stored, which is not known any more, and is taken as `Unknown`";
    is_refused::<_, After>(Before::Write, because);
    is_refused::<_, Vec<After>>(vec![Before::Read { n: 1 }, Before::Write], because);
    is_refused::<_, BTreeMap<(u8, u8), After>>(BTreeMap::from([((1, 2), Before::Write)]), because);
    assert_eq!(becomes(Before::Read { n: 1 }), Ok(After::Take { n: 1 }));
    let flat = |key: &str, of: before::Plain| Flat { id: 1, of: [(key.to_owned(), of)].into() };
    is_refused::<_, Flat<alias::Plain>>(flat("k", before::Plain::C), "taken as `Other`");
    let text = |text: &str| text.to_owned();
    is_refused::<_, Known>(text("write"), "taken as `other`");
    is_refused::<_, Option<(u8, Known)>>(Some((1, text("write"))), "taken as `other`");
    let map = BTreeMap::from([(text("read"), 1), (text("write"), 2)]);
    is_refused::<_, BTreeMap<Known, u8>>(map, "taken as `other`");
    assert_eq!(becomes(text("read")), Ok(Known::Read));
    is_refused::<_, Percent>(
        300_u64,
        "`300` was stored, which is not known any more, and is taken",
    );
    assert_eq!(becomes(30_u64), Ok(Percent(30)));
}

#[test]
fn a_field_that_moves_to_another_struct() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        width: u64,
        height: u64,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        id: u64,
        inner: Inner,
    }
    mod later {
        use super::{Deserialize, Serialize};
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Inner {
            pub(super) height: u64,
        }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Outer {
            pub(super) id: u64,
            pub(super) inner: Inner,
            #[serde(default)]
            pub(super) width: u64,
        }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Without {
            pub(super) id: u64,
            pub(super) inner: Inner,
            #[serde(default)]
            pub(super) weight: u64,
        }
    }
    let outer = || Outer { id: 1, inner: Inner { width: 2, height: 3 } };
    let because = "no field `width` any more where it was stored, and another struct has a new one";
    is_refused::<_, later::Outer>(outer(), because);
    let without = later::Without { id: 1, inner: later::Inner { height: 3 }, weight: 0 };
    assert_eq!(becomes(outer()), Ok(without));
}

#[test]
fn numbers_that_are_rounded_where_their_type_is_not_asked_for() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Flat<T> {
        #[serde(flatten)]
        of: BTreeMap<String, T>,
    }
    let flat = |of| Flat { of: BTreeMap::from([("x".to_owned(), of)]) };
    is_refused::<_, Flat<f32>>(flat(0.1_f64), "0.1 was stored, and is rounded to 0.1000");
    let wide = Flat { of: BTreeMap::from([("x".to_owned(), (1_u64 << 53) + 1)]) };
    is_refused::<_, Flat<f64>>(wide, "is rounded to 9007199254740992");
    assert!(becomes::<_, Flat<f32>>(flat(0.5)).is_ok());
    assert!(becomes::<_, Flat<f32>>(flat(f64::INFINITY)).is_ok());
}

#[test]
fn values_and_keys_of_a_map_whose_keys_have_no_names() {
    let flat = || before::Flat { paid: 3, more: before::Refused { refused: 4 } };
    let ordered = BTreeMap::from([((1_u8, 2_u8), flat())]);
    is_refused::<_, BTreeMap<(u8, u8), after::Flat>>(ordered, "renamed");
    let unordered: HashMap<_, _> = (0..50_u8).map(|key| ((key, 1_u8), flat())).collect();
    is_refused::<_, HashMap<(u8, u8), after::Flat>>(unordered.clone(), "renamed");
    let back = unordered
        .keys()
        .map(|key| (*key, alias::Flat { payed: 3, more: alias::Refused { declined: 4, new: 0 } }));
    assert_eq!(becomes(unordered.clone()), Ok(back.collect::<HashMap<_, _>>()));
}
