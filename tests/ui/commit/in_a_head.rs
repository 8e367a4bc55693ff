use safe_state::{commit, resumable};

#[resumable(fresh(lines))]
fn print(mut lines: std::vec::IntoIter<u32>) -> Result<(), safe_state::Error> {
    #[resume]
    while let Some(line) = {
        commit!(7)?;
        lines.next()
    } {
        println!("{line}");
    }
    Ok(())
}

fn main() {
    print(vec![1].into_iter()).unwrap();
}
