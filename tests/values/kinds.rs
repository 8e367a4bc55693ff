//! Tests that values of every kind read back as they were.
#![expect(clippy::option_option, reason = "how deep an option is has to come back")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use std::borrow::Cow;

use safe_state_backends::value::{self, DEPTH_LIMIT, ReadError, Schema, WriteError, read};

/// Writes a value, and adds what is new to the schema. Returns whether anything is new.
pub(super) fn write<T: Serialize>(
    value: &T,
    schema: &mut Schema,
    bytes: &mut Vec<u8>,
) -> Result<bool, WriteError> {
    match value::write(value, Cow::Borrowed(&*schema), bytes)?.0 {
        Cow::Borrowed(_) => Ok(false),
        Cow::Owned(grown) => {
            *schema = grown;
            Ok(true)
        }
    }
}

/// Writes the values one after another with one schema, and reads each back.
fn come_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T]) {
    let mut schema = Schema::default();
    let mut written = Vec::new();
    for value in values {
        let mut bytes = Vec::new();
        write(value, &mut schema, &mut bytes).unwrap();
        written.push((schema.version(), bytes));
        assert!(schema.is_sound());
    }
    let stored = postcard::to_stdvec(&schema).unwrap();
    let schema: Schema = postcard::from_bytes(&stored).unwrap();
    for (value, (version, bytes)) in values.iter().zip(&written) {
        assert_eq!(read::<T>(&schema, *version, bytes).as_ref(), Ok(value), "{schema}");
        // The value is written again by a schema that was decoded.
        let (mut schema, mut again) = (schema.clone(), Vec::new());
        write(value, &mut schema, &mut again).unwrap();
        assert_eq!(read::<T>(&schema, schema.version(), &again).as_ref(), Ok(value));
    }
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    come_back(&[value]);
}

pub(super) fn converted<T: Serialize, U: DeserializeOwned>(value: &T) -> Result<U, ReadError> {
    let (mut schema, mut bytes) = (Schema::default(), Vec::new());
    write(value, &mut schema, &mut bytes).unwrap();
    read(&schema, schema.version(), &bytes)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    id: u64,
    name: String,
    note: Option<Option<String>>,
    unit: Option<()>,
    tags: Vec<Option<()>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Shape {
    Unit,
    Newtype(Option<char>),
    Tuple(i8, f32),
    Struct { wide: i128, text: String },
    Empty {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
    Nested { x: Option<Option<u8>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Tagged {
    A { n: u64 },
    B { s: String, e: Shape },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u64),
    B { s: std::net::IpAddr },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    row: Row,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sparse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    b: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    c: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    children: Vec<Tree>,
    value: Option<Box<Tree>>,
    leaf: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[test]
fn options_keep_their_depth() {
    come_back(&[None, Some(None), Some(Some(3_u8))]);
    come_back(&[Some(()), None]);
    come_back(&[Some(Nothing), None]);
    come_back(&[Some(Some(Some(()))), Some(Some(None)), Some(None), None]);
    comes_back(vec![None, Some(()), None]);
    come_back(&[Ok::<Option<u8>, ()>(None), Err(()), Ok(Some(1))]);
    come_back(&[Some(serde_json::Value::Null), None, Some(serde_json::json!(1))]);
}

#[test]
fn numbers_keep_their_width_and_their_bits() {
    come_back(&[i128::MIN, 0, i128::MAX]);
    come_back(&[u128::MAX, 0]);
    come_back(&[i64::MIN, -1, 0, i64::MAX]);
    come_back(&[i8::MIN, -1, i8::MAX]);
    come_back(&['ü', '\0', char::MAX]);
    for bits in [0x7FC0_0001_u32, 0xFFC1_2345, 0x7F80_0001, 0x8000_0000] {
        let read: f32 = converted(&f32::from_bits(bits)).unwrap();
        assert_eq!(read.to_bits(), bits);
    }
    let bits = 0x7FF8_0000_DEAD_BEEF_u64;
    assert_eq!(converted::<f64, f64>(&f64::from_bits(bits)).unwrap().to_bits(), bits);
}

#[test]
fn types_that_need_names_come_back() {
    come_back(&[
        Untagged::Number(3),
        Untagged::Text("x".into()),
        Untagged::Nested { x: Some(None) },
    ]);
    come_back(&[
        Tagged::A { n: 1 },
        Tagged::B { s: String::new(), e: Shape::Unit },
        Tagged::B { s: String::new(), e: Shape::Tuple(1, 2.5) },
        Tagged::B { s: String::new(), e: Shape::Newtype(Some('x')) },
    ]);
    come_back(&[Adjacent::A(1), Adjacent::B { s: [127, 0, 0, 1].into() }]);
    let rest: BTreeMap<_, _> =
        [("k".to_owned(), serde_json::json!({"z": [1, null, 2.5, -3]}))].into();
    come_back(&[
        Flat { a: 1, row: Row::default(), rest: rest.clone() },
        Flat { a: 1, row: Row { note: Some(None), ..Row::default() }, rest },
    ]);
    come_back(&[
        Sparse { a: None, b: 2, c: vec![] },
        Sparse { a: Some(1), b: 2, c: vec![1] },
        Sparse { a: None, b: 2, c: vec![2] },
    ]);
    come_back(&[
        serde_json::json!({"a": [1, -2, 3.5, null, "x"]}),
        serde_json::json!(null),
        serde_json::json!([[], {}, [{"a": {"b": [1, "2"]}}]]),
    ]);
}

#[test]
fn shapes_come_back_in_any_order() {
    let shapes = [
        Shape::Unit,
        Shape::Newtype(None),
        Shape::Newtype(Some('x')),
        Shape::Tuple(-1, 0.5),
        Shape::Struct { wide: -1, text: "text".to_owned() },
        Shape::Empty {},
    ];
    come_back(&shapes);
    comes_back(shapes.to_vec());
    comes_back(HashMap::from([
        ((1_u8, "x".to_owned()), shapes.to_vec()),
        ((2, String::new()), vec![]),
    ]));
    comes_back((Empty {}, Nothing, [(); 3], [0_u8; 0], ((),)));
}

#[test]
fn a_type_may_hold_itself() {
    let leaf = || Tree { children: vec![], value: None, leaf: 1 };
    let branch = Tree { children: vec![leaf(), leaf()], value: Some(Box::new(leaf())), leaf: 2 };
    come_back(&[leaf(), branch.clone(), Tree { value: Some(Box::new(branch)), ..leaf() }]);
}

#[test]
fn generic_types_of_one_name_come_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Of<T> {
        it: T,
    }
    comes_back((Of { it: 1_u8 }, Of { it: "x".to_owned() }, Of { it: Of { it: 2.5 } }));
    comes_back(vec![(Of { it: Some(1_u8) }, Of { it: () })]);
}

mod other {
    use super::{Deserialize, Serialize};

    /// A struct with the same name as another and with other fields.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Row {
        pub(super) id: u64,
        pub(super) other: bool,
    }
}

#[test]
fn types_of_one_name_and_other_fields_come_back() {
    let row = Row { id: 1, ..Row::default() };
    let other = || other::Row { id: 2, other: true };
    come_back(&[(row.clone(), other()), (row.clone(), other())]);
    come_back(&[(other(), row.clone()), (other(), row)]);
}

#[test]
fn what_can_be_written_can_be_read() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Deep {
        Leaf,
        Node(Box<Deep>, u8),
        Fields { deep: Box<Deep> },
        One(Box<Deep>),
    }
    let nodes: [fn(Deep) -> Deep; 3] = [
        |deep| Deep::Node(Box::new(deep), 1),
        |deep| Deep::Fields { deep: Box::new(deep) },
        |deep| Deep::One(Box::new(deep)),
    ];
    for node in nodes {
        let deep = (0..DEPTH_LIMIT).fold(Deep::Leaf, |deep, _| node(deep));
        assert!(converted::<_, value::Value>(&deep).is_ok());
        assert_eq!(converted::<_, Deep>(&deep), Ok(deep));
    }
}

#[test]
fn what_is_optional_without_end_is_refused() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(transparent)]
    struct Chain(Option<Box<Chain>>);
    converted::<u8, Chain>(&7).unwrap_err();
}

