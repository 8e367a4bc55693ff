//! Types whose value can change through a shared reference, recognised by their names. The names only add refusals: a type that
//! has another name is not found.

/// The beginnings of the names of cells, locks and atomics.
const CELLS: [&str; 12] = [
    "core::cell::",
    "core::sync::atomic::Atomic",
    "std::sync::poison::mutex::Mutex<",
    "std::sync::poison::rwlock::RwLock<",
    "std::sync::mutex::Mutex<",
    "std::sync::rwlock::RwLock<",
    "std::sync::once_lock::OnceLock<",
    "lock_api::mutex::Mutex<",
    "lock_api::rwlock::RwLock<",
    "once_cell::",
    "dashmap::",
    "arc_swap::",
];

const SHARED: [&str; 2] = ["alloc::rc::Rc<", "alloc::sync::Arc<"];

/// The cells to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// All cells.
    All,
    /// Cells within an `Rc` or an `Arc`, which several parts of a value of this type may share.
    SharedWithin(&'static str),
}

impl Cells {
    /// Returns whether a type contains one of these cells, by its name.
    pub(super) fn are_in(self, name: &str) -> bool {
        match self {
            Cells::All => CELLS.iter().any(|cell| name.contains(cell)),
            // The value as a whole is not shared with a part of it.
            Cells::SharedWithin(whole) => {
                name != whole
                    && SHARED.iter().any(|shared| {
                        let mut within = name.split(shared).skip(1);
                        within.any(|inner| CELLS.iter().any(|cell| inner.starts_with(cell)))
                    })
            }
        }
    }
}
