//! The reach of a lock: whether it excludes all who can open its file. Where it does not, the line of the previous holder is
//! the only sign: a holder that ends in order removes the file.

use std::fs::File;
use std::io;
use std::path::Path;

use super::line_in;
use crate::{Error, Holder};

/// Refuses a lock that was just taken, if the previous holder may still hold it.
pub(super) fn check(file: &File, job: &str, path: &Path) -> Result<(), Error> {
    let before = line_in(file).map_err(Error::io("read the lock", path))?;
    let Some(before) = before.as_deref().and_then(Holder::from_line) else { return Ok(()) };
    let reach = Reach::of(file).map_err(Error::io("look at the lock", path))?;
    let (job, path, holder) = (job.to_owned(), path.to_owned(), Box::new(before));
    match reach.judge(&holder) {
        Verdict::Free => Ok(()),
        Verdict::Held => Err(Error::Held { job, holder: Some(holder) }),
        Verdict::Unknown => Err(Error::OutOfReach { job, path, holder }),
    }
}

/// The reach of a lock on a file.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// The device number of the file here. Two mounts of one directory by different ways have two.
    device: Option<u64>,
    /// Whether processes that the lock does not reach may open the file.
    stays_here: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Free,
    Held,
    Unknown,
}

impl Reach {
    #[cfg(unix)]
    fn of(file: &File) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let device = Some(file.metadata()?.dev());
        Ok(Reach { device, stays_here: crate::dir::locks_stay_here(file) })
    }

    #[cfg(not(unix))]
    fn of(_: &File) -> io::Result<Self> {
        Ok(Reach { device: None, stays_here: false })
    }

    fn judge(self, before: &Holder) -> Verdict {
        if before.is_of_this_boot() {
            // On the same device, the lock itself has shown that the holder is gone.
            let is_elsewhere = before.device().is_some() && before.device() != self.device;
            return match (is_elsewhere, before.has_ended()) {
                (false, _) | (_, true) => Verdict::Free,
                (true, false) if before.is_neighbour() => Verdict::Held,
                (true, false) => Verdict::Unknown,
            };
        }
        // If the host has the same name, it has been booted since, so the holder is gone.
        let may_run = self.stays_here && before.host() != Holder::this_process().host();
        if may_run { Verdict::Unknown } else { Verdict::Free }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn line(of: &str) -> Holder {
        Holder::from_line(of).unwrap()
    }

    #[test]
    fn a_holder_that_may_still_be_there_is_not_taken_over() {
        let this = Holder::this_process();
        let on = |device: &str| line(&format!("{}{device}", this.to_line()));
        let reach = |stays_here| Reach { device: Some(0x801), stays_here };
        for reach in [reach(true), reach(false)] {
            assert_eq!(reach.judge(&on("")), Verdict::Free, "of an older release");
            assert_eq!(reach.judge(&on("@801")), Verdict::Free, "the lock has told");
            assert_eq!(reach.judge(&on("@2b")), Verdict::Held, "by another mount");
        }
        let process = this.to_line();
        let (process, _) = process.rsplit_once('/').unwrap();
        assert_eq!(reach(true).judge(&line(&format!("{process}/7#0@2b"))), Verdict::Free);
        let elsewhere = line("1 1 another-host another-boot/1/1#0@801");
        assert_eq!(reach(true).judge(&elsewhere), Verdict::Unknown);
        assert_eq!(reach(false).judge(&elsewhere), Verdict::Free);
        let booted = line(&format!("1 1 {} another-boot/1/1#0@801", this.host()));
        assert_eq!(reach(true).judge(&booted), Verdict::Free);
    }
}
