//! Makes crashes that safe code can't cause.
#![expect(unsafe_code, reason = "crashes are what is tested")]

use sadness_generator::SadnessFlavor;

/// Crashes in the given way.
pub(crate) fn crash(flavor: SadnessFlavor) -> ! {
    // SAFETY: the process ends here.
    unsafe { flavor.make_sad() }
}

/// Closes the file descriptor `file`, whoever it belongs to.
pub(crate) fn close(file: i32) {
    // SAFETY: only the descriptors are open that the process was started with.
    unsafe { libc::close(file) };
}
