// A value that can't be read back is refused at the save where it first shows, and not when a run reads it.

// kept
mod value_in_a_map {
    #[resumable(backend = store(), carry(facts))]
    fn learn(ids: &[u64]) -> Result<String, Stop> {
        let mut facts = BTreeMap::<String, serde_json::Value>::new();
        for id in ids {
            step("id", id)?;
            if id % 2 == 0 { facts.insert(id.to_string(), serde_json::json!({ "id": id, "no": null })); }
        }
        Ok(format!("{facts:?}"))
    }
    pub fn run() -> String { format!("{:?}", learn(&[3, 1, 2, 5])) }
}

// kept
mod value_in_an_option {
    #[resumable(backend = store(), carry(last))]
    fn learn(ids: &[u64]) -> Result<String, Stop> {
        let mut last: Option<serde_json::Value> = None;
        for id in ids {
            step("id", id)?;
            if id % 2 == 0 { last = Some(serde_json::Value::Null) }
        }
        Ok(format!("{last:?}"))
    }
    pub fn run() -> String { format!("{:?}", learn(&[3, 1, 2, 5])) }
}

// kept
mod flattened_in_an_error {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Inner { code: u64 }
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Fault { at: u64, #[serde(flatten)] inner: Inner }
    #[resumable(backend = store(), carry(state))]
    fn watch(values: &[u64]) -> Result<String, Stop> {
        let mut state: Result<u64, Fault> = Ok(0);
        for value in values {
            step("value", value)?;
            if value % 2 == 0 { state = Err(Fault { at: *value, inner: Inner { code: 4 } }) }
        }
        Ok(format!("{state:?}"))
    }
    pub fn run() -> String { format!("{:?}", watch(&[3, 1, 2, 5])) }
}

// kept or refused
mod path_that_is_no_text {
    use std::os::unix::ffi::OsStrExt;
    #[resumable(backend = store(), carry(path))]
    fn walk(values: &[u8]) -> Result<String, Stop> {
        let mut path = std::path::PathBuf::new();
        for value in values {
            step("value", value)?;
            path.push(std::ffi::OsStr::from_bytes(&[0xfe, 48 + value]));
        }
        Ok(format!("{path:?}"))
    }
    pub fn run() -> String { format!("{:?}", walk(&[3, 1, 2])) }
}

// kept or refused
mod read_but_never_written {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    #[serde(default)]
    struct Tally { #[serde(alias = "number")] count: u64, #[serde(skip_serializing)] misses: u64 }
    #[resumable(backend = store(), carry(tally))]
    fn count(values: &[u64]) -> Result<String, Stop> {
        let mut tally = Tally::default();
        for value in values {
            step("value", value)?;
            tally.count += value;
            tally.misses += 1;
        }
        Ok(format!("{tally:?}"))
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 2])) }
}

// kept
mod written_in_another_form {
    mod hexadecimal {
        use serde::{Deserialize, Deserializer, Serializer, de::Error};
        pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_str(&format!("{value:x}"))
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
            u64::from_str_radix(&String::deserialize(from)?, 16).map_err(D::Error::custom)
        }
    }
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
    struct Tally {
        #[serde(with = "hexadecimal")] big_one: u64,
        #[serde(alias = "old")] small_one: Option<u8>,
        #[serde(rename = "no-thing")] nothing: (),
        #[serde(skip_serializing_if = "Vec::is_empty")] list: Vec<u64>,
    }
    #[resumable(backend = store(), carry(tally))]
    fn count(values: &[u64]) -> Result<String, Stop> {
        let mut tally = Tally::default();
        for value in values {
            step("value", value)?;
            tally.big_one += value * 1000;
            tally.small_one = Some(9);
            if *value == 2 { tally.list.push(*value) }
        }
        Ok(format!("{tally:?}"))
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 2])) }
}

// kept
mod tag_within {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "kind")]
    enum Event { Count { by: u64 }, Name { text: String } }
    #[resumable(backend = store(), carry(last))]
    fn watch(values: &[u64]) -> Result<String, Stop> {
        let mut last = Event::Count { by: 0 };
        for value in values {
            step("value", value)?;
            let text = value.to_string();
            last = if value % 2 == 0 { Event::Name { text } } else { Event::Count { by: *value } };
        }
        Ok(format!("{last:?}"))
    }
    pub fn run() -> String { format!("{:?}", watch(&[3, 2, 1])) }
}

