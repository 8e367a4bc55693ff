use safe_state::mem_guard;

#[mem_guard(max_memory = "much")]
fn work() {}

fn main() {
    work();
}
