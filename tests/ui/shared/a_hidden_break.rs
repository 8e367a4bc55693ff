use safe_state::resumable;

macro_rules! end_if {
    ($condition:expr) => {
        if $condition {
            break;
        }
    };
}

#[resumable(shared)]
fn print(lines: &[u32]) {
    for line in lines {
        end_if!(*line == 7);
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
