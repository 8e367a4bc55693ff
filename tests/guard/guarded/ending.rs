//! Ends a job in many ways.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{self, Command};
use std::{env, fs, thread};

use rustix::process::{Signal, getpid, kill_process};
use sadness_generator::SadnessFlavor;
use safe_state::guard::{Data, Ended, Guard, GuardError};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::crash::crash;
use crate::tell;

/// Publishes two values, and ends in the way `how`.
pub(crate) fn job(data: &Data, how: &str) -> anyhow::Result<()> {
    data.update(|data| {
        data.insert("at", 41)?;
        data.insert("name", "Ada")
    })?;
    data.insert("at", 42)?;
    innermost(how)
}

#[inline(never)]
fn innermost(how: &str) -> anyhow::Result<()> {
    match how {
        "return" => return Ok(()),
        "error" => anyhow::bail!("asked to fail"),
        "exit" => process::exit(env::args().nth(2).map_or(0, |code| code.parse().expect("a code"))),
        "panic" => panic!("asked to {}", "panic"),
        "panic-in-thread" => {
            let panics = || panic!("asked to panic in a thread");
            thread::Builder::new().name("worker".into()).spawn(panics)?.join().expect("no panic");
        }
        "panic-abort" => cannot_unwind(),
        "caught-panic" => drop(std::panic::catch_unwind(|| panic!("caught"))),
        "abort" => process::abort(),
        "segfault" => crash(SadnessFlavor::Segfault),
        "segfault-in-thread" => {
            drop(thread::spawn(|| -> () { crash(SadnessFlavor::Segfault) }).join());
        }
        "bus" => crash(SadnessFlavor::Bus),
        "floating-point" => crash(SadnessFlavor::DivideByZero),
        "illegal" => crash(SadnessFlavor::Illegal),
        "trap" => crash(SadnessFlavor::Trap),
        "overflow" => drop(deeper(1)),
        "overflow-in-thread" => drop(thread::spawn(|| deeper(1)).join()),
        "allocate" => drop((0..1024).map(|_| vec![1_u8; 1 << 20]).collect::<Vec<_>>()),
        "kill" => kill_process(getpid(), Signal::KILL)?,
        "quit" => kill_process(getpid(), Signal::QUIT)?,
        "terminate" => kill_process(getpid(), Signal::TERM)?,
        "exec" => return Err(Command::new("true").exec().into()),
        "exec-failure" => return Err(Command::new("/nowhere/at/all").exec().into()),
        "show" => return show(),
        "wait" => wait()?,
        "count" => count()?,
        _ => anyhow::bail!("unknown: {how}"),
    }
    anyhow::bail!("{how} came back")
}

/// Aborts the process by a panic, as all panics do where the profile says `panic = "abort"`.
extern "C" fn cannot_unwind() {
    panic!("asked to panic")
}

#[expect(unconditional_recursion, reason = "the stack is to overflow")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box([depth; 64])[0] + deeper(depth + 1)
}

/// Prints what the program sees of its surroundings.
fn show() -> anyhow::Result<()> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    println!("arguments {:?}", env::args().collect::<Vec<_>>());
    println!("variables {:?}", env::vars().collect::<Vec<_>>());
    println!("directory {}", env::current_dir()?.display());
    println!("program {}", env::current_exe()?.display());
    println!("input {input:?}");
    print!("name {}", fs::read_to_string("/proc/self/comm")?);
    io::stdout().flush()?;
    let files = Command::new("ls").args(["-l", "/proc/self/fd"]).output()?;
    println!("files {:?}", String::from_utf8(files.stdout)?);
    eprintln!("error");
    Ok(())
}

/// Waits for a line on standard input.
fn wait() -> anyhow::Result<()> {
    println!("waiting {}", process::id());
    io::stdin().read_line(&mut String::new())?;
    process::exit(0)
}

/// Prints the signals that the process gets, until a line comes on standard input.
fn count() -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])?;
    println!("waiting {}", process::id());
    thread::spawn(move || {
        for signal in signals.forever() {
            println!("got {signal}");
        }
    });
    io::stdin().read_line(&mut String::new())?;
    process::exit(0)
}

/// Runs two guards, one after the other.
pub(crate) fn twice() -> Result<Ended, GuardError> {
    let first = Guard::new("first").run(|data| {
        println!("first");
        data.insert("at", 1)
    })?;
    assert!(first.is_success());
    Guard::new("second").rescue(tell).run(|data| {
        println!("second");
        data.insert("at", 2).and(Err::<(), _>(GuardError::Undone))
    })
}

/// Runs a guard within the job of another.
pub(crate) fn nested() -> Result<Ended, GuardError> {
    Guard::new("outer").run(|_| Guard::new("inner").run(|_| ()).map(drop))
}

/// Closes the file descriptors that the process was passed, before its guard looks for them.
pub(crate) fn lost() -> Result<Ended, GuardError> {
    for file in 3..64 {
        crate::crash::close(file);
    }
    Guard::new("job").run(|_| ())
}

/// Starts the program again with arguments that do not lead it to the guard.
pub(crate) fn elsewhere() -> Result<Ended, GuardError> {
    Guard::new("job").args(["nowhere"]).run(|_| ())
}

/// Runs a guard in a thread that is not the first.
pub(crate) fn in_a_thread(how: &str) -> Result<Ended, GuardError> {
    let run = || Guard::new("job").rescue(tell).run(|data| job(data, how));
    thread::scope(|scope| scope.spawn(run).join().expect("no panic"))
}
