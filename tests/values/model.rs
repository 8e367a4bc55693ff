//! A test with random values, written one after another with one schema: each reads back, whatever came before it.

use proptest::prelude::*;
use serde::ser::{SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleVariant};
use serde::{Serialize, Serializer};

use safe_state_backends::value::{Schema, Value, read};

use super::kinds::write;

/// A value that calls a serializer in any possible way.
#[derive(Clone, Debug)]
enum Any {
    Plain(Value),
    Some(Box<Any>),
    List(Vec<Any>, bool),
    Tuple(Vec<Any>),
    Map(Vec<(Any, Any)>, bool),
    /// A struct: its name and its fields. Fields without a value are skipped.
    Struct(usize, Vec<(usize, Option<Any>)>),
    UnitVariant(usize, usize),
    NewtypeVariant(usize, usize, Box<Any>),
    TupleVariant(usize, usize, Vec<Any>),
    StructVariant(usize, usize, Vec<(usize, Option<Any>)>),
}

const NAMES: [&str; 4] = ["A", "B", "C", "D"];

impl Any {
    /// Returns the value that has to be read back.
    fn value(&self) -> Value {
        let list = |them: &[Any]| Value::List(them.iter().map(Any::value).collect());
        let fields = |them: &[(usize, Option<Any>)]| {
            let there =
                them.iter().filter_map(|(name, it)| Some((text(*name), it.as_ref()?.value())));
            Value::Map(there.collect())
        };
        let variant = |name: usize, it| Value::Map(vec![(text(name), it)]);
        match self {
            Any::Plain(value) => value.clone(),
            Any::Some(it) => Value::Option(Some(Box::new(it.value()))),
            Any::List(them, _) | Any::Tuple(them) => list(them),
            Any::Map(them, _) => {
                Value::Map(them.iter().map(|(key, it)| (key.value(), it.value())).collect())
            }
            Any::Struct(_, them) => fields(them),
            Any::UnitVariant(_, name) => text(*name),
            Any::NewtypeVariant(_, name, it) => variant(*name, it.value()),
            Any::TupleVariant(_, name, them) => variant(*name, list(them)),
            Any::StructVariant(_, name, them) => variant(*name, fields(them)),
        }
    }
}

fn text(name: usize) -> Value {
    Value::Text(NAMES[name].to_owned())
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{SerializeMap, SerializeSeq};
        let number = |name: &usize| u32::try_from(*name).unwrap();
        match self {
            Any::Plain(value) => value.serialize(serializer),
            Any::Some(it) => serializer.serialize_some(it),
            Any::List(them, has_len) => {
                let mut list = serializer.serialize_seq(has_len.then_some(them.len()))?;
                them.iter().try_for_each(|it| list.serialize_element(it))?;
                list.end()
            }
            Any::Tuple(them) => {
                let mut tuple = serializer.serialize_tuple(them.len())?;
                them.iter().try_for_each(|it| tuple.serialize_element(it))?;
                tuple.end()
            }
            Any::Map(them, has_len) => {
                let mut map = serializer.serialize_map(has_len.then_some(them.len()))?;
                them.iter().try_for_each(|(key, it)| map.serialize_entry(key, it))?;
                map.end()
            }
            Any::Struct(name, them) => {
                let mut fields = serializer.serialize_struct(NAMES[*name], them.len())?;
                for (name, it) in them {
                    match it {
                        Some(it) => fields.serialize_field(NAMES[*name], it)?,
                        None => fields.skip_field(NAMES[*name])?,
                    }
                }
                fields.end()
            }
            Any::UnitVariant(of, name) => {
                serializer.serialize_unit_variant(NAMES[*of], number(name), NAMES[*name])
            }
            Any::NewtypeVariant(of, name, it) => {
                serializer.serialize_newtype_variant(NAMES[*of], number(name), NAMES[*name], it)
            }
            Any::TupleVariant(of, name, them) => {
                let (at, len) = (number(name), them.len());
                let mut tuple =
                    serializer.serialize_tuple_variant(NAMES[*of], at, NAMES[*name], len)?;
                them.iter().try_for_each(|it| tuple.serialize_field(it))?;
                tuple.end()
            }
            Any::StructVariant(of, name, them) => {
                let (at, len) = (number(name), them.len());
                let mut fields =
                    serializer.serialize_struct_variant(NAMES[*of], at, NAMES[*name], len)?;
                for (name, it) in them {
                    match it {
                        Some(it) => fields.serialize_field(NAMES[*name], it)?,
                        None => fields.skip_field(NAMES[*name])?,
                    }
                }
                fields.end()
            }
        }
    }
}

fn one() -> impl Strategy<Value = Any> {
    let plain = prop_oneof![
        Just(Value::Unit),
        Just(Value::Option(None)),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(|it| Value::Unsigned(it.into())),
        any::<i64>().prop_map(|it| Value::Signed(it.into())),
        any::<f32>().prop_filter("equal to itself", |it| !it.is_nan()).prop_map(Value::Single),
        "[a-c]{0,2}".prop_map(Value::Text),
        proptest::collection::vec(0..3_u8, 0..3).prop_map(Value::Bytes),
    ];
    plain.prop_map(Any::Plain).prop_recursive(4, 24, 3, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 0..3);
        let fields = || {
            let field = prop_oneof![3 => inner.clone().prop_map(Some), 1 => Just(None)];
            let order = Just(vec![0, 1, 2, 3]).prop_shuffle();
            let fields = (order, proptest::collection::vec(field, 0..4));
            fields.prop_map(|(order, them)| order.into_iter().zip(them).collect::<Vec<_>>())
        };
        prop_oneof![
            inner.clone().prop_map(|it| Any::Some(Box::new(it))),
            (list(), any::<bool>()).prop_map(|(them, has_len)| Any::List(them, has_len)),
            list().prop_map(Any::Tuple),
            (proptest::collection::vec((inner.clone(), inner.clone()), 0..3), any::<bool>())
                .prop_map(|(them, has_len)| Any::Map(them, has_len)),
            (0..2_usize, fields()).prop_map(|(name, them)| Any::Struct(name, them)),
            (0..2_usize, 0..3_usize).prop_map(|(of, name)| Any::UnitVariant(of, name)),
            (0..2_usize, 0..3_usize, inner.clone()).prop_map(|(of, name, it)| Any::NewtypeVariant(
                of,
                name,
                Box::new(it)
            )),
            (0..2_usize, 0..3_usize, list())
                .prop_map(|(of, name, them)| Any::TupleVariant(of, name, them)),
            (0..2_usize, 0..3_usize, fields())
                .prop_map(|(of, name, them)| Any::StructVariant(of, name, them)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn each_value_reads_back_whatever_was_written_before_it(values in proptest::collection::vec(one(), 1..6)) {
        let mut schema = Schema::default();
        let mut written = Vec::new();
        for value in &values {
            let mut bytes = Vec::new();
            write(value, &mut schema, &mut bytes).unwrap();
            written.push((schema.version(), bytes));
            // The schema is decoded again before each value, as by a run that resumes.
            schema = postcard::from_bytes(&postcard::to_stdvec(&schema).unwrap()).unwrap();
            prop_assert!(schema.is_sound());
        }
        for (value, (version, bytes)) in values.iter().zip(&written) {
            prop_assert_eq!(read::<Value>(&schema, *version, bytes), Ok(value.value()));
        }
    }
}
