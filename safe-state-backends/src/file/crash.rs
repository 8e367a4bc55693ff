//! Tests of every state in which a power cut or a kill may leave the disk.
//!
//! The production [`Log`](super::log::Log) runs on a [`Recorder`] in place of the disk. At each operation, the power is cut in
//! every way that the syncs before it allow. The checkpoint that is then loaded has to be a state that was saved: none older
//! than the last save that returned, none younger than the last that began. To show that the tests find errors, each part of
//! the protocol is left out in turn, which they have to notice.

#[cfg(target_os = "linux")]
mod beside;
mod image;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(target_os = "linux")]
mod pending;
mod power;
mod recorder;
mod workload;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::format::{Arguments, FormatError, frame};
use crate::sample::dice::Dice;
use crate::sample::storm;
use crate::{Checkpoint, Durability};
use image::{Image, Op};
use power::{Disk, Names};
use recorder::{Protocol, Recorder};
use workload::{History, PATH, Save};

/// The most bytes of file contents that a judge remembers. The contents of all states together would fill the memory.
const REMEMBERED: usize = 16 << 20;

/// A result that a crash must not have.
#[derive(Debug, PartialEq)]
enum Violation {
    Missing,
    Unreadable(FormatError),
    Older,
    /// A saved snapshot without the record of arguments and notes that was written with it.
    Bare,
    Invented,
}

impl History {
    /// Returns the saves that may be found when `done` operations have returned and `begun` have begun.
    fn window(&self, done: usize, begun: usize) -> RangeInclusive<usize> {
        let last = |is: &dyn Fn(&Save) -> bool| self.saves.iter().rposition(is).unwrap();
        last(&|save| save.end <= done)..=last(&|save| save.start < begun || save.end == 0)
    }

    /// Cuts the power at every operation, in every way. Returns what went wrong.
    fn cut_power(&self, names: Names, dice: &mut Dice, states: &AtomicU64) -> Vec<Violation> {
        let (mut disk, mut judge) = (Disk::new(self.base.clone()), Judge::of(self));
        let mut look = |disk: &Disk, issued| {
            let window = self.window(issued, issued);
            for inode in disk.named(Path::new(PATH), names, dice) {
                let mut judge = |bytes: Option<&[u8]>| {
                    states.fetch_add(1, Ordering::Relaxed);
                    judge.judge(bytes, window.clone());
                };
                match inode {
                    None => judge(None),
                    Some(inode) => disk.contents(inode, dice, |content| judge(Some(content))),
                }
            }
        };
        look(&disk, 0);
        for (op, issued) in self.ops.iter().zip(1..) {
            disk.apply(op);
            look(&disk, issued);
        }
        judge.violations
    }

    /// Kills the process at every operation, and at every byte of every write. Returns what went wrong.
    fn kill(&self) -> Vec<Violation> {
        let (mut image, mut judge) = (self.base.clone(), Judge::of(self));
        for (op, done) in self.ops.iter().zip(0..) {
            let mut look = |image: &Image, done| {
                let window = self.window(done, done + 1);
                judge.judge(image.at(Path::new(PATH)), window);
            };
            look(&image, done);
            if let Op::Data(inode, data) = op {
                data.each_cut(|cut| {
                    let mut killed = image.clone();
                    killed.apply(&Op::Data(*inode, cut));
                    look(&killed, done);
                });
            }
            image.apply(op);
        }
        judge.violations
    }
}

/// Compares what is found after each crash with what was saved.
struct Judge<'a> {
    saves: &'a [Save],
    /// The verdicts on the contents so far. Most crashes leave the same content as another one.
    found: HashMap<Vec<u8>, Found, BuildHasherDefault<Crc>>,
    /// The sum of the lengths of the remembered contents, in bytes.
    remembered: usize,
    violations: Vec<Violation>,
}

/// Hashes contents by a crate that is optimised in tests. The hash of `std` would be compiled here, and take most of the time.
#[derive(Default)]
struct Crc(crc32fast::Hasher);

