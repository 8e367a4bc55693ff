//! Tests that read values as types whose fields, variants or numbers have changed.

use std::collections::HashMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::kinds::{Shape, converted};

#[test]
fn fields_go_by_name() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Before {
        paid: u64,
        refused: u64,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Swapped {
        refused: u32,
        paid: i128,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Renamed {
        paid: u64,
        declined: u64,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct RenamedWithDefault {
        paid: u64,
        #[serde(default)]
        declined: u64,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct WithAlias {
        paid: u64,
        #[serde(alias = "refused")]
        declined: u64,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Fewer {
        paid: u64,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct More {
        paid: u64,
        refused: u64,
        #[serde(default)]
        new: u8,
    }
    let before = Before { paid: 3, refused: 9 };
    assert_eq!(converted(&before), Ok(Swapped { refused: 9, paid: 3 }));
    assert_eq!(converted(&before), Ok(WithAlias { paid: 3, declined: 9 }));
    assert_eq!(converted(&before), Ok(Fewer { paid: 3 }));
    assert_eq!(converted(&before), Ok(More { paid: 3, refused: 9, new: 0 }));
    let error = converted::<_, Renamed>(&before).unwrap_err();
    assert!(error.to_string().contains("missing field `declined`"), "{error}");
    assert_eq!(error.current(), Some("Renamed { paid, declined }"));
    let error = converted::<_, RenamedWithDefault>(&before).unwrap_err();
    assert!(error.to_string().contains("if it was renamed"), "{error}");
    converted::<_, (u64, u64)>(&before).unwrap_err();
    converted::<_, Before>(&(3_u64, 9_u64)).unwrap_err();
    converted::<_, Shape>(&before).unwrap_err();
    converted::<_, u32>(&u64::MAX).unwrap_err();
    converted::<_, Before>(&Before { paid: 1, refused: 2 }).unwrap();
    let error =
        converted::<_, Vec<(u8, Swapped)>>(&vec![(1, Before { paid: 1, refused: u64::MAX })]);
    assert!(error.unwrap_err().to_string().starts_with("in `[0][1].refused`: "));
}

#[test]
fn a_renamed_field_is_noticed_whatever_it_holds() {
    #[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
    struct Address {
        street: String,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Before<T> {
        paid: u64,
        address: T,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct After<T: Default> {
        paid: u64,
        #[serde(default)]
        home: T,
    }
    fn noticed<T: Serialize + DeserializeOwned + Default + Debug>(address: T) {
        let before = Before { paid: 1, address };
        let error = converted::<_, After<T>>(&before).unwrap_err().to_string();
        assert!(error.contains("if it was renamed"), "{error}");
    }
    let address = || Address { street: "x".to_owned() };
    noticed(address());
    noticed(Some(address()));
    noticed(vec![address()]);
    noticed(HashMap::from([(1_u8, address())]));
    noticed((1_u8, address()));
}

#[test]
fn variants_go_by_name() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    enum Before {
        Read,
        Write(u8),
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    enum After {
        Append,
        Write(u8),
        Read,
    }
    assert_eq!(converted(&[Before::Read, Before::Write(1)]), Ok([After::Read, After::Write(1)]));
    let error = converted::<_, Before>(&After::Append).unwrap_err();
    assert_eq!(error.current(), Some("Before: Read | Write"));
}

#[test]
fn numbers_change_their_type_without_loss_or_not_at_all() {
    assert_eq!(converted::<f64, f32>(&0.5), Ok(0.5));
    converted::<f64, f32>(&0.1).unwrap_err();
    assert_eq!(converted::<u64, f64>(&7), Ok(7.0));
    converted::<u64, f64>(&u64::MAX).unwrap_err();
    converted::<i64, f32>(&(i64::from(i32::MIN) - 1)).unwrap_err();
    assert_eq!(converted::<u64, f64>(&(1 << 60)), Ok(2_f64.powi(60)));
    converted::<u64, f64>(&((1 << 53) + 1)).unwrap_err();
    assert_eq!(converted::<u128, u64>(&7), Ok(7));
    assert_eq!(converted::<i128, i8>(&-7), Ok(-7));
    assert_eq!(converted::<u128, i8>(&7), Ok(7));
    assert_eq!(converted::<i128, u128>(&i128::MAX), Ok(i128::MAX.cast_unsigned()));
    converted::<u128, u64>(&u128::MAX).unwrap_err();
    assert_eq!(converted::<u8, Option<u64>>(&7), Ok(Some(7)));
    converted::<Option<u8>, u8>(&Some(7)).unwrap_err();
    converted::<[u8; 3], [u8; 2]>(&[1, 2, 3]).unwrap_err();
    converted::<[u8; 2], [u8; 3]>(&[1, 2]).unwrap_err();
    assert_eq!(converted::<[u8; 2], Vec<u8>>(&[1, 2]), Ok(vec![1, 2]));
}
