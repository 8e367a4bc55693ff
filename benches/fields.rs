//! Measures what it costs to store fields by name. A save of structs with ten fields is compared with a save of the
//! same structs in Postcard alone, which has no names, and in which values were stored before format 2.

use std::fmt;
use std::hint::black_box;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use safe_state::{Carry, MemoryBackend, Results, resumable};
use safe_state_backends::Backend;
use safe_state_benches::{Scratch, Target, bench, compare, time};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ITEMS: u32 = 10_000;
const ROUNDS: usize = 21;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Row {
    id: u64,
    account: u32,
    amount: f64,
    currency: String,
    quantity: i64,
    is_paid: bool,
    country: String,
    discount: Option<u32>,
    total: u64,
    note: String,
}

/// A value that is stored as one piece of Postcard.
#[derive(Clone, Debug, Default)]
struct Postcard<T>(T);

impl<T: Serialize> Serialize for Postcard<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut room = [0; 256];
        let bytes = postcard::to_slice(&self.0, &mut room).expect("room for a row");
        serializer.serialize_bytes(bytes)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Postcard<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // It asks by its own name, as derived code does, so that each save does not read it back.
        deserializer.deserialize_tuple_struct("Postcard", 1, Piece(PhantomData))
    }
}

struct Piece<T>(PhantomData<T>);

impl<T: DeserializeOwned> Visitor<'_> for Piece<T> {
    type Value = Postcard<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece of Postcard")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Postcard<T>, E> {
        postcard::from_bytes(bytes).map(Postcard).map_err(E::custom)
    }
}

/// A row, as it is or as its Postcard.
trait Stored: Carry + Clone + Default + Serialize + DeserializeOwned {
    fn row(&mut self) -> &mut Row;
}

impl Stored for Row {
    fn row(&mut self) -> &mut Row {
        self
    }
}

impl Stored for Postcard<Row> {
    fn row(&mut self) -> &mut Row {
        &mut self.0
    }
}

fn main() {
    bench("Structs of ten fields with their names, over their Postcard", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path();
        let saved = compare(
            ROUNDS,
            || time(|| _ = black_box(carried::<Row>(dir, ITEMS))),
            || time(|| _ = black_box(carried::<Postcard<Row>>(dir, ITEMS))),
        );
        table.row("a save with a carried one", "x", saved.ratio(), Target::AtMost(1.15));
        table.row("  a save", "us", saved.ours(1e6 / f64::from(ITEMS)), Target::None);
        let pushed = compare(
            ROUNDS,
            || time(|| _ = black_box(pushes::<Row>(dir, ITEMS))),
            || time(|| _ = black_box(pushes::<Postcard<Row>>(dir, ITEMS))),
        );
        table.row("a push and its save", "x", pushed.ratio(), Target::AtMost(1.3));
        table.row("  a push and its save", "us", pushed.ours(1e6 / f64::from(ITEMS)), Target::None);
        let bytes = stored::<Row>() / stored::<Postcard<Row>>();
        table.once("  its bytes", "x", bytes, Target::AtMost(1.3));
    });
}

fn change(row: &mut Row, item: u32) {
    row.id += u64::from(item);
    row.account = item;
    row.amount = f64::from(item) * 1.25;
    row.quantity -= 7;
    row.is_paid = item.is_multiple_of(2);
    row.discount = item.is_multiple_of(3).then_some(item);
    row.total += 1_000;
    if row.currency.is_empty() {
        row.currency.push_str("EUR");
        row.country.push_str("Germany");
        row.note.push_str("delivered to the neighbour");
    }
}

#[resumable(durability = "process", state_dir = dir, carry(row))]
fn carried<T: Stored>(dir: &Path, count: u32) -> T {
    let mut row = T::default();
    #[resume]
    for item in 0..count {
        change(row.row(), black_box(item));
    }
    row
}

#[resumable(name = "pushes", durability = "process", state_dir = dir, carry(rows), fresh(row))]
fn pushes<T: Stored>(dir: &Path, count: u32) -> Results<T> {
    let mut rows = Results::new();
    let mut row = T::default();
    #[resume]
    for item in 0..count {
        change(row.row(), black_box(item));
        rows.push(row.clone());
    }
    rows
}

/// Returns the number of bytes of a checkpoint with a thousand rows of type `T`.
fn stored<T: Stored>() -> f64 {
    let backend = Arc::new(MemoryBackend::default());
    assert!(kept::<T>(&backend).is_none());
    let bytes = backend.load("kept").expect("it is read").expect("it is there");
    u32::try_from(bytes.len()).expect("a few kilobytes").into()
}

#[resumable(name = "kept", backend = Arc::clone(backend), carry(rows), fresh(row))]
fn kept<T: Stored>(backend: &Arc<MemoryBackend>) -> Option<Results<T>> {
    let mut rows = Results::new();
    let mut row = T::default();
    #[resume]
    for item in 0..1_001 {
        (item < 1_000).then_some(())?;
        change(row.row(), item);
        rows.push(row.clone());
    }
    Some(rows)
}
