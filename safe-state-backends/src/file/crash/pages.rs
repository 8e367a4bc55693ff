//! Tests of crashes with a page beside the file. Whatever a kill leaves of both, the loaded checkpoint has all that was
//! complete. After a power cut it is the checkpoint of the file alone.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::beside::{self, Beside};
use super::image::{Image, Inode, Op};
use super::pending::{MARKED, Unsaved};
use super::recorder::{Protocol, Recorder};
use super::workload::PATH;
use crate::file::log::{Log, LogFile};
use crate::format::{Change, Record};
use crate::sample::dice::Dice;
use crate::sample::{self, JOB, storm};
use crate::size::SizeLimit;
use crate::{
    Appended, Backend, Carry, Checkpoint, Durability, Error, InPage, Lease, LeaseOptions, Store,
    page,
};
use safe_state_page::{Advanced, Boot, LoopKeys, Page, VALUE_ROOM, Way};

/// The number of values that the tests have written beside the records of a page.
static REWRITTEN: AtomicUsize = AtomicUsize::new(0);

/// A run, with the expected state after each write.
struct History {
    base: Image,
    ops: Vec<Op>,
    moments: Vec<Moment>,
}

/// The state after the first `ops` operations: the page's bytes, and the checkpoint that has to be found.
#[derive(Clone)]
struct Moment {
    ops: usize,
    page: Vec<u8>,
    state: Option<Checkpoint>,
}

/// The disk, and the page of the run that is under way.
#[derive(Clone)]
struct Disk {
    recorder: Recorder,
    page: Arc<Mutex<Vec<u8>>>,
}

fn id(inode: Inode) -> (u64, u64) {
    (1, inode as u64)
}

/// Returns the checkpoint that is loaded from the file in `image` with the page `page` beside it.
fn loaded(image: &Image, page: &[u8]) -> Option<Checkpoint> {
    let mut bytes = image.at(Path::new(PATH))?.to_vec();
    let inode = image.names[Path::new(PATH)];
    page::extend(&mut bytes, id(inode), page);
    Some(Checkpoint::decode(&bytes).unwrap())
}

/// A run with its page.
struct Run {
    disk: Disk,
    store: Store,
    page: Page,
    file: std::fs::File,
    behind: Option<(u32, u64)>,
    unsaved: Unsaved,
    /// The loop whose items complete in any order, in a run of which nothing else is in the page's slots.
    beside: Option<Beside>,
    moments: Vec<Moment>,
}

impl Run {
    fn begin(
        disk: &Disk,
        durability: Durability,
        dice: &mut Dice,
        mut moments: Vec<Moment>,
    ) -> Run {
        let options = LeaseOptions::new(durability);
        let opening = Store::open(Arc::new(disk.clone()), JOB, options).unwrap();
        let first = sample::begin(opening.found().cloned(), dice);
        let store = opening.begin(first).unwrap();
        let page = disk.page.lock().unwrap().clone();
        let state = Some(store.checkpoint().clone());
        moments.push(Moment { ops: disk.recorder.op_count(), page, state });
        let file = tempfile::tempfile().unwrap();
        let boot = Boot::this().unwrap();
        let base = store.base().unwrap();
        let page = Page::new(file.try_clone().unwrap(), Way::Written, boot, base).unwrap();
        let behind = store.saved_up_to();
        let beside = dice.one_in(3).then(|| Beside::of(store.checkpoint()));
        let (disk, unsaved) = (disk.clone(), Unsaved::default());
        Run { disk, store, page, file, behind, unsaved, beside, moments }
    }

    /// Adds the present state to the moments.
    fn note(&mut self) {
        let mut bytes = Vec::new();
        self.file.rewind().unwrap();
        self.file.read_to_end(&mut bytes).unwrap();
        self.disk.page.lock().unwrap().clone_from(&bytes);
        let mut state = self.store.checkpoint().clone();
        let carried: Vec<_> = self.unsaved.text.clone().into_iter().collect();
        let loops = self.unsaved.items.clone().change();
        if !carried.is_empty() || !loops.is_empty() {
            state.take_in(Change { loops, carried, ..Change::default() }).unwrap();
        }
        if let Some(beside) = self.beside.as_ref().filter(|beside| beside.has_window()) {
            state.take_in(beside.change()).unwrap();
        }
        let ops = self.disk.recorder.op_count();
        self.moments.push(Moment { ops, page: bytes, state: Some(state) });
    }

