//! The file that a variable in `fresh(..)` writes, if its type tells: a file that a run makes anew has lost what the items of
//! the run before wrote there.

use std::fs::File;
use std::io::{BufWriter, LineWriter, Write};

/// A type that writes to one file.
pub trait WritesFile {
    /// Returns the file.
    fn file(&self) -> &File;
}

impl WritesFile for File {
    fn file(&self) -> &File {
        self
    }
}

impl<W: Write + WritesFile> WritesFile for BufWriter<W> {
    fn file(&self) -> &File {
        self.get_ref().file()
    }
}

impl<W: Write + WritesFile> WritesFile for LineWriter<W> {
    fn file(&self) -> &File {
        self.get_ref().file()
    }
}

macro_rules! behind {
    ($($pointer:ty)*) => { $(
        impl<W: WritesFile + ?Sized> WritesFile for $pointer {
            fn file(&self) -> &File {
                (**self).file()
            }
        }
    )* };
}

behind! { &W &mut W Box<W> }

/// Stands for a variable in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Written<'a, T: ?Sized>(pub &'a T);

/// Chosen for what writes to a file.
pub trait OfFile {
    /// Returns the file.
    fn file(&self) -> Option<&File>;
}

impl<T: WritesFile + ?Sized> OfFile for &Written<'_, T> {
    fn file(&self) -> Option<&File> {
        Some(self.0.file())
    }
}

/// Chosen for anything else, as far as is known.
pub trait OfNoFile {
    /// Returns none.
    fn file(&self) -> Option<&File>;
}

impl<T: ?Sized> OfNoFile for Written<'_, T> {
    fn file(&self) -> Option<&File> {
        None
    }
}

/// Expands to the run's check of the file that a variable writes, if its type tells of one.
#[doc(hidden)]
#[macro_export]
macro_rules! __check_written {
    ($run:expr, $name:literal, $loop:literal, $variable:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{OfFile as _, OfNoFile as _};
        match (&&$crate::__private::Written(&$variable)).file() {
            file => $run.check_written($name, $loop, file),
        }
    }};
}
