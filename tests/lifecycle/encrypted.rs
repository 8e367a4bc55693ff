//! Tests checkpoints that are encrypted: what can be read without the key, with another key, and after a rotation.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use safe_state::backend::{Encrypted, EncryptionKeys, LeaseOptions, SqliteBackend};
use safe_state::{
    Action, Backend, Error, FileBackend, IdempotencyCache, Job, MemoryBackend, Results, resumable,
    step,
};

const SECRET: &str = "Ada Lovelace";

fn first_key() -> [u8; 32] {
    [1; 32]
}

fn second_key() -> [u8; 32] {
    [2; 32]
}

fn rotated() -> EncryptionKeys {
    EncryptionKeys::new(second_key()).older(&EncryptionKeys::new(first_key()))
}

fn with(key: [u8; 32]) -> impl Fn() -> EncryptionKeys {
    move || EncryptionKeys::new(key)
}

/// Stores a customer's name as a carried value, a result, a step's value, in a dead letter and in the failure.
#[resumable(
    name = "mail", backend = Arc::clone(place), encrypt = keys, carry(last, sent), max_attempts = 1,
    on_error = |_| Action::DeadLetter, fresh(keys, at), capture(customer), keep_on_success
)]
fn mail(
    place: &Arc<dyn Backend>,
    keys: impl Fn() -> EncryptionKeys,
    customers: &[String],
    at: usize,
) -> anyhow::Result<Vec<String>> {
    let greeting = step!("greeting", format!("Dear {SECRET}"));
    let mut last = String::new();
    let mut sent = Results::new();
    #[resume]
    for (index, customer) in customers.iter().enumerate() {
        if index == at {
            return Err(safe_state::stop!("enough of {customer}"));
        }
        anyhow::ensure!(index != 1, "{customer} has no address");
        last.clone_from(customer);
        sent.push(format!("{greeting}: {customer}"));
    }
    assert_eq!(last, customers[customers.len() - 1]);
    Ok(sent.to_vec())
}

fn customers() -> Vec<String> {
    (0..200).map(|number| format!("{SECRET} {number}")).collect()
}

/// Returns the bytes of all files below a folder.
fn bytes_below(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { bytes_below(&path) } else { fs::read(path).unwrap() });
    }
    bytes
}

fn is_in(text: &str, bytes: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn nothing_of_a_customer_is_stored_readably_and_all_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let places: [(&str, Arc<dyn Backend>); 2] = [
        ("files", Arc::new(FileBackend::new(dir.path().join("files")))),
        ("sqlite", Arc::new(SqliteBackend::new(dir.path().join("jobs.db")))),
    ];
    for (name, place) in places {
        let stop = mail(&place, with(first_key()), &customers(), 150).unwrap_err().to_string();
        assert!(stop.contains("enough of"), "{stop}");
        let bytes = bytes_below(dir.path());
        assert!(!bytes.is_empty() && !is_in("Lovelace", &bytes), "{name}");
        assert_eq!(place.list().unwrap(), ["mail"]);
        let sent = mail(&place, with(first_key()), &customers(), 1000).unwrap();
        let expected = customers().into_iter().enumerate().filter(|(index, _)| *index != 1);
        let expected: Vec<String> =
            expected.map(|(_, customer)| format!("Dear {SECRET}: {customer}")).collect();
        assert_eq!(sent, expected, "{name}");
        assert!(!is_in("Lovelace", &bytes_below(dir.path())), "{name}");
        let job = Job::new("mail").backend(Arc::clone(&place)).encrypt(first_key);
        let stored = job.peek_checkpoint().unwrap().unwrap();
        assert_eq!(stored.dead_letters().len(), 1);
        assert_eq!(stored.carried::<String>("last").unwrap().unwrap(), format!("{SECRET} 199"));
    }
}

#[test]
fn a_checkpoint_without_its_key_is_told_and_left() {
    let place: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    mail(&place, with(first_key()), &customers(), 3).unwrap_err();
    let before = place.load("mail").unwrap();
    let without = Job::new("mail").backend(Arc::clone(&place));
    let error = without.peek_checkpoint().unwrap_err().to_string();
    assert!(error.contains("it is encrypted; give the job its key, by `encrypt = ..`"), "{error}");
    let error = without.run(0..3, |_| Ok::<(), Error>(())).unwrap_err().to_string();
    assert!(error.contains("it is encrypted"), "{error}");
    let error = mail(&place, with(second_key()), &customers(), 9).unwrap_err().to_string();
    assert!(error.contains("by a key that was not given, with the mark ["), "{error}");
    assert_eq!(place.load("mail").unwrap(), before);
    let no_key = Job::new("mail").backend(Arc::clone(&place));
    let no_key = no_key.encrypt(|| Err::<[u8; 32], _>("the vault is sealed"));
    let error = no_key.peek_checkpoint().unwrap_err();
    assert!(format!("{error:?}").contains("cannot be used: the vault is sealed"), "{error:?}");
}

#[test]
fn a_key_is_rotated_by_the_next_run() {
    let place: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    mail(&place, with(first_key()), &customers(), 3).unwrap_err();
    mail(&place, rotated, &customers(), 5).unwrap_err();
    // From now on the checkpoint is encrypted by the new key alone.
    mail(&place, with(first_key()), &customers(), 7).unwrap_err();
    let only_old = Job::new("mail").backend(Arc::clone(&place)).encrypt(first_key);
    only_old.peek_checkpoint().unwrap_err();
    assert_eq!(mail(&place, with(second_key()), &customers(), 1000).unwrap().len(), 199);
}

