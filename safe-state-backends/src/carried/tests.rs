//! Tests of how carried values are stored, and which are refused.

use std::any::type_name;

use serde::{Deserialize, Serialize};

use super::form::{Form, List};
use super::*;
use crate::{Results, value};

fn carried<T: Carry>(value: &T) -> Carried {
    value.change("it", Vec::new(), None).unwrap().unwrap().value
}

#[test]
fn a_value_comes_back() {
    let words = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(carried(&words).decode("it"), Ok(words));
}

#[test]
fn an_unchanged_value_is_not_saved_again() {
    let stored = carried(&7u64);
    assert_eq!(7u64.change("it", Vec::new(), Some(&stored)), Ok(None));
    assert!(7u64.change("it", vec![1], Some(&stored)).unwrap().is_some());
    assert!(8u64.change("it", Vec::new(), Some(&stored)).unwrap().is_some());
}

#[test]
fn a_save_of_results_has_only_what_was_pushed() {
    let mut results: Results<String> = Results::new();
    let mut stored = carried(&results);
    for count in 0..100 {
        results.push(format!("number {count}"));
        let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
        assert!(change.appends && change.value.bytes.len() < 16);
        let written = postcard::to_stdvec(&change).unwrap();
        let read: CarriedChange = postcard::from_bytes(&written).unwrap();
        assert!(count == 0 || read.value.lacks_names());
        stored.append(read.value.named_by(Some(&stored)));
    }
    assert_eq!(results.change("it", Vec::new(), Some(&stored)), Ok(None));
    assert_eq!(stored.decode::<Results<String>>("it").unwrap(), results);
}

#[test]
fn a_list_that_takes_the_place_of_another_is_saved_whole() {
    let mut results: Results<u8> = Results::new();
    results.extend([1, 2, 3]);
    let mut stored = carried(&results);
    for next in [vec![4, 5, 6], vec![7], vec![8, 9, 10, 11]] {
        results = Results::new();
        results.extend(next);
        let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
        stored = if change.appends { panic!("appended") } else { change.value };
        assert_eq!(stored.decode::<Results<u8>>("it").unwrap(), results);
    }
}

#[test]
fn what_would_not_read_back_is_refused_where_it_first_shows() {
    /// A struct whose `Deserialize` gives another value for what its `Serialize` leaves out.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
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
    let stored = carried(&Lossy { count: 1 });
    let refused = Lossy { count: 0 }.change("it", Vec::new(), Some(&stored)).unwrap_err();
    assert!(refused.to_string().contains("does not read back as what was written"), "{refused}");
    let mut results = Results::new();
    results.extend([Lossy { count: 1 }, Lossy { count: 0 }]);
    results.change("it", Vec::new(), None).unwrap_err();
}

#[test]
fn what_is_left_out_by_default_comes_back() {
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<u8>,
        sum: u8,
    }
    let (whole, sparse) = (Sparse { last: Some(1), sum: 2 }, Sparse::default());
    let stored = carried(&whole);
    let change = sparse.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
    assert_eq!(change.value.named_by(Some(&stored)).decode("it"), Ok(sparse.clone()));
    let mut results = Results::new();
    let mut stored = carried(&results);
    for next in [&whole, &sparse, &whole, &sparse] {
        results.push(next.clone());
        let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
        assert!(change.appends);
        let added = change.value.named_by(Some(&stored));
        stored.append(added);
        assert_eq!(stored.decode::<Results<Sparse>>("it").unwrap(), results);
    }
    assert_eq!(stored.form.elements(), Some(4));
}

#[test]
fn what_is_never_saved_is_nothing_that_is_lost() {
    #[derive(Serialize, Deserialize)]
    struct Cached {
        #[serde(skip)]
        cache: Vec<u8>,
        sum: u8,
    }
    let back: Cached = carried(&Cached { cache: vec![2], sum: 3 }).decode("it").unwrap();
    assert_eq!((back.cache, back.sum), (vec![], 3));
}

#[test]
fn what_is_read_and_never_written_is_refused() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Tally {
        #[serde(alias = "number", alias = "sum")]
        count: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<u8>,
        #[serde(skip_serializing)]
        misses: u8,
    }
    #[derive(Debug, Serialize, Deserialize)]
    enum Event {
        Named {
            #[serde(alias = "title")]
            name: String,
            #[serde(default, skip_serializing)]
            misses: u8,
        },
        Empty,
    }
    let refused = Tally::default().change("it", Vec::new(), None).unwrap_err().to_string();
    assert!(refused.contains("takes `misses`, which its `Serialize` does not write"), "{refused}");
    let inside = vec![Event::Empty, Event::Named { name: "a".to_owned(), misses: 1 }];
    let refused = inside.change("it", Vec::new(), None).unwrap_err().to_string();
    assert!(refused.contains("takes `misses`"), "{refused}");
    let mut results = Results::new();
    results.push(Event::Empty);
    let stored = carried(&results);
    results.push(Event::Named { name: "a".to_owned(), misses: 1 });
    results.change("it", Vec::new(), Some(&stored)).unwrap_err();
}

