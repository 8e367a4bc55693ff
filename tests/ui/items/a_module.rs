use safe_state::resumable;

#[resumable]
mod job {
    pub fn f() {}
}

fn main() {
    job::f();
}
