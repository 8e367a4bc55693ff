use safe_state::resumable;

#[resumable]
trait Job {}

impl Job for () {}

fn main() {
}
