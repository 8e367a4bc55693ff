//! Tests that read values of types with `serde` attributes as types whose attributes have changed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU64};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::kinds::converted;

/// Reads a value as another type; returns an error if that type can't hold it.
fn becomes<T: Serialize, U: DeserializeOwned>(value: T) -> Result<U, String> {
    converted(&value).map_err(|error| error.to_string())
}

fn is_refused<T: Serialize, U: DeserializeOwned + Debug>(value: T, because: &str) {
    let error = becomes::<T, U>(value).unwrap_err();
    assert!(error.contains(because), "{error}");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sizes {
    width: u64,
    height: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u64,
    #[serde(flatten)]
    sizes: Sizes,
}

#[test]
fn what_is_flattened_goes_by_name() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Whole {
        height: u64,
        id: u64,
        width: u64,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Rest {
        id: u64,
        #[serde(flatten)]
        rest: BTreeMap<String, u64>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        id: u64,
        sizes: Sizes,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tall {
        width: u64,
        tallness: u64,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Renamed {
        id: u64,
        #[serde(flatten)]
        sizes: Tall,
    }
    let sizes = || Sizes { width: 3, height: 9 };
    let flat = || Flat { id: 1, sizes: sizes() };
    assert_eq!(becomes(flat()), Ok(Whole { height: 9, id: 1, width: 3 }));
    assert_eq!(becomes(Whole { height: 9, id: 1, width: 3 }), Ok(flat()));
    let rest = BTreeMap::from([("width".to_owned(), 3), ("height".to_owned(), 9)]);
    assert_eq!(becomes(flat()), Ok(Rest { id: 1, rest: rest.clone() }));
    assert_eq!(becomes(Rest { id: 1, rest }), Ok(flat()));
    is_refused::<_, Inner>(flat(), "sizes");
    is_refused::<_, Flat>(Inner { id: 1, sizes: sizes() }, "width");
    is_refused::<_, Renamed>(flat(), "tallness");
}

#[test]
fn tags_and_their_places_are_refused_where_they_differ() {
    macro_rules! kinds {
        ($($name:ident: $($with:meta)?;)*) => { $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            $(#[serde($with)])?
            pub(super) enum $name {
                Empty,
                Sized(Sizes),
                Named { width: u64 },
            }
        )* };
    }
    mod within {
        use super::{Deserialize, Serialize, Sizes};
        kinds! { Kind: tag = "kind"; }
    }
    mod other {
        use super::{Deserialize, Serialize, Sizes};
        kinds! { Kind: tag = "type"; }
    }
    mod outside {
        use super::{Deserialize, Serialize, Sizes};
        kinds! { Kind: ; }
    }
    mod beside {
        use super::{Deserialize, Serialize, Sizes};
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "t", content = "c")]
        pub(super) enum Kind {
            Named { width: u64 },
            Empty,
            Sized(Sizes),
        }
    }
    let sizes = Sizes { width: 3, height: 9 };
    for value in
        [within::Kind::Empty, within::Kind::Sized(sizes.clone()), within::Kind::Named { width: 4 }]
    {
        assert_eq!(becomes(value.clone()), Ok(value.clone()));
        becomes::<_, other::Kind>(value.clone()).unwrap_err();
        becomes::<_, outside::Kind>(value.clone()).unwrap_err();
        becomes::<_, beside::Kind>(value).unwrap_err();
    }
    for value in [beside::Kind::Empty, beside::Kind::Sized(sizes), beside::Kind::Named { width: 4 }]
    {
        assert_eq!(becomes(value.clone()), Ok(value.clone()));
        becomes::<_, within::Kind>(value.clone()).unwrap_err();
        becomes::<_, outside::Kind>(value).unwrap_err();
    }
}

#[test]
fn names_by_another_rule_are_refused_and_an_alias_takes_them() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Camel {
        first_row: u64,
        last_row: Option<u64>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Snake {
        first_row: u64,
        last_row: Option<u64>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Either {
        #[serde(alias = "firstRow")]
        first_row: u64,
        #[serde(alias = "lastRow")]
        last_row: Option<u64>,
    }
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct AnyOf {
        first_row: u64,
        last_row: Option<u64>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct OnlyAnOption {
        #[serde(rename = "firstRow")]
        first_row: u64,
        ended_at: Option<u64>,
    }
    let camel = || Camel { first_row: 1, last_row: Some(2) };
    is_refused::<_, Snake>(camel(), "first_row");
    is_refused::<_, AnyOf>(camel(), "renamed");
    assert_eq!(becomes(camel()), Ok(Either { first_row: 1, last_row: Some(2) }));
    is_refused::<_, OnlyAnOption>(camel(), "renamed");
}

#[test]
fn variants_with_values_that_changed_places_are_what_they_were() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Before {
        Wait(Duration),
        Go { to: PathBuf, by: NonZeroU8 },
        Two(u8, i8),
        Stop,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum After {
        Stop,
        New(u8),
        Two(i16, i16),
        Go { by: NonZeroU64, to: PathBuf, why: Option<String> },
        Wait(Duration),
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Other {
        Stop(u8),
        Two { first: u8, second: i8 },
        Go(PathBuf, u8),
        Wait,
    }
    let by = NonZeroU8::new(7).unwrap();
    let all = [
        (Before::Wait(Duration::MAX), After::Wait(Duration::MAX)),
        (Before::Go { to: "a".into(), by }, After::Go { by: by.into(), to: "a".into(), why: None }),
        (Before::Two(1, -1), After::Two(1, -1)),
        (Before::Stop, After::Stop),
    ];
    for (before, after) in all {
        assert_eq!(becomes(before.clone()), Ok(after.clone()));
        becomes::<_, Other>(before.clone()).unwrap_err();
        assert_eq!(becomes(vec![Some(before)]), Ok(vec![Some(after)]));
    }
    becomes::<_, NonZeroU8>(0_u8).unwrap_err();
    becomes::<_, Before>(After::New(1)).unwrap_err();
}

#[test]
fn what_was_made_by_other_functions_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Plain {
        id: u64,
    }
    mod in_hex {
        #[expect(clippy::trivially_copy_pass_by_ref, reason = "`serde` calls it so")]
        pub(super) fn serialize<S: serde::Serializer>(id: &u64, to: S) -> Result<S::Ok, S::Error> {
            to.collect_str(&format_args!("{id:x}"))
        }
        pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
            from: D,
        ) -> Result<u64, D::Error> {
            let text: String = serde::Deserialize::deserialize(from)?;
            u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
        }
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct InHex {
        #[serde(with = "in_hex")]
        id: u64,
    }
    assert_eq!(becomes(InHex { id: 255 }), Ok(InHex { id: 255 }));
    becomes::<_, InHex>(Plain { id: 255 }).unwrap_err();
    becomes::<_, Plain>(InHex { id: 255 }).unwrap_err();
    let now = SystemTime::UNIX_EPOCH + Duration::new(7, 9);
    assert_eq!(becomes(now), Ok(now));
    becomes::<_, SystemTime>(Duration::new(7, 9)).unwrap_err();
    let address: IpAddr = [127, 0, 0, 1].into();
    assert_eq!(becomes(address), Ok(address));
    assert_eq!(becomes(address), Ok("127.0.0.1".to_owned()));
    assert_eq!(becomes::<_, IpAddr>("::1".to_owned()), Ok("::1".parse().unwrap()));
    becomes::<_, IpAddr>([127_u8, 0, 0, 1]).unwrap_err();
}

/// For an untagged enum, `serde` itself decides which variant a value is. No reader of the bytes can see that.
#[test]
fn what_no_tag_tells_goes_by_the_first_that_takes_it() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Before {
        Area { width: u64, height: u64 },
        Line { width: u64 },
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum After {
        Line { width: u64 },
        Area { width: u64, height: u64 },
    }
    let area = Before::Area { width: 3, height: 9 };
    assert_eq!(becomes(area.clone()), Ok(area.clone()));
    assert_eq!(becomes(area), Ok(After::Line { width: 3 }));
}