#[test]
fn a_field_by_another_name_is_written() {
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Tally {
        #[serde(alias = "number", alias = "sum")]
        count: u8,
        #[serde(alias = "latest", skip_serializing_if = "Option::is_none")]
        last: Option<u8>,
        #[serde(skip)]
        cache: u8,
    }
    let mut stored: Option<Carried> = None;
    for (count, last) in [(1, None), (2, Some(3)), (4, None)] {
        let read = Tally { count, last, cache: 0 };
        let change = read.change("it", Vec::new(), stored.as_ref()).unwrap().unwrap();
        let value = change.value.named_by(stored.as_ref());
        assert_eq!(value.decode("it"), Ok(read));
        stored = Some(value);
    }
}

#[test]
fn a_change_tells_its_names_once() {
    let first = (1_u8, "text".to_owned()).change("it", Vec::new(), None).unwrap().unwrap();
    assert!(!first.value.lacks_names());
    let stored = first.value;
    let second = (2_u8, String::new()).change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
    let written = postcard::to_stdvec(&second).unwrap();
    let read: CarriedChange = postcard::from_bytes(&written).unwrap();
    assert!(read.value.lacks_names());
    assert!(written.len() + 8 < postcard::to_stdvec(&stored).unwrap().len());
    let value = read.value.named_by(Some(&stored));
    assert_eq!(value.decode("it"), Ok((2_u8, String::new())));
}

#[test]
fn values_of_format_1_come_back_as_their_type_alone() {
    let plain = |form, bytes: &[u8]| Carried::new::<Vec<u16>>(Vec::new(), form, bytes.to_vec());
    let stored = plain(Form::Plain, &[2, 1, 0xac, 2]);
    assert_eq!(stored.decode("it"), Ok(vec![1_u16, 300]));
    assert!(matches!(stored.decode::<Vec<u32>>("it"), Err(CarriedError::TypeChanged { .. })));
    assert!(vec![1_u16, 300].change("it", Vec::new(), Some(&stored)).unwrap().is_some());
    let list = plain(Form::PlainList(2), &[1, 0xac, 2]);
    assert_eq!(list.decode("it"), Ok(vec![1_u16, 300]));
    for damaged in [plain(Form::Plain, &[2, 1]), plain(Form::PlainList(3), &[1, 2])] {
        let refused = damaged.decode::<Vec<u16>>("it");
        assert!(matches!(refused, Err(CarriedError::ShapeChanged { .. })), "{refused:?}");
    }
}

#[test]
fn another_type_is_taken_without_loss_or_named() {
    assert_eq!(carried(&7_i64).decode("sum"), Ok(7_u64));
    let error = carried(&-7_i64).decode::<u64>("sum").unwrap_err().to_string();
    assert!(error.starts_with("`sum` was saved as `i64`"), "{error}");
    assert!(error.contains("`u64`"), "{error}");
}

#[test]
fn damaged_bytes_are_no_value() {
    let longer = Carried { bytes: vec![1, 2, 3].into(), ..carried(&7_u64) };
    longer.decode::<u64>("sum").unwrap_err();
    let Form::Named(named) = carried(&7_u64).form else { panic!("no names") };
    let section = value::Section { version: 1, elements: 3, len: 2 };
    let fewer = Form::NamedList(Box::new(List(named.0, vec![section])));
    let fewer = Carried { form: fewer, ..carried(&7_u64) };
    fewer.decode::<Results<u64>>("it").unwrap_err();
}

#[test]
fn lists_that_change_places_are_saved_whole() {
    let lists = || {
        let (mut a, mut b) = (Results::new(), Results::new());
        a.extend([1_u8]);
        b.extend([2_u8]);
        (a, b)
    };
    let save = |name: &str, list: &Results<u8>, stored: &mut Option<Carried>| {
        let change = list.change(name, Vec::new(), stored.as_ref()).unwrap();
        let Some(CarriedChange { appends, value, .. }) = change else { return };
        let value = value.named_by(stored.as_ref());
        match stored.as_mut().filter(|_| appends) {
            Some(stored) => stored.append(value),
            None => *stored = Some(value),
        }
    };
    let back = |stored: &Option<Carried>| stored.as_ref().unwrap().decode::<Vec<u8>>("it").unwrap();
    for pushes in [false, true] {
        let (mut a, mut b) = lists();
        let (mut stored_a, mut stored_b) = (None, None);
        save("a", &a, &mut stored_a);
        save("b", &b, &mut stored_b);
        std::mem::swap(&mut a, &mut b);
        if pushes {
            a.push(3);
        }
        let mark = a.mark();
        save("a", &a, &mut stored_a);
        save("b", &b, &mut stored_b);
        assert_eq!((back(&stored_a), back(&stored_b)), (a.to_vec(), b.to_vec()));
        std::mem::swap(&mut a, &mut b);
        assert!(!a.undo(mark), "it is another list");
        assert!(b.undo(mark));
    }
}

