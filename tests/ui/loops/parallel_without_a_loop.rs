use safe_state::resumable;

struct Lines;

impl Lines {
    fn par_iter(&self) -> std::ops::Range<u32> {
        0..1
    }
}

#[resumable]
fn print(lines: &Lines) {
    lines.par_iter().for_each(|line| println!("{line}"));
}

fn main() {
    print(&Lines);
}
