//! Tests programs as users write them. Each is interrupted at several places, and has to do and to return what it does
//! without an interruption.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::{Job, Results, ahead, resumable};

type Anything = Box<dyn Error + Send + Sync>;

/// Fails at the items of a run that a test names.
#[derive(Default)]
struct Trouble(Mutex<Vec<u64>>);

impl Trouble {
    fn at(items: &[u64]) -> Self {
        Trouble(Mutex::new(items.to_vec()))
    }

    /// Fails once for each time that the item was named.
    fn hit(&self, item: u64) -> Result<u64, Anything> {
        let mut items = self.0.lock().unwrap();
        match items.iter().position(|it| *it == item) {
            Some(at) => {
                items.remove(at);
                Err(format!("trouble at {item}").into())
            }
            None => Ok(item),
        }
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

/// Calls the job until there is no more trouble, and returns its result.
fn until_done<T>(trouble: &Trouble, mut job: impl FnMut() -> Result<T, Anything>) -> T {
    loop {
        let was_over = trouble.is_over();
        match job() {
            Ok(result) => return result,
            Err(error) => assert!(!was_over, "no trouble, and still {error}"),
        }
    }
}

const HITS: [&[u64]; 4] = [&[], &[0], &[3, 3, 7], &[1, 5, 11]];

#[derive(Hash)]
struct Page {
    url: String,
    size: u64,
}

/// Stores pages in files, as a downloader does.
#[resumable(name = "download", state_dir = dir, concurrency = 5)]
async fn download(dir: &Path, pages: &[Page], trouble: &Trouble) -> Result<usize, Anything> {
    let target = dir.join("pages");
    fs::create_dir_all(&target)?;
    for (number, Page { url, size }) in pages.iter().enumerate() {
        let Some(name) = url.rsplit('/').next() else { continue };
        if name.is_empty() {
            continue;
        }
        tokio::time::sleep(std::time::Duration::from_micros(size % 400)).await;
        trouble.hit(u64::try_from(number)?)?;
        let path = target.join(name);
        assert!(!path.exists(), "{name} is fetched twice");
        fs::write(path, size.to_string())?;
    }
    Ok(fs::read_dir(target)?.count())
}

#[test]
fn a_downloader_fetches_each_page_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for hits in HITS {
        let dir = tempfile::tempdir().unwrap();
        let page = |n: u64| Page {
            url: if n == 4 { "https://a/".to_owned() } else { format!("https://a/{n}") },
            size: n * 7919,
        };
        let pages: Vec<Page> = (0..14).map(page).collect();
        let trouble = Trouble::at(hits);
        let count =
            until_done(&trouble, || runtime.block_on(download(dir.path(), &pages, &trouble)));
        assert_eq!(count, 13);
    }
}

struct Shop<'a> {
    dir: &'a Path,
    trouble: &'a Trouble,
    sold: AtomicU64,
}

impl Shop<'_> {
    /// Has a plain loop in each item, with labels, and closures that read what is shared.
    #[resumable(name = "sell", state_dir = self.dir, threads = 3)]
    fn sell(&self, orders: Vec<Vec<u64>>) -> Result<u64, Anything> {
        let prices: BTreeMap<u64, u64> = (0..50).map(|n| (n, n * n)).collect();
        let price = |it: &u64| prices.get(it).copied();
        'orders: for (number, order) in orders.into_iter().enumerate() {
            let mut sum = 0;
            for article in &order {
                let Some(price) = price(article) else { continue 'orders };
                if price == 9 {
                    continue;
                }
                sum += price;
                if sum > 5_000 {
                    break;
                }
            }
            self.trouble.hit(u64::try_from(number)?)?;
            self.sold.fetch_add(sum, Ordering::SeqCst);
        }
        Ok(self.sold.load(Ordering::SeqCst))
    }
}

#[test]
fn a_method_with_loops_in_its_items_adds_up() {
    for hits in HITS {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let orders: Vec<Vec<u64>> = (0..12).map(|n| vec![n, 3, n + 1, n * 5]).collect();
        let shop = Shop { dir: dir.path(), trouble: &trouble, sold: AtomicU64::new(0) };
        let sum = until_done(&trouble, || shop.sell(orders.clone()));
        let expected: u64 = orders
            .iter()
            .filter(|order| order.iter().all(|it| *it < 50))
            .map(|order| order.iter().map(|it| it * it).filter(|it| *it != 9).sum::<u64>())
            .sum();
        assert_eq!(sum, expected);
    }
}

/// Looks for the first row that matches, side by side, and returns it from the loop.
#[resumable(name = "search", state_dir = dir, threads = 4)]
fn search(
    dir: &Path,
    rows: &[&str],
    wanted: &str,
    trouble: &Trouble,
) -> Result<Option<usize>, Anything> {
    for (at, row) in rows.iter().enumerate() {
        if row.contains(wanted) {
            return Ok(Some(at));
        }
        trouble.hit(u64::try_from(at)?)?;
    }
    Ok(None)
}