#[test]
fn a_list_of_the_same_name_and_length_is_another_one() {
    let list = |elements: [u8; 3]| {
        let mut list = Results::new();
        list.extend(elements);
        list
    };
    let (one, other) = (list([1, 2, 3]), list([4, 5, 6]));
    let (stored_one, stored_other) = (carried(&one), carried(&other));
    let change = other.change("it", Vec::new(), Some(&stored_one)).unwrap().unwrap();
    assert!(!change.appends);
    assert_eq!(change.value.decode::<Vec<u8>>("it"), Ok(vec![4, 5, 6]));
    assert_eq!(one.change("it", Vec::new(), Some(&stored_one)), Ok(None));
    // A decoded value belongs to no list of this process until it is restored.
    let read: Carried = postcard::from_bytes(&postcard::to_stdvec(&stored_other).unwrap()).unwrap();
    assert!(!other.change("it", Vec::new(), Some(&read)).unwrap().unwrap().appends);
    let mut back = Results::<u8>::restore("it", &read).unwrap();
    assert_eq!(back.change("it", Vec::new(), Some(&read)), Ok(None));
    back.push(7);
    let change = back.change("it", Vec::new(), Some(&read)).unwrap().unwrap();
    assert!(change.appends);
}

#[test]
fn what_is_taken_back_of_a_saved_list_is_written_anew() {
    let mut results = Results::new();
    let mark = results.mark();
    results.extend([1_u8, 2]);
    let stored = carried(&results);
    assert!(results.undo(mark));
    results.extend([3, 4, 5]);
    let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
    assert!(!change.appends);
    assert_eq!(change.value.decode::<Vec<u8>>("it"), Ok(vec![3, 4, 5]));
}

#[test]
fn stored_results_are_read_one_by_one() {
    let mut results = Results::new();
    let mut stored = carried(&results);
    // The elements have several versions of the schema.
    for row in [serde_json::json!(1), serde_json::json!("a"), serde_json::json!([null])] {
        results.push(row);
        let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
        stored.append(change.value.named_by(Some(&stored)));
    }
    let mut read = StoredResults::<serde_json::Value>::of(&stored, "it").unwrap();
    assert_eq!(read.size_hint(), (0, Some(3)));
    for row in &results {
        assert_eq!(read.next().unwrap().as_ref(), Ok(row));
    }
    assert!(read.next().is_none());
    let mut numbers = StoredResults::<u8>::of(&stored, "it").unwrap();
    assert_eq!(numbers.next(), Some(Ok(1)));
    numbers.next().unwrap().unwrap_err();
    assert!(numbers.next().is_none());
    let plain = Carried::new::<Results<u16>>(Vec::new(), Form::PlainList(2), vec![1, 0xac, 2]);
    let read: Result<Vec<u16>, _> = StoredResults::<u16>::of(&plain, "it").unwrap().collect();
    assert_eq!(read, Ok(vec![1, 300]));
    StoredResults::<u8>::of(&carried(&vec![1_u8]), "it").unwrap_err();
}

#[test]
fn a_list_is_no_struct_with_as_many_fields() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is not to be read")]
    struct Sums {
        paid: u64,
        refused: u64,
    }
    let mut list = Results::new();
    list.extend([3_u64, 9]);
    let error = carried(&list).decode::<Sums>("it").unwrap_err().to_string();
    assert!(error.contains("Sums { paid, refused }"), "{error}");
}

#[test]
fn what_is_left_out_of_a_struct_with_other_fields_by_now_is_looked_at_too() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "Lossy")]
    struct Before {
        count: u8,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Lossy {
        #[serde(default = "seven", skip_serializing_if = "is_zero")]
        count: u8,
        extra: Option<u8>,
    }
    fn seven() -> u8 {
        7
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_zero(count: &u8) -> bool {
        *count == 0
    }
    let mut stored = carried(&Before { count: 1 });
    stored.type_name = type_name::<Lossy>().into();
    let save = |count, stored: &Carried| {
        let value = Lossy { count, extra: None };
        let change = value.change("it", Vec::new(), Some(stored))?;
        Ok::<_, CarriedError>(change.unwrap().value.named_by(Some(stored)))
    };
    stored = save(2, &stored).unwrap();
    save(0, &stored).unwrap_err();
}

#[test]
fn a_list_that_has_seen_too_many_versions_is_written_anew() {
    let mut results: Results<[serde_json::Value; 20]> = Results::new();
    let mut stored = carried(&results);
    let mut replaced = 0;
    for place in 0..20 {
        // Each push puts another kind at one place, so the version goes up each time.
        let mut row = std::array::from_fn(|_| serde_json::json!(1));
        results.push(row.clone());
        row[place] = serde_json::json!("text");
        results.push(row);
        let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
        let (appends, value) = (change.appends, change.value.named_by(Some(&stored)));
        replaced += usize::from(!appends);
        if appends {
            stored.append(value);
        } else {
            stored = value;
        }
        assert_eq!(stored.decode::<Results<[serde_json::Value; 20]>>("it").unwrap(), results);
    }
    assert_eq!((replaced, stored.form.elements()), (1, Some(40)));
}