    /// Does something to a loop whose items complete in any order.
    fn step_beside(&mut self, mut beside: Beside, dice: &mut Dice) {
        let is_in_page = beside.step(&mut self.page, dice);
        let is_due = dice.one_in(12);
        if is_in_page && beside.is_in_page() && !is_due {
            if dice.one_in(4) {
                self.page.advance_window(0, None).unwrap();
            }
            self.beside = Some(beside);
            return self.note();
        }
        let record = Record::from(beside.change());
        if dice.one_in(3) {
            self.save(record);
        } else {
            match self.store.record_in_page(record).unwrap() {
                InPage::Framed(framed) => assert!(self.page.append(framed).unwrap()),
                InPage::NoRoom(record) => self.save(*record),
            }
        }
        self.follow();
        beside.settle(&mut self.page);
        self.beside = Some(beside);
        self.note();
    }

    /// Makes the page follow the last save.
    fn follow(&mut self) {
        if self.store.saved_up_to() != self.behind {
            self.behind = self.store.saved_up_to();
            self.page.rebase(self.store.base().unwrap());
        }
    }

    /// Returns what the next save stores: all that the page alone has, or else something new.
    fn next_record(&mut self, dice: &mut Dice) -> Record {
        let loops = std::mem::take(&mut self.unsaved.items).change();
        let carried: Vec<_> = self.unsaved.text.take().into_iter().collect();
        if loops.is_empty() && carried.is_empty() {
            return sample::change(dice).into();
        }
        Change { loops, carried, ..Change::default() }.into()
    }

    fn save(&mut self, record: Record) {
        self.store.save(record).unwrap();
        self.note();
    }

    /// Writes a value with the next item into the page. Returns whether the value can stand there.
    fn rewrite(&mut self, dice: &mut Dice) -> bool {
        let stored = self.store.checkpoint().carried_value("text");
        let rewritten = stored.and_then(|stored| String::rewritten("text", &[], stored));
        let Some(rewritten) = rewritten else { return false };
        let mut text = [0; VALUE_ROOM];
        // The first value of a run shows that its type is the one before.
        let Some(len) = "z".repeat(dice.up_to(40)).rewrite(&rewritten, &mut text) else {
            return false;
        };
        REWRITTEN.fetch_add(1, Ordering::Relaxed);
        self.unsaved.items.complete(dice);
        self.unsaved.text = rewritten.change(&text[..len]).map(|(change, _)| change);
        let mut room = [0; VALUE_ROOM];
        let (to, keys, cursor) = self.unsaved.items.said(&mut room);
        let values = [&room[..cursor], &text[..len]].concat();
        assert!(self.page.advance(to, keys, &values).unwrap());
        true
    }

    fn step(&mut self, dice: &mut Dice) {
        if let Some(beside) = self.beside.take() {
            return self.step_beside(beside, dice);
        }
        if dice.one_in(6) {
            let record = self.next_record(dice);
            self.save(record);
            return;
        }
        self.follow();
        if dice.one_in(2) && self.rewrite(dice) {
            self.note();
            return;
        }
        if dice.one_in(2) && self.unsaved.text.is_none() {
            self.unsaved.items.complete(dice);
            let mut room = [0; VALUE_ROOM];
            let (to, keys, cursor) = self.unsaved.items.said(&mut room);
            assert!(self.page.advance(to, keys, &room[..cursor]).unwrap());
        } else {
            let record = self.next_record(dice);
            match self.store.record_in_page(record).unwrap() {
                InPage::Framed(framed) => {
                    assert!(self.page.append(framed).unwrap());
                    self.page.advance(Advanced::default(), LoopKeys::default(), &[]).unwrap();
                }
                InPage::NoRoom(record) => self.store.save(*record).unwrap(),
            }
        }
        self.note();
    }
}

impl History {
    fn random(durability: Durability, dice: &mut Dice) -> History {
        let recorder = Recorder::new(Image::default(), Protocol::AsAsked);
        let disk = Disk { recorder, page: Arc::default() };
        let mut moments = vec![Moment { ops: 0, page: Vec::new(), state: None }];
        for _ in 0..dice.up_to(3) {
            let mut run = Run::begin(&disk, durability, dice, moments);
            (0..dice.up_to(60)).for_each(|_| run.step(dice));
            moments = run.moments;
        }
        let (base, ops) = disk.recorder.recorded();
        History { base, ops, moments }
    }

    /// Kills the process at every operation, and at every byte of every write. Returns the number of kills.
    fn kill(&self) -> usize {
        let (mut image, mut done, mut kills) = (self.base.clone(), 0, 0);
        for (index, moment) in self.moments.iter().enumerate() {
            let before = &self.moments[index.saturating_sub(1)];
            let mut look = |image: &Image| {
                let found = loaded(image, &before.page);
                let is_one = found == before.state || found == moment.state;
                assert!(
                    is_one,
                    "moment {index}: {found:#?}\nis not {:#?}\nnor {:#?}",
                    before.state, moment.state
                );
                kills += 1;
            };
            for op in &self.ops[done..moment.ops] {
                if let Op::Data(inode, data) = op {
                    data.each_cut(|cut| {
                        let mut killed = image.clone();
                        killed.apply(&Op::Data(*inode, cut));
                        look(&killed);
                    });
                }
                image.apply(op);
                look(&image);
            }
            done = moment.ops;
            assert_eq!(loaded(&image, &moment.page), moment.state, "moment {index}");
            kills += 1;
        }
        kills
    }
}