#[test]
fn the_first_match_is_returned_whatever_was_tried_before() {
    let rows: Vec<String> = (0..20).map(|n| format!("row {n}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    for hits in HITS {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let found = until_done(&trouble, || search(dir.path(), &rows, "row 12", &trouble));
        assert_eq!(found, Some(12));
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let found = until_done(&trouble, || search(dir.path(), &rows, "none", &trouble));
        assert_eq!(found, None);
    }
}

/// Has two phases: the first writes parts on threads, the second adds them up in order.
#[resumable(name = "phases", state_dir = dir, carry(sum, log))]
fn phases(dir: &Path, trouble: &Trouble) -> Result<(u64, Vec<String>), Anything> {
    let mut sum = 0;
    let mut log: Results<String> = Results::new();
    let part = |n: u64| dir.join(format!("part {n}"));
    #[resume(threads = 3)]
    for n in 0..8_u64 {
        trouble.hit(n)?;
        fs::write(part(n), (n * n).to_string())?;
    }
    #[resume(threads = 2)]
    for n in (0..8_u64).rev() {
        let read = ahead!({
            trouble.hit(n)?;
            fs::read_to_string(part(n))?
        });
        let value: u64 = read.parse()?;
        if value == 36 {
            continue;
        }
        log.push(format!("{n}: {value}"));
        sum += value;
        if n == 1 {
            break;
        }
    }
    for n in 0..3_u64 {
        log.push(format!("end {n}"));
    }
    Ok((sum, log.into_vec()))
}

#[test]
fn phases_give_what_they_give_without_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let whole = phases(dir.path(), &Trouble::default()).unwrap();
    assert_eq!((whole.0, whole.1.len()), (49 + 25 + 16 + 9 + 4 + 1, 6 + 3));
    for hits in [&[0, 7][..], &[7, 7, 7, 2], &[3, 3, 3], &[5, 5, 4, 4]] {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        assert_eq!(until_done(&trouble, || phases(dir.path(), &trouble)), whole, "{hits:?}");
    }
}

/// Writes rows into a database by one connection that all items share.
#[resumable(name = "rows", state_dir = dir, threads = 3, key = |row| row.0)]
fn insert(
    dir: &Path,
    rows: &[(u32, &str)],
    table: &Mutex<BTreeMap<u32, String>>,
    trouble: &Trouble,
) -> Result<(), Anything> {
    for &(id, name) in rows.iter().filter(|(id, _)| id % 5 != 4) {
        trouble.hit(u64::from(id))?;
        let before = table.lock().unwrap().insert(id, name.to_uppercase());
        assert_eq!(before, None, "{id} twice");
    }
    Ok(())
}

#[test]
fn rows_that_change_their_places_are_inserted_once() {
    for hits in HITS {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let (table, mut rows) = (Mutex::default(), (0..12).map(|n| (n, "row")).collect::<Vec<_>>());
        until_done(&trouble, || {
            rows.rotate_left(5);
            insert(dir.path(), &rows, &table, &trouble)
        });
        let ids: Vec<u32> = table.into_inner().unwrap().into_keys().collect();
        assert_eq!(ids, (0..12).filter(|id| id % 5 != 4).collect::<Vec<_>>());
    }
}

/// Waits for pages by a cursor of the server's, and does several at once.
#[resumable(name = "pages", state_dir = dir, concurrency = 3, carry(total, sizes))]
async fn pages(dir: &Path, trouble: &Trouble) -> Result<(u64, Vec<u64>), Anything> {
    let mut total = 0;
    let mut sizes = Vec::new();
    for page in 0..12_u64 {
        let (size, name) = ahead!({
            tokio::task::yield_now().await;
            (trouble.hit(page)? * 3, format!("page {page}"))
        });
        if size % 2 == 1 {
            continue;
        }
        total += size;
        tokio::task::yield_now().await;
        sizes.push(size);
        if name == "page 10" {
            break;
        }
    }
    total += 1_000;
    Ok((total, sizes))
}

#[test]
fn pages_in_order_add_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for hits in HITS {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let (total, sizes) = until_done(&trouble, || runtime.block_on(pages(dir.path(), &trouble)));
        assert_eq!((total, sizes), (1_090, vec![0, 6, 12, 18, 24, 30]));
    }
}

#[test]
fn a_chain_of_iterators_without_the_attribute() {
    for hits in HITS {
        let (dir, trouble) = (tempfile::tempdir().unwrap(), Trouble::at(hits));
        let (job, did) = (Job::new("chain").state_dir(dir.path()), Mutex::new(Vec::new()));
        let files: Vec<PathBuf> = (0..10).map(|n| PathBuf::from(format!("{n}.png"))).collect();
        until_done(&trouble, || {
            let names = files.iter().zip(0..).skip(2).step_by(2).chain(files.iter().zip(100..));
            job.par_iter(names).threads(3).try_for_each(|(file, n)| {
                trouble.hit(n)?;
                did.lock().unwrap().push((file.clone(), n));
                Ok::<(), Anything>(())
            })
        });
        let mut did = did.into_inner().unwrap();
        did.sort();
        did.dedup();
        assert_eq!(did.len(), 4 + 10);
    }
}
