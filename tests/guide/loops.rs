//! Runs the guide's code on several loops, no loop, and loops that know their items by key or cursor.

use std::collections::{BTreeSet, HashMap, VecDeque};

use safe_state::testing::survives;
use safe_state::{Results, checkpoint, cursor, resumable, step}; // what you use of it
use serde::{Deserialize, Serialize};

use super::world::{CUSTOMERS, Customer, World, act};

#[derive(Hash)]
struct Region(&'static [&'static str]);

impl Region {
    fn shops(&self) -> anyhow::Result<&'static [&'static str]> {
        Ok(self.0)
    }
}

#[derive(Serialize, Deserialize)]
struct Rates(u64);

fn fetch_rates() -> anyhow::Result<Rates> {
    act("rates")?;
    Ok(Rates(7))
}

fn audit(shop: &str, rates: &Rates) -> anyhow::Result<u64> {
    act(shop)?;
    Ok(rates.0)
}

fn send(at: usize, total: &u64) -> anyhow::Result<()> {
    act(format!("{at}: {total}"))
}

#[resumable(name = "report", carry(totals))]
fn report(regions: &[Region]) -> anyhow::Result<()> {
    let rates: Rates = step!("rates", fetch_rates()?); // taken once; restored in a resumed run
    let mut totals = Results::new();
    #[resume]
    for region in regions {
        #[resume]
        for shop in region.shops()? {
            totals.push(audit(shop, &rates)?);
        }
    }
    #[resume]
    for (at, total) in totals.iter().enumerate() {
        send(at, total)?;
    }
    Ok(())
}

const REGIONS: [Region; 2] = [Region(&["bern", "genf"]), Region(&["rom"])];

#[test]
fn each_phase_is_resumed() {
    let all = ["rates", "bern", "genf", "rom", "0: 7", "1: 7", "2: 7"];
    for fails in all {
        let world = World::begin();
        world.fails(fails);
        report(&REGIONS).unwrap_err();
        report(&REGIONS).unwrap();
        assert_eq!(world.done(), all, "failed at {fails}");
    }
}

/// Returns the numbers that are reached from 1, by a manual job as the guide describes it.
#[resumable(manual, carry(queue, seen))]
fn crawl() -> anyhow::Result<BTreeSet<u64>> {
    let mut queue = VecDeque::from([1]);
    let mut seen = BTreeSet::new();
    while let Some(number) = queue.pop_front() {
        if number < 20 && seen.insert(number) {
            queue.extend([2 * number, number + 5]);
        }
        checkpoint!();
    }
    Ok(seen)
}

#[test]
fn a_walk_goes_on_from_where_it_was() {
    let _world = World::begin();
    survives(|_| crawl().unwrap());
}

type Id = u64;

mod by_key {
    use super::{CUSTOMERS, Customer, HashMap, Id, World, resumable};
    use crate::world::send;

    #[resumable(name = "mailing", key = |customer| customer.id)]
    fn mail(customers: &HashMap<Id, Customer>) -> anyhow::Result<()> {
        for customer in customers.values() {
            send(customer)?;
        }
        Ok(())
    }

    #[test]
    fn the_order_does_not_matter_and_what_is_put_in_is_done() {
        let world = World::begin();
        let customers: HashMap<Id, Customer> =
            CUSTOMERS.map(|customer| (customer.id, customer)).into();
        let mut fewer = customers.clone();
        fewer.remove(&1);
        world.fails("cyd");
        mail(&fewer).unwrap_err();
        mail(&customers).unwrap();
        let mut done = world.done();
        done.sort_unstable();
        assert_eq!(done, ["ada", "ben", "cyd", "dan"]);
    }
}

mod by_cursor {
    use super::{World, act, cursor, resumable};

    struct Row {
        id: i64,
    }

    struct Db(i64);

    impl Db {
        fn rows_after(&self, after: Option<i64>) -> anyhow::Result<Vec<Row>> {
            act(format!("after {after:?}"))?;
            Ok((1..=self.0).filter(|id| Some(*id) > after).map(|id| Row { id }).collect())
        }
    }

    fn send(row: &Row) -> anyhow::Result<()> {
        act(row.id)
    }

    #[resumable(name = "export", cursor = |row| row.id)]
    fn export(db: &Db) -> anyhow::Result<()> {
        let after: Option<i64> = cursor!(); // None on a fresh start
        for row in db.rows_after(after)? {
            // WHERE id > ? ORDER BY id
            send(&row)?;
        }
        Ok(())
    }

    #[test]
    fn a_query_goes_on_behind_the_last_row() {
        let world = World::begin();
        world.fails("3");
        export(&Db(4)).unwrap_err();
        export(&Db(4)).unwrap();
        assert_eq!(world.done(), ["after None", "1", "2", "after Some(2)", "3", "4"]);
    }
}

mod worklist {
    use super::*;

    type Url = String;

    fn links(page: &Url) -> anyhow::Result<Vec<Url>> {
        act(page)?;
        let number: u32 = page.parse()?;
        let found = [number * 2, number * 2 + 1].into_iter().filter(|page| *page < 6);
        Ok(found.map(|page| page.to_string()).collect())
    }

    #[resumable(name = "crawl", carry(queue, seen))]
    fn crawl(start: Url) -> anyhow::Result<BTreeSet<Url>> {
        let mut queue = VecDeque::from([start]);
        let mut seen = BTreeSet::new();
        #[resume]
        while let Some(page) = queue.pop_front() {
            if seen.insert(page.clone()) {
                queue.extend(links(&page)?);
            }
        }
        Ok(seen)
    }

    #[test]
    fn a_crawl_goes_on_with_what_is_left() {
        for fails in ["1", "2", "3", "4", "5"] {
            let world = World::begin();
            world.fails(fails);
            let all = ["1", "2", "3", "4", "5"];
            crawl("1".to_owned()).unwrap_err();
            assert_eq!(crawl("1".to_owned()).unwrap(), all.map(str::to_owned).into());
            assert_eq!(world.done(), all, "failed at {fails}");
        }
    }
}
