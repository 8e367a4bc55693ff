//! The command `safe-state`.

fn main() -> std::process::ExitCode {
    safe_state::cli::main()
}
