use safe_state::{Error, commit, resumable};

#[resumable]
fn print(lines: &[u32]) -> Result<(), Error> {
    for line in lines {
        println!("{line}");
        let end = || -> Result<(), Error> { commit!(7) };
        end()?;
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
