use safe_state::resumable;

#[resumable(threads = 2)]
fn print(count: u32) -> anyhow::Result<()> {
    for line in count {
        println!("{line}");
    }
    Ok(())
}

fn main() {
    let _ = print(1);
}