impl Hasher for Crc {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // The table takes the lower bits for the place and the upper ones for the tag.
        u64::from(self.0.clone().finalize()).wrapping_mul(0x0000_0001_0000_0001)
    }
}

/// The verdict on a content, whenever it is found.
enum Found {
    Unreadable(FormatError),
    /// The saves that have this state; no saves if it is the state of none.
    Saves(Vec<usize>),
    /// The state of a save that lacks nothing but its arguments and notes.
    Bare,
}

impl<'a> Judge<'a> {
    fn of(history: &'a History) -> Self {
        let (found, violations) = (HashMap::default(), Vec::new());
        Judge { saves: &history.saves, found, remembered: 0, violations }
    }

    fn saves_of(saves: &[Save], state: Option<&Checkpoint>) -> Vec<usize> {
        let is_one =
            |(index, save): (usize, &Save)| (save.state.as_ref() == state).then_some(index);
        saves.iter().enumerate().filter_map(is_one).collect()
    }

    fn judge(&mut self, bytes: Option<&[u8]>, window: RangeInclusive<usize>) {
        let Some(bytes) = bytes else {
            let removed = Judge::saves_of(self.saves, None);
            if !removed.iter().any(|save| window.contains(save)) {
                self.note(Violation::Missing);
            }
            return;
        };
        if !self.found.contains_key(bytes) {
            self.remembered += bytes.len();
            if self.remembered > REMEMBERED {
                self.found.clear();
                self.remembered = bytes.len();
            }
            self.found.insert(bytes.to_vec(), self.look(bytes));
        }
        let violation = match &self.found[bytes] {
            Found::Unreadable(error) => Violation::Unreadable(error.clone()),
            Found::Saves(saves) if saves.iter().any(|save| window.contains(save)) => return,
            Found::Saves(saves) if saves.iter().any(|save| save < window.start()) => {
                Violation::Older
            }
            Found::Saves(_) => Violation::Invented,
            Found::Bare => Violation::Bare,
        };
        self.note(violation);
    }

    fn look(&self, bytes: &[u8]) -> Found {
        let state = match Checkpoint::decode(bytes) {
            Ok(state) => state,
            Err(error) => return Found::Unreadable(error),
        };
        let saves = Judge::saves_of(self.saves, Some(&state));
        let without_arguments = |save: &Save| {
            let mut bare = save.state.clone()?;
            bare.arguments = Arguments::default();
            Some(bare)
        };
        let is_bare = |save: &Save| without_arguments(save).is_some_and(|it| it == state);
        if saves.is_empty() && self.saves.iter().any(is_bare) {
            Found::Bare
        } else {
            Found::Saves(saves)
        }
    }

    /// Notes a violation once if it comes several times in a row, as in most states of a protocol that leaves something out.
    fn note(&mut self, violation: Violation) {
        if self.violations.last() != Some(&violation) {
            self.violations.push(violation);
        }
    }
}

/// Runs a job three times, each time on what a cut has left, and passes each history to `inspect`.
fn lives(seed: u64, mut inspect: impl FnMut(&History, &mut Dice)) {
    let mut dice = Dice::new(seed);
    let mut base = Image::default();
    for _ in 0..3 {
        let recorder = Recorder::new(base, Protocol::AsAsked);
        let history = History::random(&recorder, Durability::Power, &mut dice);
        inspect(&history, &mut dice);
        base = history.some_cut(&mut dice);
    }
}

impl History {
    fn some_cut(&self, dice: &mut Dice) -> Image {
        let mut disk = Disk::new(self.base.clone());
        let issued = dice.up_to(self.ops.len());
        self.ops.iter().take(issued).for_each(|op| disk.apply(op));
        disk.cut(dice)
    }
}

