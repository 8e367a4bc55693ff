// Values of the types that programs carry come back as they were, whichever of their forms shows first.

// kept repeats 3
mod numbers_of_all_widths {
    use std::num::{NonZeroU8, NonZeroI128, Wrapping, Saturating};
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct All { wide: i128, top: u128, small: NonZeroU8, odd: Option<NonZeroI128>, round: Wrapping<u8>, full: Saturating<i8> }
    #[resumable(backend = store(), carry(all))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut all = All { wide: i128::MIN, top: u128::MAX, small: NonZeroU8::MAX, odd: None, round: Wrapping(250), full: Saturating(120) };
        #[resume]
        for value in values {
            step("value", (value, &all))?;
            all.wide = all.wide.wrapping_sub(1).wrapping_mul(3);
            all.top /= 7;
            all.small = NonZeroU8::new(all.small.get() / 2).unwrap_or(NonZeroU8::MIN);
            all.odd = NonZeroI128::new(all.wide / 3);
            all.round += 4;
            all.full += 5;
        }
        all.wide = -all.wide;
        #[resume]
        for value in values { step("again", (value, &all))?; all.wide >>= 1; }
        Ok(format!("{all:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod options_within_options {
    #[resumable(backend = store(), carry(deep, list))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut deep: Option<Option<Option<u64>>> = None;
        let mut list: Vec<Option<Option<()>>> = Vec::new();
        #[resume]
        for value in values {
            step("value", (value, &deep, &list))?;
            deep = match deep { None => Some(None), Some(None) => Some(Some(None)), Some(Some(None)) => Some(Some(Some(*value))), _ => None };
            list.push([None, Some(None), Some(Some(()))][(value % 3) as usize]);
        }
        list.reverse();
        #[resume]
        for value in values { step("again", (value, &deep))?; deep = deep.take().map(|it| it.map(|_| None)); }
        Ok(format!("{deep:?} {list:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 4])) }
}

// kept repeats 3
mod maps_by_structs_and_enums {
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    enum Zone { None, City(String), Cell { x: i8, y: Option<i8> } }
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    struct Key { zone: Zone, year: u16 }
    #[resumable(backend = store(), carry(sums))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sums: BTreeMap<Key, BTreeMap<(bool, char), Vec<u64>>> = BTreeMap::new();
        #[resume]
        for value in values {
            step("value", (value, &sums))?;
            let zone = match value % 3 { 0 => Zone::None, 1 => Zone::City(format!("c{value}")), _ => Zone::Cell { x: -1, y: Some(3).filter(|_| *value > 4) } };
            sums.entry(Key { zone, year: 7 }).or_default().entry((value % 2 == 0, 'ß')).or_default().push(*value);
        }
        let last = sums.pop_last();
        see("last", &last);
        #[resume]
        for (key, inner) in sums.clone() { step("key", (&key, &inner))?; sums.remove(&key); }
        Ok(format!("{sums:?} {last:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 5])) }
}

// kept repeats 3
mod times_and_addresses {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Seen { at: SystemTime, took: Duration, from: IpAddr, to: Option<SocketAddr> }
    #[resumable(backend = store(), carry(seen, all))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut seen = Seen { at: UNIX_EPOCH, took: Duration::ZERO, from: IpAddr::V4(Ipv4Addr::LOCALHOST), to: None };
        let mut all = Results::new();
        #[resume]
        for value in values {
            step("value", (value, &seen))?;
            seen.at += Duration::new(*value, 999_999_999);
            seen.took += Duration::from_nanos(1 << (value * 7));
            if value % 2 == 0 { seen.from = IpAddr::V6(Ipv6Addr::from(u128::from(*value) << 100)); }
            if value % 3 == 0 { seen.to = Some(SocketAddr::new(seen.from, 80)); }
            all.push(seen.clone());
        }
        seen.took = seen.took.saturating_mul(3);
        #[resume]
        for value in values { step("again", (value, &seen))?; seen.took -= Duration::from_nanos(1); all.push(seen.clone()); }
        Ok(format!("{seen:?} {:?}", all.to_vec()))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 3
mod paths_and_texts_of_the_system {
    use std::ffi::{CString, OsString};
    use std::path::PathBuf;
    #[resumable(backend = store(), carry(path, name, text))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut path = PathBuf::from("/a");
        let mut name = OsString::new();
        let mut text = CString::new("c").unwrap();
        #[resume]
        for value in values {
            step("value", (value, &path, &name, &text))?;
            path.push(format!("p{value}"));
            name.push("ö");
            text = CString::new(vec![200 + *value as u8]).unwrap();
        }
        path.set_extension("x");
        #[resume]
        for value in values { step("again", (value, &path, &name))?; path.pop(); name = path.clone().into_os_string(); }
        Ok(format!("{path:?} {name:?} {text:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod bytes_of_the_system_that_are_no_text {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    #[resumable(backend = store(), carry(name))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut name = OsString::new();
        for value in values {
            step("value", (value, &name))?;
            name = OsString::from_vec(vec![0xff, b'a' + *value as u8, 0x80]);
        }
        Ok(format!("{name:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod tagged_beside_and_within {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "t", content = "c", rename_all = "kebab-case")]
    enum Beside { NoneAtAll, OneOf(u64), Two(i8, String), Named { some_field: Option<u8> } }
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "t", rename_all_fields = "camelCase")]
    enum Within { Empty, Boxed(Box<Inner>), Named { some_field: Vec<Beside> } }
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    struct Inner { first_one: i64, #[serde(alias = "old")] second: f32 }
    #[resumable(backend = store(), carry(beside, within))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut beside = Beside::NoneAtAll;
        let mut within = Within::Empty;
        #[resume]
        for value in values {
            step("value", (value, &beside, &within))?;
            beside = match value % 4 { 0 => Beside::OneOf(*value), 1 => Beside::Two(-1, "x".into()), 2 => Beside::Named { some_field: Some(3) }, _ => Beside::Named { some_field: None } };
            within = match value % 3 { 0 => Within::Empty, 1 => Within::Boxed(Box::new(Inner { first_one: 5, second: 0.1 })), _ => Within::Named { some_field: vec![beside.clone()] } };
        }
        #[resume]
        for value in values { step("again", (value, &within))?; within = Within::Named { some_field: vec![Beside::NoneAtAll, beside.clone()] }; }
        Ok(format!("{beside:?} {within:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 4])) }
}

// kept or refused
mod wide_numbers_within_a_tag {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "t")]
    enum Within { Empty, Wide { number: i128 } }
    #[resumable(backend = store(), carry(within))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut within = Within::Empty;
        for value in values {
            step("value", (value, &within))?;
            if value % 2 == 0 { within = Within::Wide { number: -5 } }
        }
        Ok(format!("{within:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 4])) }
}

// kept repeats 3
mod without_a_tag_and_flattened {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(untagged)]
    enum Any { Flag(bool), Small(u8), Signed(i64), Wide(u64), Real(f64), Text(String), Pair(u8, u8), Many(Vec<Any>), Fields { any: Option<Box<Any>> } }
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Outer { id: u64, #[serde(flatten)] any: BTreeMap<String, Any>, #[serde(flatten)] more: Option<More> }
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct More { extra: u64, #[serde(default, skip_serializing_if = "Vec::is_empty")] notes: Vec<String> }
    #[resumable(backend = store(), carry(outer))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut outer = Outer { id: 1, any: BTreeMap::new(), more: None };
        for value in values {
            step("value", (value, &outer))?;
            let any = match value { 0 => Any::Flag(true), 1 => Any::Signed(-4), 2 => Any::Real(0.5), 3 => Any::Text("x".into()), 4 => Any::Many(vec![Any::Small(1), Any::Text(String::new())]), 5 => Any::Wide(u64::MAX), _ => Any::Fields { any: Some(Box::new(Any::Small(9))) } };
            outer.any.insert(format!("k{value}"), any);
            outer.id += 1;
        }
        Ok(format!("{outer:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 0, 2, 4, 5, 6])) }
}

// kept or refused repeats 3
mod two_flattened_of_which_one_comes_late {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct More { extra: u64, #[serde(default, skip_serializing_if = "Vec::is_empty")] notes: Vec<String> }
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Outer { id: u64, #[serde(flatten)] more: Option<More>, #[serde(flatten)] rest: std::collections::HashMap<String, u64> }
    #[resumable(backend = store(), carry(outer))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut outer = Outer { id: 1, more: None, rest: Default::default() };
        for value in values {
            step("value", (value, outer.id))?;
            if *value == 2 { outer.more = Some(More { extra: 4, notes: vec![] }); }
            if *value == 4 { outer.more = Some(More { extra: 4, notes: vec!["n".into()] }); }
            outer.rest.insert("r".into(), *value);
        }
        Ok(format!("{outer:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 4])) }
}

// kept repeats 3
mod by_a_module_of_ones_own {
    mod as_text {
        pub fn serialize<S: serde::Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> { to.serialize_str(&format!("{value:x}")) }
        pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
            let text: String = serde::Deserialize::deserialize(from)?;
            u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
        }
    }
    fn seven() -> u64 { 7 }
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    #[serde(from = "Plain", into = "Plain")]
    struct Celsius { tenths: i64 }
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Plain { kelvin: f64 }
    impl From<Plain> for Celsius { fn from(it: Plain) -> Self { Celsius { tenths: (it.kelvin * 10.0 - 2731.5).round() as i64 } } }
    impl From<Celsius> for Plain { fn from(it: Celsius) -> Self { Plain { kelvin: (it.tenths as f64 + 2731.5) / 10.0 } } }
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Row { #[serde(with = "as_text")] id: u64, #[serde(default = "seven")] count: u64, #[serde(rename = "type")] kind: String, heat: Celsius, #[serde(skip)] cache: () }
    #[resumable(backend = store(), carry(row))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut row = Row { id: 255, count: 0, kind: String::new(), heat: Celsius { tenths: 5 }, cache: () };
        for value in values {
            step("value", (value, &row))?;
            row.id *= 16 + value;
            row.count += value;
            row.kind += "k";
            row.heat.tenths -= 3;
        }
        Ok(format!("{row:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod numbers_that_are_not_numbers {
    #[resumable(backend = store(), carry(weights, last))]
    fn go(values: &[u32]) -> Result<String, Stop> {
        let mut weights: Vec<f32> = vec![f32::NAN, -0.0];
        let mut last = f64::from_bits(0x7ff0_0000_0000_0001);
        #[resume]
        for value in values {
            step("value", (value, weights.iter().map(|it| it.to_bits()).collect::<Vec<_>>(), last.to_bits()))?;
            weights.push(f32::from_bits(0x7fc0_0000 | value));
            last = f64::from_bits(last.to_bits() + 1);
        }
        weights.reverse();
        #[resume]
        for value in values { step("again", value)?; weights[0] = -weights[0]; }
        Ok(format!("{:?} {:x}", weights.iter().map(|it| it.to_bits()).collect::<Vec<_>>(), last.to_bits()))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod ranges_and_orders {
    use std::cmp::Reverse;
    use std::collections::{BinaryHeap, BTreeSet, HashMap, HashSet, LinkedList};
    use std::ops::{Bound, Range};
    #[resumable(backend = store(), carry(heap, range, bound, list, sets))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut heap: BinaryHeap<Reverse<(u64, String)>> = BinaryHeap::new();
        let mut range: Range<u64> = 1..3;
        let mut bound: Bound<u64> = Bound::Unbounded;
        let mut list: LinkedList<Result<u8, String>> = LinkedList::new();
        let mut sets: (HashSet<u64>, BTreeSet<Option<u8>>, HashMap<u64, ()>) = Default::default();
        #[resume]
        for value in values {
            step("value", (value, heap.clone().into_sorted_vec(), &range, bound, &list))?;
            heap.push(Reverse((*value, "h".into())));
            range = range.start..range.end + value;
            bound = if value % 2 == 0 { Bound::Included(*value) } else { Bound::Excluded(*value) };
            list.push_front(if value % 2 == 0 { Ok(1) } else { Err("e".into()) });
            sets.0.insert(*value); sets.1.insert(Some(2).filter(|_| *value > 2)); sets.2.insert(*value, ());
        }
        let mut sorted: Vec<_> = sets.0.iter().copied().collect();
        sorted.sort();
        #[resume]
        while let Some(Reverse((next, name))) = heap.pop() { step("next", (next, &name, &sorted))?; sets.0.remove(&next); }
        Ok(format!("{range:?} {bound:?} {list:?} {:?} {}", sets.1, sets.0.len() + sets.2.len()))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod shared_and_boxed_slices {
    use std::rc::Rc;
    use std::sync::Arc;
    #[resumable(backend = store(), carry(name, bytes, letters))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut name: Box<str> = "n".into();
        let mut bytes: Box<[u8]> = Box::from(vec![1, 2]);
        let mut letters: Vec<Box<[char]>> = Vec::new();
        #[resume]
        for value in values {
            step("value", (value, &name, &bytes, &letters))?;
            name = format!("{name}{value}").into_boxed_str();
            bytes[0] = bytes[0].wrapping_mul(7).wrapping_add(*value as u8);
            letters.push(name.chars().collect());
        }
        bytes = [bytes.as_ref(), &[0; 3]].concat().into();
        #[resume]
        for value in values { step("again", (value, &bytes))?; bytes[2] += 1; }
        Ok(format!("{name} {bytes:?} {letters:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod a_type_by_two_parameters {
    use std::marker::PhantomData;
    #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
    struct Id<T> { number: u64, #[serde(skip)] of: PhantomData<T> }
    impl<T> std::fmt::Debug for Id<T> { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}", self.number) } }
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Both<A, B = A> { one: Option<A>, other: Vec<B>, id: Id<A> }
    #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Unit;
    #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Thin(Vec<Unit>);
    #[resumable(backend = store(), carry(first, second))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut first: Both<Thin, Both<u8, String>> = Both::default();
        let mut second: Both<Both<Unit>> = Both::default();
        for value in values {
            step("value", (value, &first, &second))?;
            first.one.get_or_insert_default().0.push(Unit);
            first.other.push(Both { one: Some(1), other: vec!["s".into()], id: Id { number: *value, of: PhantomData } });
            if value % 2 == 0 { second.one = Some(Both { one: Some(Unit), other: vec![Unit, Unit], ..Both::default() }); }
            second.id.number += 1;
        }
        Ok(format!("{first:?} {second:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}
