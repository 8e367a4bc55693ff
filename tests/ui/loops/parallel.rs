use safe_state::resumable;

struct Lines;

impl Lines {
    fn par_iter(&self) -> std::ops::Range<u32> {
        0..1
    }
}

#[resumable]
fn print(lines: &Lines) {
    for line in lines.par_iter() {
        println!("{line}");
    }
}

fn main() {
    print(&Lines);
}
