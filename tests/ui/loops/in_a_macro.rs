use safe_state::resumable;

mod my {
    macro_rules! run {
        ($body:block) => {
            $body
        };
    }
    pub(crate) use run;
}

#[resumable]
fn print(lines: &[u32]) {
    my::run!({
        for line in lines {
            println!("{line}");
        }
    });
}

fn main() {
    print(&[1]);
}
