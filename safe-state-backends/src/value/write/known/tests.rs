use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{Bytes, rewrite_any, write as write_new};
use super::write;
use crate::value::Schema;

#[derive(Clone, Default, Serialize)]
struct All {
    flag: bool,
    small: (i8, u8, char),
    signed: (i16, i32, i64),
    unsigned: [u64; 5],
    floats: (f32, f64),
    text: String,
    maybe: Option<Wrapped>,
    kind: Kind,
    map: BTreeMap<String, u32>,
    lists: (Vec<u8>, Vec<f64>, Vec<u16>),
    empty: (),
}

#[derive(Clone, Default, Serialize)]
struct Wrapped(u32);

#[derive(Clone, Default, Serialize)]
enum Kind {
    #[default]
    None,
    One(u64),
    Two(u8, u8),
}

fn full() -> All {
    All {
        flag: true,
        small: (-7, 200, '\u{1f980}'),
        signed: (-300, 70_000, i64::MIN),
        unsigned: [0, 127, 128, 1 << 35, u64::MAX],
        floats: (0.5, -1e300),
        text: "text".repeat(40),
        maybe: Some(Wrapped(300)),
        kind: Kind::One(1 << 20),
        map: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1000)]),
        lists: (vec![1; 50], vec![0.25; 5], vec![1, 300]),
        empty: (),
    }
}

/// Returns a schema that has seen the values.
fn schema(values: &[&All]) -> Schema {
    values.iter().fold(Schema::default(), |schema, value| {
        let (written, _) = write_new(*value, Cow::Owned(schema), Bytes::default());
        written.unwrap().0.into_owned()
    })
}

/// Returns what this encoding writes, after a check that the general encoding writes the same.
fn written(value: &All, schema: &Schema, room: usize) -> Option<Vec<u8>> {
    let (mut here, mut there) = (vec![0; room], vec![0; room]);
    let len = write(value, schema, &mut here)?;
    assert_eq!(rewrite_any(value, schema, &mut there), Some(len));
    assert_eq!(here[..len], there[..len]);
    Some(here[..len].to_vec())
}

#[test]
fn a_value_that_is_written_here_is_as_it_is_written_elsewhere() {
    let none = All { kind: Kind::None, ..All::default() };
    let schema = schema(&[&full(), &none]);
    let other = All { maybe: None, kind: Kind::One(5), text: String::new(), ..full() };
    for value in [full(), none, other] {
        let bytes = written(&value, &schema, 1000).unwrap();
        assert_eq!(written(&value, &schema, bytes.len()), Some(bytes.clone()));
        for room in 0..bytes.len() {
            assert_eq!(written(&value, &schema, room), None);
        }
    }
}

#[test]
fn what_is_new_is_not_written_here() {
    let schema = schema(&[&All::default()]);
    assert!(written(&All::default(), &schema, 1000).is_some());
    assert!(written(&full(), &schema, 1000).is_none());
    for value in [
        All { maybe: Some(Wrapped(1)), ..All::default() },
        All { kind: Kind::One(1), ..All::default() },
        All { kind: Kind::Two(1, 2), ..All::default() },
        All { map: full().map, ..All::default() },
    ] {
        assert!(written(&value, &schema, 1000).is_none());
    }
}

#[test]
fn numbers_of_each_length_are_written() {
    let schema = schema(&[&full()]);
    for bits in 0..64 {
        let unsigned = [1 << bits, (1 << bits) - 1, u64::MAX >> bits, 0, 1];
        assert!(written(&All { unsigned, ..full() }, &schema, 1000).is_some());
    }
}