#[test]
fn a_kill_leaves_all_that_was_complete_in_the_file_and_the_page() {
    let kills = Mutex::new(0);
    storm(20, |seed| {
        for durability in [Durability::Power, Durability::Process] {
            *kills.lock().unwrap() += History::random(durability, &mut Dice::new(seed)).kill();
        }
    });
    let kills = kills.into_inner().unwrap();
    println!("{kills} kills");
    assert!(kills > 10_000, "only {kills} kills");
    let rewritten = REWRITTEN.load(Ordering::Relaxed);
    assert!(rewritten > 100, "only {rewritten} values beside the records");
    let ended = beside::ENDED.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(ended[0] > 100 && ended[1] > 10, "only {ended:?} items side by side");
    let marked = MARKED.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(marked.iter().all(|count| *count > 100), "only {marked:?} items by key and cursor");
}

/// A user may restore a page beside a newer file, or a file beside a newer page.
#[test]
fn any_page_beside_any_file_gives_a_state_that_was_complete() {
    let counted = Mutex::new(0);
    storm(4, |seed| {
        for durability in [Durability::Power, Durability::Process] {
            let history = History::random(durability, &mut Dice::new(seed));
            let (mut image, mut done) = (history.base.clone(), 0);
            for moment in &history.moments {
                history.ops[done..moment.ops].iter().for_each(|op| image.apply(op));
                done = moment.ops;
                let alone = loaded(&image, &[]);
                for (index, other) in history.moments.iter().enumerate().step_by(3) {
                    let found = loaded(&image, &other.page);
                    // Beside an older file, the slot before the newest may count.
                    let mut said = history.moments[..=index].iter().rev();
                    let is_one = found == alone || said.any(|moment| found == moment.state);
                    assert!(is_one, "seed {seed}, moment {index}: {found:#?}");
                    *counted.lock().unwrap() += usize::from(found != alone);
                }
            }
        }
    });
    let counted = counted.into_inner().unwrap();
    assert!(counted > 100, "only {counted} pages count");
}

/// After a power cut any page may be beside any file, but it names the previous boot.
#[test]
fn behind_a_power_cut_no_page_counts() {
    storm(4, |seed| {
        let history = History::random(Durability::Power, &mut Dice::new(seed));
        let (mut image, mut done) = (history.base.clone(), 0);
        let rebooted = |page: &[u8]| {
            let mut page = page.to_vec();
            if let Some(digit) = page.get_mut(12) {
                *digit ^= 1;
                let checksum = crc32fast::hash(&page[..44]);
                page[44..48].copy_from_slice(&checksum.to_le_bytes());
            }
            page
        };
        let pages: Vec<Vec<u8>> = history.moments.iter().map(|it| rebooted(&it.page)).collect();
        for moment in &history.moments {
            history.ops[done..moment.ops].iter().for_each(|op| image.apply(op));
            done = moment.ops;
            let alone = loaded(&image, &[]);
            for page in pages.iter().step_by(7) {
                assert_eq!(loaded(&image, page), alone, "seed {seed}");
            }
        }
    });
}

impl Disk {
    fn log(&self, durability: Durability) -> Log<Recorder> {
        let (dir, name, limit) = (PathBuf::new(), PATH.into(), SizeLimit::default());
        Log::new(self.recorder.clone(), LogFile { dir, name, durability, limit })
    }
}

impl Backend for Disk {
    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(mut bytes) = self.recorder.read(Path::new(PATH)) else { return Ok(None) };
        let inode = self.recorder.inode(Path::new(PATH)).unwrap();
        page::extend(&mut bytes, id(inode), &self.page.lock().unwrap());
        Ok(Some(bytes))
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), Error> {
        Err(Error::Unsupported("save without a lease"))
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        Err(Error::Unsupported("delete"))
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.load(job)?.is_some())
    }

    fn lease(self: Arc<Self>, _: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Ok(Box::new(DiskLease(self.log(options.durability))))
    }
}

struct DiskLease(Log<Recorder>);

impl Lease for DiskLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.0.save(&[checkpoint], || Ok(()))
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.0.append(&[record])
    }

    fn append_pieces(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        self.0.append(record)
    }

    fn delete(&mut self) -> Result<(), Error> {
        Err(Error::Unsupported("delete"))
    }

    fn paged_file(&self) -> Option<(u64, u64)> {
        self.0.file().copied().map(id)
    }
}
