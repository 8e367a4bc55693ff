//! Runs a job under a guard, and ends as the arguments say. The guard prints what it rescues as a line of JSON.

mod autosave;
mod crash;
mod data;
mod ending;
mod graceful;
mod resources;
mod storm;

use std::env;
use std::io::Write;

use safe_state::guard::{Ended, Guard, GuardError, Rescue};
use serde_json::json;

fn main() -> Result<Ended, GuardError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["twice"] => ending::twice(),
        ["nested"] => ending::nested(),
        ["lost"] => ending::lost(),
        ["nowhere"] => panic!("this does not come to a guard"),
        ["elsewhere"] => ending::elsewhere(),
        ["thread", how] => ending::in_a_thread(how),
        ["storm", crash_after, longest] => storm::run(crash_after, longest),
        ["autosave", path, how] => autosave::run(path, how),
        ["minidump", dir, how] => {
            Guard::new("mini/dump").minidump(dir).rescue(tell).run(|data| ending::job(data, how))
        }
        ["data"] => data::run(),
        ["graceful", dir, millis] => graceful::run(dir, millis),
        ["name", name] => Guard::new(name).run(|_| ()),
        ["too-large"] => Guard::new("large").max_size(u64::MAX).run(|_| ()),
        ["beside"] => resources::beside(),
        ["beside-one", at] => resources::beside_one(at),
        ["beside-last"] => Guard::new("last").run(|_| ()),
        ["again"] => resources::again(),
        ["bounds"] => resources::bounds(),
        ["signal-in-rescue"] => resources::signal_in_rescue(),
        ["replaced"] => resources::replaced(),
        [how, ..] => Guard::new("job").rescue(tell).run(|data| ending::job(data, how)),
        [] => panic!("no arguments"),
    }
}

/// Prints the data, the cause of the end, and what else is known of it.
fn tell(rescue: &Rescue) {
    let data: serde_json::Map<_, _> = rescue
        .data()
        .iter()
        // Bytes have no form in JSON, so they are printed as text.
        .map(|(key, value)| {
            (key.to_owned(), value.get().unwrap_or_else(|_| value.to_string().into()))
        })
        .collect();
    let cause = rescue.cause();
    // Resolving the stack takes half a second in a program that is not optimised.
    let stack = env::var_os("STACK")
        .map(|_| cause.stack().iter().map(ToString::to_string).collect::<Vec<_>>());
    let told = json!({
        "cause": cause.to_string(),
        "code": cause.exit_code(),
        "signal": cause.signal(),
        "address": cause.address(),
        "panic": cause.panic().map(|panic| json!([panic.message(), panic.location(), panic.thread()])),
        "stack": stack,
        "peak_memory": cause.usage().peak_memory,
        "minidump": cause.minidump(),
        "lost": rescue.data().lost(),
        "data": data,
    });
    println!("\nrescued {told}");
    std::io::stdout().flush().expect("standard output is open");
}