#[test]
fn a_number_that_does_not_fit_is_passed_over() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Before {
        share: f64,
        rest: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct After {
        #[serde(deserialize_with = "or_zero")]
        share: f32,
        rest: u8,
    }
    #[expect(clippy::unnecessary_wraps, reason = "serde wants a result")]
    fn or_zero<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Ok(f32::deserialize(deserializer).unwrap_or_default())
    }
    assert_eq!(converted(&Before { share: 0.1, rest: 7 }), Ok(After { share: 0.0, rest: 7 }));
}

#[test]
fn nesting_without_end_is_refused() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_some(self)
        }
    }
    let (mut schema, mut bytes) = (Schema::default(), vec![7]);
    assert_eq!(write(&Endless, &mut schema, &mut bytes), Err(WriteError::TooDeep));
    assert_eq!(bytes, [7]);
    let mut json = serde_json::json!(1);
    for _ in 0..120 {
        json = serde_json::Value::Array(vec![json]);
    }
    comes_back(json);
}

#[test]
fn what_is_new_is_told_and_no_more() {
    let (mut schema, mut bytes) = (Schema::default(), Vec::new());
    let sparse = |a| Sparse { a, b: 1, c: vec![] };
    assert_eq!(write(&sparse(None), &mut schema, &mut bytes), Ok(true));
    assert_eq!(write(&sparse(None), &mut schema, &mut bytes), Ok(false));
    assert_eq!(write(&sparse(Some(1)), &mut schema, &mut bytes), Ok(true));
    assert_eq!(write(&sparse(Some(1)), &mut schema, &mut bytes), Ok(false));
    assert_eq!(write(&sparse(None), &mut schema, &mut bytes), Ok(false));
}

#[test]
fn names_are_written_once() {
    let row = Row { id: 7, name: "x".to_owned(), ..Row::default() };
    let (mut schema, mut bytes) = (Schema::default(), Vec::new());
    write(&row, &mut schema, &mut bytes).unwrap();
    assert_eq!(bytes, postcard::to_stdvec(&row).unwrap_or_default());
}

#[test]
fn bytes_that_were_changed_are_refused_or_read_as_something() {
    let value = vec![Flat { a: 1, row: Row::default(), rest: BTreeMap::new() }];
    let (mut schema, mut bytes) = (Schema::default(), Vec::new());
    write(&value, &mut schema, &mut bytes).unwrap();
    let stored = postcard::to_stdvec(&schema).unwrap();
    for at in 0..stored.len() {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[at] ^= 1 << bit;
            let Ok(schema) = postcard::from_bytes::<Schema>(&changed) else { continue };
            if schema.is_sound() {
                let _ = read::<Vec<Flat>>(&schema, 1, &bytes);
                let _ = read::<serde_json::Value>(&schema, u32::MAX, &bytes);
                let _ = schema.to_string();
            }
        }
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let _ = read::<Vec<Flat>>(&schema, schema.version(), &changed);
            let _ = read::<value::Value>(&schema, schema.version(), &changed);
        }
        read::<Vec<Flat>>(&schema, schema.version(), &bytes[..at]).unwrap_err();
    }
}
