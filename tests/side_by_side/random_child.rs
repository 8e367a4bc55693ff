//! Runs a job that a seed makes up once, and is killed at any instant: see `random.rs`.

mod random;

use std::path::Path;

use random::{Made, World};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, run, dir, url, may_end] = arguments.as_slice() else { panic!("{arguments:?}") };
    let dir = Path::new(dir);
    std::panic::set_hook(Box::new(|_| {}));
    let made = Made::of(seed.parse().unwrap());
    let world = World::open(made, run.parse().unwrap(), dir, url, may_end == "true");
    if let Some(result) = random::run(&world, None, None) {
        // The file is renamed when it is complete, so that a kill never leaves a part of it.
        std::fs::write(dir.join("part"), result).unwrap();
        std::fs::rename(dir.join("part"), dir.join("result")).unwrap();
    }
}