#[test]
fn what_was_stored_before_there_was_a_key_is_taken_over_on_request_alone() {
    let place: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let plain = Job::new("rows").backend(Arc::clone(&place));
    let fails = |item: u64| if item == 3 { Err(std::io::Error::other("no")) } else { Ok(()) };
    plain.run(0..6_u64, fails).unwrap_err();
    let job = |keys: fn() -> EncryptionKeys| plain.clone().encrypt(keys);
    let strict = job(|| EncryptionKeys::new([1; 32]));
    let error = strict.peek_checkpoint().unwrap_err().to_string();
    assert!(error.contains("`EncryptionKeys::take_plain` takes over"), "{error}");
    let taking = job(|| EncryptionKeys::new([1; 32]).take_plain());
    assert_eq!(taking.peek_checkpoint().unwrap().unwrap().completed().len(), 3);
    taking.run(0..6_u64, fails).unwrap_err();
    plain.peek_checkpoint().unwrap_err();
    assert_eq!(strict.peek_checkpoint().unwrap().unwrap().completed().len(), 3);
}

#[test]
fn what_is_changed_moved_or_taken_from_another_job_is_noticed() {
    let place = Arc::new(MemoryBackend::default());
    let backend = Encrypted::new(Arc::clone(&place) as _, EncryptionKeys::new(first_key()));
    let shared: Arc<dyn Backend> = Arc::new(backend.clone());
    let mut lease = Arc::clone(&shared).lease("job", LeaseOptions::default()).unwrap();
    lease.save(b"snapshot").unwrap();
    lease.append(b"one").unwrap();
    lease.append(b"two").unwrap();
    drop(lease);
    assert_eq!(shared.load("job").unwrap().unwrap(), b"snapshotonetwo");
    let stored = place.load("job").unwrap().unwrap();
    // Stored bytes that are cut off open as a save that was torn. With any bit flipped, they do so too, or are an
    // error.
    for len in 0..stored.len() {
        place.save("job", &stored[..len]).unwrap();
        if let Ok(Some(opened)) = shared.load("job") {
            assert!([&b"snapshot"[..], b"snapshotone"].contains(&&*opened), "cut at {len}");
        }
    }
    for bit in 0..stored.len() * 8 {
        let mut flipped = stored.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        place.save("job", &flipped).unwrap();
        if let Ok(Some(opened)) = shared.load("job") {
            assert_eq!(opened, b"snapshotone", "bit {bit}");
        }
    }
    place.save("another", &stored).unwrap();
    let error = shared.load("another").unwrap_err().to_string();
    assert!(error.contains("it was changed, or is of another job or another place"), "{error}");
}

#[test]
fn an_idempotency_cache_is_encrypted_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let place = Arc::new(FileBackend::new(dir.path()));
    let keys = EncryptionKeys::new(first_key());
    let cache = || {
        let backend = Encrypted::new(Arc::clone(&place) as _, keys.clone());
        IdempotencyCache::open(backend, "payments").unwrap()
    };
    cache().mark(SECRET).unwrap();
    assert!(cache().seen(SECRET).unwrap() && !cache().seen("order 8").unwrap());
    assert!(!is_in("Lovelace", &bytes_below(dir.path())));
    let plain = IdempotencyCache::open(FileBackend::new(dir.path()), "payments");
    let error = plain.and_then(|plain| plain.seen(SECRET)).unwrap_err();
    assert!(format!("{error:?}").contains("it is encrypted"), "{error:?}");
}

#[test]
fn the_command_reads_and_steers_with_the_key_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let place: Arc<dyn Backend> = Arc::new(FileBackend::new(&state));
    mail(&place, with(first_key()), &customers(), 3).unwrap_err();
    let plain = Job::new("plain").backend(Arc::clone(&place));
    plain
        .run(0..6, |item| if item == 3 { Err(std::io::Error::other("no")) } else { Ok(()) })
        .unwrap_err();
    let keys = dir.path().join("keys");
    fs::write(&keys, format!("{}\n{}\n", "02".repeat(32), "01".repeat(32))).unwrap();
    let tell = |arguments: &[&str], has_key: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
        command.args(arguments).arg("--dir").arg(&state);
        if has_key {
            command.env("SAFE_STATE_KEY_FILE", &keys);
        }
        let told = command.output().unwrap();
        let text = [told.stdout, told.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
        (told.status.success(), text)
    };
    let (is_fine, text) = tell(&["peek", "mail"], false);
    assert!(!is_fine && text.contains("it is encrypted"), "{text}");
    let (_, text) = tell(&["list"], false);
    assert!(
        text.contains("mail") && text.contains("plain") && text.contains("encrypted"),
        "{text}"
    );
    let (is_fine, text) = tell(&["peek", "mail"], true);
    assert!(is_fine && text.contains("3 of 200"), "{text}");
    assert!(tell(&["skip", "mail", "5"], true).0);
    assert!(tell(&["skip", "plain", "5"], true).0);
    assert!(tell(&["pause", "mail"], false).0, "asking needs no key");
    assert!(tell(&["resume", "mail"], false).0);
    assert_eq!(
        plain.peek_checkpoint().unwrap().unwrap().completed().len(),
        4,
        "it stays as it was"
    );
    assert!(!is_in("Lovelace", &bytes_below(&state)));
    // The command has encrypted the checkpoint by the first of its keys.
    let sent = mail(&place, rotated, &customers(), 1000).unwrap();
    assert_eq!(sent.len(), 198);
    fs::write(&keys, "letmein").unwrap();
    let (is_fine, text) = tell(&["peek", "plain"], true);
    assert!(!is_fine && text.contains("7 characters, and not 64 hexadecimal digits"), "{text}");
}