/// Returns whether a power cut leads to a violation under a protocol that leaves something out.
fn is_noticed(protocol: Protocol, violation: impl Fn(&Violation) -> bool) -> bool {
    (0..4).any(|seed| {
        let mut dice = Dice::new(seed);
        let recorder = Recorder::new(Image::default(), protocol);
        let history = History::random(&recorder, Durability::Power, &mut dice);
        let violations = history.cut_power(Names::Ordered, &mut dice, &AtomicU64::new(0));
        violations.iter().any(&violation)
    })
}

fn is_unreadable(violation: &Violation) -> bool {
    matches!(violation, Violation::Unreadable(_))
}

#[test]
fn a_power_cut_leaves_the_last_save_or_the_one_under_way() {
    let states = AtomicU64::new(0);
    storm(7, |seed| {
        lives(seed, |history, dice| {
            for names in [Names::Ordered, Names::Any] {
                assert_eq!(history.cut_power(names, dice, &states), [], "seed {seed}, {names:?}");
            }
        });
    });
    let states = states.into_inner();
    println!("{states} states");
    assert!(states > 1_000_000, "only {states} states");
}

/// Data that a failed sync could not write is lost, and must never count as saved.
#[test]
fn a_power_cut_after_a_failed_sync_leaves_a_save_that_returned() {
    let states = AtomicU64::new(0);
    let failures = AtomicU64::new(0);
    storm(30, |seed| {
        let mut dice = Dice::new(seed);
        let recorder = Recorder::failing_after(dice.up_to(20) - 1);
        let history = History::random(&recorder, Durability::Power, &mut dice);
        failures.fetch_add(recorder.has_failed().into(), Ordering::Relaxed);
        let violations = history.cut_power(Names::Any, &mut dice, &states);
        assert_eq!(violations, [], "seed {seed}");
    });
    assert!(failures.into_inner() > 15);
}

#[test]
fn a_kill_leaves_the_last_save_or_the_one_under_way() {
    storm(40, |seed| {
        for durability in [Durability::Power, Durability::Process] {
            let recorder = Recorder::new(Image::default(), Protocol::AsAsked);
            let history = History::random(&recorder, durability, &mut Dice::new(seed));
            assert_eq!(history.kill(), [], "seed {seed}, {durability:?}");
        }
    });
}

/// Without syncs, a power cut may lose or damage anything. The result is noticed as damaged, or is an older save.
#[test]
fn without_syncs_nothing_is_invented() {
    let states = AtomicU64::new(0);
    storm(2, |seed| {
        let mut dice = Dice::new(seed);
        let recorder = Recorder::new(Image::default(), Protocol::AsAsked);
        let history = History::random(&recorder, Durability::Process, &mut dice);
        let violations = history.cut_power(Names::Any, &mut dice, &states);
        assert!(!violations.contains(&Violation::Invented), "seed {seed}");
        assert!(violations.contains(&Violation::Missing), "seed {seed}");
        assert!(violations.iter().any(is_unreadable), "seed {seed}");
    });
}

#[test]
fn a_rename_without_a_sync_before_it_is_noticed() {
    assert!(is_noticed(Protocol::NoSyncBeforeRename, is_unreadable));
}

#[test]
fn a_rename_before_the_sync_is_noticed() {
    assert!(is_noticed(Protocol::RenameBeforeSync, is_unreadable));
}

#[test]
fn a_rename_before_the_write_is_noticed() {
    assert!(is_noticed(Protocol::RenameBeforeWriting, is_unreadable));
}

#[test]
fn an_append_without_a_sync_is_noticed() {
    assert!(is_noticed(Protocol::NoSyncAfterAppend, |it| *it == Violation::Older));
}

#[test]
fn a_directory_without_a_sync_is_noticed() {
    for violation in [Violation::Missing, Violation::Older] {
        assert!(is_noticed(Protocol::NoSyncOfDirectory, |it| *it == violation), "{violation:?}");
    }
}

#[test]
fn a_frame_without_a_checksum_is_noticed() {
    let is_invented = |it: &Violation| *it == Violation::Invented;
    assert!(frame::without_checksums(|| is_noticed(Protocol::AsAsked, is_invented)));
}