// kept
mod without_a_tag_in_results {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Row { id: u64, note: Option<Note> }
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    #[serde(untagged)]
    enum Note { Text(String), Code(u64) }
    #[resumable(backend = store(), carry(rows))]
    fn read(ids: &[u64]) -> Result<String, Stop> {
        let mut rows = Results::new();
        for &id in ids {
            step("id", id)?;
            let note = (id % 2 == 0).then(|| if id == 2 { Note::Code(404) } else { Note::Text("x".into()) });
            rows.push(Row { id, note });
        }
        Ok(format!("{rows:?}"))
    }
    pub fn run() -> String { format!("{:?}", read(&[3, 1, 2, 4, 5])) }
}

// kept
mod value_in_results {
    #[resumable(backend = store(), carry(rows))]
    fn read(ids: &[u64]) -> Result<String, Stop> {
        let mut rows: Results<serde_json::Value> = Results::new();
        for id in ids {
            step("id", id)?;
            if *id != 1 { rows.push(serde_json::json!([{ "id": id }, null])) }
        }
        Ok(format!("{rows:?}"))
    }
    pub fn run() -> String { format!("{:?}", read(&[1, 3, 1, 2])) }
}

// kept
mod value_of_a_step {
    #[resumable(backend = store(), carry(sum))]
    fn read(ids: &[u64]) -> Result<u64, Stop> {
        let settings: serde_json::Value = step!("settings", serde_json::json!({ "by": 2, "no": null }));
        let mut sum = 0;
        for id in ids {
            step("id", id)?;
            sum += id * settings["by"].as_u64().unwrap();
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", read(&[3, 1])) }
}

// kept
mod numbers_that_become_something_else {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    #[serde(untagged)]
    enum Cell { Number(f64), Numbers(Vec<f64>), Text(String) }
    #[resumable(backend = store(), carry(cells))]
    fn fill(ids: &[u64]) -> Result<String, Stop> {
        let mut cells: Vec<Cell> = vec![Cell::Numbers(vec![0.5])];
        for id in ids {
            step("id", id)?;
            cells.push(match id % 3 {
                0 => Cell::Numbers(vec![1.5, 2.5]),
                1 => Cell::Text(id.to_string()),
                _ => Cell::Number(0.25),
            });
        }
        Ok(format!("{cells:?}"))
    }
    pub fn run() -> String { format!("{:?}", fill(&[3, 1, 2, 6])) }
}

// kept
mod a_variant_that_comes_late_in_a_queue {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    enum Task { Plain(u64), Named { id: u64, note: Option<Option<u64>> }, Nothing, Group(Vec<Task>) }
    #[resumable(backend = store(), carry(queue, seen))]
    fn go(start: u64) -> Result<String, Stop> {
        let mut queue = Worklist::from([Task::Plain(start)]);
        let mut seen = Vec::new();
        #[resume]
        while let Some(task) = queue.pop_front() {
            step("task", &task)?;
            match &task {
                Task::Plain(id) if *id < 3 => queue.extend([Task::Plain(id + 1), Task::Named { id: *id, note: Some(None) }]),
                Task::Plain(_) => queue.push_front(Task::Group(vec![Task::Nothing])),
                Task::Named { id: 2, .. } => queue.push_back(Task::Named { id: 9, note: None }),
                _ => {}
            }
            seen.push(task);
        }
        Ok(format!("{seen:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(1)) }
}

// kept or refused
mod results_of_locks {
    use std::sync::Mutex;
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Row { n: u64, hits: Mutex<u64> }
    #[resumable(backend = store(), carry(rows))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut rows: Results<Row> = Results::new();
        for value in values {
            step("value", value)?;
            for row in rows.iter() { *row.hits.lock().unwrap() += 1; }
            rows.push(Row { n: *value, hits: Mutex::new(0) });
        }
        Ok(format!("{:?}", rows.iter().map(|r| *r.hits.lock().unwrap()).collect::<Vec<_>>()))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused
mod results_of_atomics {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    #[resumable(backend = store(), carry(rows))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut rows: Results<AtomicU64> = Results::new();
        for value in values {
            step("value", value)?;
            rows.push(AtomicU64::new(*value));
            rows[0].fetch_add(10, Relaxed);
        }
        Ok(format!("{rows:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused
mod worklist_of_cells {
    use std::cell::Cell;
    #[resumable(backend = store(), carry(queue, out))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut queue: Worklist<Cell<u64>> = values.iter().map(|v| Cell::new(*v)).collect();
        let mut out = Vec::new();
        #[resume]
        while let Some(x) = queue.pop_front() {
            step("x", (x.get(), queue.len()))?;
            for other in queue.iter() { other.set(other.get() + 1); }
            out.push(x.get());
        }
        Ok(format!("{out:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}
