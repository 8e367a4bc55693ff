//! Compares listing ten thousand jobs on files with reading their files alone.

use std::fs;

use safe_state::{Durability, FileBackend, Status};
use safe_state_benches::{Scratch, Target, bench, compare, time};

const MANY: usize = 10_000;
const ROUNDS: usize = 15;

fn main() {
    bench("Listing 10000 jobs on files", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let fails = |item| if item == 1 { Err(std::io::Error::other("no")) } else { Ok(()) };
        for number in 0..MANY {
            let name = format!("job-{number:05}");
            if number % 2 == 0 {
                // The job looks like a killed one, so a list checks twice whether it still runs.
                scratch.begun(&name, 1, 0);
            } else {
                let job = scratch.job(&name, Durability::Process, 1);
                job.run(0..3_u64, fails).expect_err("a failure");
            }
        }
        let backend = FileBackend::new(scratch.path());
        let compared = compare(
            ROUNDS,
            || time(|| assert_eq!(Status::list(&backend).expect("a list").len(), MANY)),
            || {
                time(|| {
                    let entries = fs::read_dir(scratch.path()).expect("a directory");
                    for entry in entries {
                        fs::read(entry.expect("an entry").path()).expect("a file");
                    }
                })
            },
        );
        table.row("all of them", "ms", compared.ours(1e3), Target::AtMost(150.0));
        table.row("  over reading their files", "x", compared.ratio(), Target::None);
    });
}
