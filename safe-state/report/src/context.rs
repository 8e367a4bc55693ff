//! Facts about the process that failed.

use std::fmt::Display;

use safe_state_backends::Holder;
use safe_state_backends::details::Fact;
use safe_state_base::secrets::command_line;

/// Returns the program, the command line, the host and other facts.
pub(super) fn facts() -> Vec<Fact> {
    let thread = std::thread::current();
    let thread = thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned);
    let program = std::env::current_exe().map(|path| path.to_string_lossy().into_owned());
    let directory = std::env::current_dir().map(|path| path.to_string_lossy().into_owned());
    let arguments = std::env::args_os().map(|it| it.to_string_lossy().into_owned());
    let facts = [
        fact("program", program.unwrap_or_default()),
        fact("command line", command_line(arguments)),
        fact("directory", directory.unwrap_or_default()),
        fact("host", Holder::this_process().host()),
        fact("pid", std::process::id()),
        fact("thread", thread),
        fact("system", format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        fact("safe-state", env!("CARGO_PKG_VERSION")),
    ];
    facts.into_iter().filter(|fact| !fact.value.is_empty()).collect()
}

fn fact(name: &str, value: impl Display) -> Fact {
    Fact { name: name.to_owned(), value: value.to_string() }
}
