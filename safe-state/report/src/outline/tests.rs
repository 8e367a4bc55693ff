use std::collections::BTreeMap;

use serde::Serialize;

use super::*;

#[derive(Serialize)]
struct Order {
    id: u64,
    lines: Vec<Line>,
    password: &'static str,
    state: State,
}

#[derive(Serialize)]
struct Line(&'static str, u8);

#[derive(Serialize)]
enum State {
    Sent { at: BTreeMap<u8, f64> },
}

fn lines<T: Serialize + ?Sized>(depth: u8, value: &T) -> Vec<String> {
    let shown = outline(Origin::Item, "it", depth, value).into_iter();
    shown.map(|it| format!("{}{} = {}", "  ".repeat(it.depth.into()), it.name, it.text)).collect()
}

fn order() -> Order {
    let state = State::Sent { at: BTreeMap::from([(1, 0.5)]) };
    Order { id: 7, lines: vec![Line("a", 1)], password: "hunter2", state }
}

#[test]
fn a_value_is_shown_with_its_parts() {
    let expected = [
        "it = Order (4)",
        "  id = 7",
        "  lines = list (1)",
        "    0 = Line (2)",
        "      0 = \"a\"",
        "      1 = 1",
        "  password = ***",
        "  state = State::Sent (1)",
        "    at = map (1)",
        "      1 = 0.5",
    ];
    assert_eq!(lines(9, &order()), expected);
}

#[test]
fn what_lies_deeper_is_counted() {
    let expected = [
        "it = Order (4)",
        "  id = 7",
        "  lines = list (1, not all shown)",
        "  password = ***",
        "  state = State::Sent (1, not all shown)",
    ];
    assert_eq!(lines(1, &order()), expected);
    assert_eq!(lines(0, &order()), ["it = Order (4, not all shown)"]);
}

/// An element whose `Serialize` counts how often it is called.
struct Counted<'a>(&'a std::cell::Cell<u64>);

impl Serialize for Counted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        serializer.serialize_u8(1)
    }
}

/// A list that never ends.
struct Endless<'a>(&'a std::cell::Cell<u64>);

impl Serialize for Endless<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::repeat_with(|| Counted(self.0)))
    }
}

#[test]
fn long_lists_are_cut_and_endless_ones_left() {
    let long = vec![vec![0_u8; 1000]; 1000];
    let shown = lines(9, &long);
    assert!(shown.len() <= ALL, "{}", shown.len());
    assert_eq!(shown[0], "it = list (1000, not all shown)");
    let looked_at = std::cell::Cell::new(0);
    assert!(lines(9, &Endless(&looked_at)).len() <= PARTS + 2);
    assert!(looked_at.get() <= PARTS as u64);
}

#[test]
fn a_gigabyte_of_text_is_cut() {
    let text = "x".repeat(1 << 30);
    let shown = lines(9, &text);
    assert!(shown.len() == 1 && shown[0].len() < 2 * TEXT);
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("locked"))
    }
}

#[test]
fn a_value_that_fails_to_serialise_is_shown_as_far_as_it_came() {
    assert_eq!(lines(9, &(1, Fails, 2)), ["it = tuple", "  0 = 1", "  1 = (locked)"]);
}

#[derive(Serialize)]
struct Password(&'static str);

#[derive(Serialize)]
struct Header {
    name: &'static str,
    value: &'static str,
}

#[test]
fn a_secret_is_known_by_whatever_names_it() {
    assert_eq!(lines(9, &Password("hunter2")), ["it = ***"]);
    assert_eq!(lines(9, &Some(Password("hunter2"))), ["it = ***"]);
    let pairs = [("user", "me"), ("password", "hunter2")];
    let headers =
        [Header { name: "Accept", value: "text" }, Header { name: "X-Api-Key", value: "hunter2" }];
    let urls =
        ["postgres://me:hunter2@db/jobs", "host=h password=hunter2", "{\"token\":\"hunter2\"}"];
    for shown in [lines(9, &pairs), lines(9, &headers), lines(9, &urls)] {
        let shown = shown.join("\n");
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    }
    assert!(lines(9, &pairs).join("\n").contains("me"));
    assert_eq!(lines(0, &BTreeMap::from([("tokens", 3)])), ["it = map (1, not all shown)"]);
}
