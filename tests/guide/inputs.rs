//! Runs the guide's code on inputs and calls.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use safe_state::{Error, Job, resumable};

use super::world::{CUSTOMERS, Customer, World, act};

fn enter(record: &csv::StringRecord) -> anyhow::Result<()> {
    act(&record[0])
}

#[resumable(name = "import", check = |record| record.as_ref().ok().map(|record| record.as_slice().to_owned()))]
fn import(path: &Path) -> anyhow::Result<()> {
    for record in csv::Reader::from_path(path)?.records() {
        enter(&record?)?;
    }
    Ok(())
}

#[test]
fn records_that_were_replaced_are_refused() {
    let world = World::begin();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.csv");
    fs::write(&path, "name\nada\nben\ncyd\n").unwrap();
    world.fails("cyd");
    import(&path).unwrap_err();
    fs::write(&path, "name\nada\ndan\ncyd\n").unwrap();
    let error = import(&path).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::InputChanged { index: 1, .. })), "{error}");
    Job::new("import").accept().unwrap();
    import(&path).unwrap();
    assert_eq!(world.done(), ["ada", "ben", "cyd"]);
}

fn shrink(image: &Path) -> anyhow::Result<()> {
    act(image.file_name().unwrap().display())?;
    Ok(fs::remove_file(image)?)
}

#[resumable(name = "thumbnails", key = |entry| entry.as_ref().ok().map(fs::DirEntry::path))]
fn shrink_all(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        shrink(&entry?.path())?;
    }
    Ok(())
}

#[test]
fn a_folder_that_changes_is_done_whole() {
    let world = World::begin();
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(dir.path().join(name), "").unwrap();
    ["ada", "ben", "cyd"].into_iter().for_each(write);
    world.fails("ben");
    shrink_all(dir.path()).unwrap_err();
    write("dan");
    shrink_all(dir.path()).unwrap();
    let mut done = world.done();
    done.sort();
    assert_eq!(done, ["ada", "ben", "cyd", "dan"]);
}

#[derive(Clone)]
struct Mail {
    id: u64,
    to: &'static str,
}

struct Queue(RefCell<VecDeque<Mail>>);

impl Queue {
    fn first(&self) -> anyhow::Result<Option<Mail>> {
        Ok(self.0.borrow().front().cloned())
    }

    fn delete(&self, id: u64) -> anyhow::Result<()> {
        self.0.borrow_mut().retain(|mail| mail.id != id);
        Ok(())
    }
}

fn deliver(mail: &Mail) -> anyhow::Result<()> {
    act(mail.to)
}

#[resumable(name = "mails")]
fn send_queued(queue: &Queue) -> anyhow::Result<()> {
    #[resume(consumed)]
    while let Some(mail) = queue.first()? {
        deliver(&mail)?;
        queue.delete(mail.id)?; // once it is done
    }
    Ok(())
}

#[test]
fn no_mail_of_a_queue_is_passed_over() {
    let world = World::begin();
    let mails = CUSTOMERS.map(|it| Mail { id: it.id, to: it.email });
    let queue = Queue(RefCell::new(mails.into()));
    world.fails("cyd");
    send_queued(&queue).unwrap_err();
    send_queued(&queue).unwrap();
    assert_eq!(world.done(), ["ada", "ben", "cyd", "dan"]);
}

fn tell(by: &str, customer: &Customer) -> anyhow::Result<()> {
    act(format!("{by} {}", customer.email))
}

#[resumable(name = format!("notify-{by}"))]
fn notify(by: &str, customers: &[Customer]) -> anyhow::Result<()> {
    for customer in customers {
        tell(by, customer)?;
    }
    Ok(())
}

#[test]
fn each_way_has_a_job_of_its_own() {
    let world = World::begin();
    world.fails("mail ben");
    notify("mail", &CUSTOMERS[..2]).unwrap_err();
    notify("sms", &CUSTOMERS[..2]).unwrap();
    notify("mail", &CUSTOMERS[..2]).unwrap();
    assert_eq!(world.done(), ["mail ada", "sms ada", "sms ben", "mail ben"]);
}
