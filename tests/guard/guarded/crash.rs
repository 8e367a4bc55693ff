//! Crashes of the kind that safe code is kept from.
#![expect(unsafe_code, reason = "crashes are what is tested")]

use sadness_generator::SadnessFlavor;

/// Crashes.
pub(crate) fn crash(flavor: SadnessFlavor) -> ! {
    // SAFETY: there is nothing to come.
    unsafe { flavor.make_sad() }
}

/// Closes a file, whoever it belongs to.
pub(crate) fn close(file: i32) {
    // SAFETY: nothing is open but what the process was started with.
    unsafe { libc::close(file) };
}
