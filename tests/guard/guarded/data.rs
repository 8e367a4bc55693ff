//! Tests what a job may do with its data.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use safe_state::guard::{Data, Ended, Guard, GuardError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::tell;

/// Values that formats without field names can't read back.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shapes {
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u32>,
    tagged: Tagged,
    #[serde(flatten)]
    flat: HashMap<String, u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Row { id: u64 },
}

/// Runs a job that checks its data, and succeeds if all is right.
pub(crate) fn run() -> Result<Ended, GuardError> {
    Guard::new("data").rescue(tell).run(|data| {
        values(data)?;
        updates(data)?;
        threads(data)
    })
}

fn values(data: &Data) -> Result<(), GuardError> {
    assert!(data.is_empty() && !data.contains("a") && !data.remove("a"));
    assert_eq!(data.get::<u8>("a")?, None);
    let flat = [("more".to_owned(), 3)].into();
    let shapes = Shapes { left_out: None, tagged: Tagged::Row { id: 7 }, flat };
    data.insert("shapes", &shapes)?;
    assert_eq!(data.get("shapes")?, Some(shapes));
    let any = json!({"nested": [1, "two", null, {"three": 3.5}]});
    data.insert("any", &any)?;
    assert_eq!(data.get("any")?, Some(any));
    // The stored value is a copy from the time when it was inserted.
    let mut list = vec![1];
    data.insert("list", &list)?;
    list.push(2);
    assert_eq!(data.get::<Vec<u8>>("list")?, Some(vec![1]));
    data.insert("list", &list)?;
    assert_eq!(data.get::<Vec<u8>>("list")?, Some(vec![1, 2]));
    let other = data.get::<u32>("list").expect_err("it is a list");
    assert!(other.to_string().starts_with("`list` cannot be read as `u32`: "), "{other}");
    assert_eq!(data.keys(), ["any", "list", "shapes"]);
    assert!(data.remove("any") && !data.contains("any") && data.len() == 2);
    Ok(())
}

fn updates(data: &Data) -> Result<(), GuardError> {
    data.insert("n", 1)?;
    let fails = data.update(|data| {
        data.insert("n", 2)?;
        data.remove("list");
        assert_eq!((data.get("n")?, data.contains("list")), (Some(2), false));
        Err::<(), _>(GuardError::Undone)
    });
    assert!(fails.is_err() && data.get("n")? == Some(1) && data.contains("list"));
    let panics = catch_unwind(AssertUnwindSafe(|| {
        data.update(|data| -> Result<(), GuardError> {
            data.insert("n", 3)?;
            panic!("asked to panic")
        })
    }));
    assert!(panics.is_err() && data.get("n")? == Some(1));
    // A change that can't be made undoes the other changes of the update, even if the job ignores its error.
    let ignored = data.update(|data| {
        data.insert("n", 4)?;
        let _ = data.insert("n", Fails);
        data.insert("other", 4)
    });
    assert!(matches!(ignored, Err(GuardError::Undone)), "{ignored:?}");
    assert!(data.get("n")? == Some(1) && !data.contains("other"));
    let within = catch_unwind(AssertUnwindSafe(|| data.update(|_| data.insert("n", 5))));
    let said = within.expect_err("it would wait for itself");
    assert!(said.downcast_ref::<&str>().is_some_and(|said| said.contains("use the argument")));
    assert_eq!(data.get("n")?, Some(1));
    Ok(())
}

/// A value that can't be serialised.
struct Fails;

impl Serialize for Fails {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("asked to fail"))
    }
}

fn threads(data: &Data) -> Result<(), GuardError> {
    data.insert("sum", 0)?;
    let add = || {
        for _ in 0..1_000 {
            let added = data.update(|data| {
                let sum: u32 = data.get("sum")?.unwrap_or(0);
                data.insert("sum", sum + 1)
            });
            added.expect("there is room");
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
    assert_eq!(data.get("sum")?, Some(4_000));
    Ok(())
}
