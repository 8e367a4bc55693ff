//! Tests code that the newest edition does not accept as it is written here, and code that this workspace forbids
//! elsewhere: unsafe code.

use safe_state::resumable;
use safe_state_tests::shapes::store;

struct Numbers(u32);

impl Numbers {
    fn gen(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

#[resumable(backend = store(), fresh(gen))]
fn keyword_of_a_later_edition(items: &[u32], gen: &mut Numbers) -> u32 {
    for x in items {
        assert_eq!(gen.gen(), *x);
    }
    gen.gen()
}

// The addresses are other ones in the next process.
#[resumable(backend = store(), on_input_change = "continue")]
unsafe fn unsafe_function(items: &[*const u32]) -> u32 {
    for x in items {
        assert!(**x > 0);
    }
    *items[0]
}

#[resumable(backend = store())]
extern "C" fn foreign(items: Box<[u32; 2]>) -> u32 {
    for x in items.iter() {
        assert!(*x > 0);
    }
    items[1]
}

/// # Safety
///
/// `items` must point to `length` numbers.
#[resumable(backend = store())]
#[no_mangle]
pub unsafe extern "C" fn safe_state_tests_exported(items: *const u32, length: usize) -> u32 {
    for x in std::slice::from_raw_parts(items, length) {
        assert!(*x > 0);
    }
    7
}

#[resumable(backend = store(), on_input_change = "continue")]
fn loop_in_an_unsafe_block(items: &[*const u32]) -> u32 {
    unsafe {
        for x in items {
            assert!(**x > 0);
        }
        *items[0]
    }
}

#[resumable(backend = store())]
fn temporary_in_the_tail(items: &std::cell::RefCell<Vec<u32>>) -> usize {
    for x in items.borrow().iter() {
        assert!(*x > 0);
    }
    let shared = items;
    shared.borrow().iter().count()
}

#[test]
fn each_function_returns_what_it_does_without_the_attribute() {
    assert_eq!(keyword_of_a_later_edition(&[1, 2], &mut Numbers(0)), 3);
    let (one, two) = (1, 2);
    assert_eq!(unsafe { unsafe_function(&[&one, &two]) }, 1);
    assert_eq!(foreign(Box::new([1, 2])), 2);
    assert_eq!(unsafe { safe_state_tests_exported([1, 2].as_ptr(), 2) }, 7);
    assert_eq!(loop_in_an_unsafe_block(&[&one, &two]), 1);
    assert_eq!(temporary_in_the_tail(&std::cell::RefCell::new(vec![1])), 1);
}
