//! The types of the standard library that can be changed through a shared reference.

use std::fs::File;
use std::net::{TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::ChildStdin;
use std::ptr::NonNull;
use std::rc::{self, Rc};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{self, Arc, Mutex, OnceLock, RwLock};

/// A type that can be changed through a shared reference, itself or by what it holds.
pub trait Shared {}

/// A file or a connection, or a type that holds one.
pub trait Writable {}

macro_rules! kinds {
    ($kind:ident: $([$($generics:tt)*] $of:ty;)*) => {
        $(impl<$($generics)*> $kind for $of {})*
    };
}

/// Passes a trait on through types that point to a value or contain it. Types that may begin empty, such as `Vec`, are
/// left out: for a carried variable, the compiler may not know the type of their elements yet. The module `within` has them.
macro_rules! around {
    ($($kind:ident)*) => { $(
        kinds! { $kind:
            [T: $kind + ?Sized] &T;
            [T: $kind + ?Sized] Box<T>;
            [T: $kind + ?Sized] Rc<T>;
            [T: $kind + ?Sized] Arc<T>;
            [T: $kind + ?Sized] rc::Weak<T>;
            [T: $kind + ?Sized] sync::Weak<T>;
            [T: $kind] [T];
            [T: $kind, const N: usize] [T; N];
        }
    )* };
}

around! { Shared Writable }

kinds! { Shared:
    [T: ?Sized] Mutex<T>;
    [T: ?Sized] RwLock<T>;
    [T] OnceLock<T>;
    [] AtomicBool;
    [] AtomicI8;
    [] AtomicI16;
    [] AtomicI32;
    [] AtomicI64;
    [] AtomicIsize;
    [] AtomicU8;
    [] AtomicU16;
    [] AtomicU32;
    [] AtomicU64;
    [] AtomicUsize;
    [T] AtomicPtr<T>;
    [T] Sender<T>;
    [T] SyncSender<T>;
    [T] Receiver<T>;
    [T: ?Sized] *mut T;
    [T: ?Sized] NonNull<T>;
}

kinds! { Writable:
    [] File;
    [] TcpStream;
    [] UdpSocket;
    [] ChildStdin;
}
#[cfg(unix)]
kinds! { Writable:
    [] UnixStream;
    [] UnixDatagram;
}
