//! The keys of encrypted checkpoints, and the encryption with them.

use std::fmt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::Error;
use crate::format::FormatError;

/// The length of a key in bytes.
const KEY_LEN: usize = 32;
/// The length in bytes of a key's mark, which says by which of several keys something is sealed.
const MARK_LEN: usize = 8;
const NONCE_LEN: usize = 24;

/// The keys that checkpoints are encrypted with, by XChaCha20-Poly1305: one to write with, and older ones to read with.
///
/// To rotate a key, give a new one, and the old one as [`older`](Self::older): either key can read what is stored, and the next
/// run writes with the new one.
///
/// ```
/// use safe_state_backends::EncryptionKeys;
///
/// let old = EncryptionKeys::from_hex(&"0c".repeat(32))?;
/// let keys = EncryptionKeys::from_hex(&"4d".repeat(32))?.older(&old);
/// assert_eq!(format!("{keys:?}"), "EncryptionKeys(2)");
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
#[derive(Clone)]
pub struct EncryptionKeys {
    /// The keys. The first one writes; all can read.
    keys: Vec<Sealer>,
    pub(super) plain: Plain,
}

/// The treatment of checkpoints that are not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// Checkpoints without encryption are refused: anybody who can write to the store could have put them there.
    Refused,
    /// Checkpoints without encryption are read, and encrypted by the next save.
    TakenOver,
    /// Checkpoints without encryption are read, and stay as they are.
    Left,
}

#[derive(Clone)]
struct Sealer {
    cipher: XChaCha20Poly1305,
    mark: [u8; MARK_LEN],
}

impl EncryptionKeys {
    /// Creates a key of 32 bytes. They have to be random: a password is not suitable.
    pub fn new(key: [u8; KEY_LEN]) -> Self {
        EncryptionKeys { keys: vec![Sealer::new(key)], plain: Plain::Refused }
    }

    /// Creates a key from 64 hexadecimal digits, as `openssl rand -hex 32` prints them.
    ///
    /// # Errors
    ///
    /// The text does not consist of 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let digits = text.trim().as_bytes();
        let mut key = [0; KEY_LEN];
        if digits.len() != 2 * KEY_LEN {
            return Err(no_key(format!(
                "it has {} characters, and not 64 hexadecimal digits",
                digits.len()
            )));
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok();
            let parsed = pair
                .filter(|pair| !pair.starts_with('+'))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = parsed.ok_or_else(|| {
                no_key("it has other characters than hexadecimal digits".to_owned())
            })?;
        }
        Ok(EncryptionKeys::new(key))
    }

    /// Reads keys from a file, one on each line in the form that [`from_hex`](Self::from_hex) takes. The first one writes.
    ///
    /// # Errors
    ///
    /// The file can't be read or is empty, or a line is no key.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().ok_or_else(|| no_key(format!("`{}` is empty", path.display())))?;
        let mut keys = EncryptionKeys::from_hex(first)?;
        for line in lines {
            keys = keys.older(&EncryptionKeys::from_hex(line)?);
        }
        Ok(keys)
    }

    /// Adds the keys of `other` for reading.
    pub fn older(mut self, other: &EncryptionKeys) -> Self {
        self.keys.extend(other.keys.iter().cloned());
        self
    }

    /// Accepts checkpoints that are not encrypted, which are refused otherwise: for a job that had no key before. The run that
    /// reads one encrypts it.
    pub fn take_plain(mut self) -> Self {
        self.plain = Plain::TakenOver;
        self
    }

    /// Accepts checkpoints that are not encrypted, and leaves them so.
    #[doc(hidden)]
    pub fn leave_plain(mut self) -> Self {
        self.plain = Plain::Left;
        self
    }

    /// Returns the mark of the key, the nonce, and `plain` encrypted. Opening it needs the same `bound`.
    pub(super) fn seal(&self, plain: &[u8], bound: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(key) = self.keys.first() else {
            return Err(no_key("there is none".to_owned()));
        };
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)
            .map_err(|error| no_key(format!("there are no random numbers: {error}")))?;
        let payload = Payload { msg: plain, aad: bound };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed =
            sealed.map_err(|_| no_key("there is too much to be encrypted at once".to_owned()))?;
        Ok([&key.mark[..], &nonce, &sealed].concat())
    }

    /// Decrypts what was sealed with the same `bound`.
    pub(super) fn open(
        &self,
        (offset, sealed): (u64, &[u8]),
        bound: &[u8],
    ) -> Result<Vec<u8>, FormatError> {
        let damaged = |what| FormatError::Damaged { offset, what };
        let head = sealed.split_first_chunk::<MARK_LEN>();
        let head =
            head.and_then(|(mark, rest)| Some((mark, rest.split_first_chunk::<NONCE_LEN>()?)));
        let (mark, (nonce, sealed)) =
            head.ok_or_else(|| damaged("what is encrypted is cut off"))?;
        let mut known = self.keys.iter().filter(|key| key.mark == *mark).peekable();
        if known.peek().is_none() {
            return Err(FormatError::OtherKey { mark: *mark });
        }
        let payload = || Payload { msg: sealed, aad: bound };
        let opened =
            known.find_map(|key| key.cipher.decrypt(&XNonce::from(*nonce), payload()).ok());
        opened.ok_or_else(|| {
            damaged(
                "it was not encrypted so: it was changed, or is of another job or another place",
            )
        })
    }
}

/// Returns the nonce, by which records are bound to their snapshot.
pub(super) fn nonce_of(sealed: &[u8]) -> &[u8] {
    sealed.get(MARK_LEN..MARK_LEN + NONCE_LEN).unwrap_or_default()
}

impl Sealer {
    fn new(key: [u8; KEY_LEN]) -> Self {
        let cipher = XChaCha20Poly1305::new(&Key::from(key));
        // No drawn nonce is this one, except by a negligible chance.
        let tag = cipher.encrypt(
            &XNonce::from([0; NONCE_LEN]),
            Payload { msg: &[], aad: b"safe-state mark of a key" },
        );
        let mut mark = [0; MARK_LEN];
        mark.iter_mut().zip(tag.unwrap_or_default()).for_each(|(byte, tag)| *byte = tag);
        Sealer { cipher, mark }
    }
}

fn no_key(reason: String) -> Error {
    Error::Key { reason }
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKeys({})", self.keys.len())
    }
}

/// A type that can be given as a key: [`EncryptionKeys`], 32 bytes, or a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key",
    label = "expected a function that returns `EncryptionKeys`, `[u8; 32]`, or a `Result` of one"
)]
pub trait IntoKeys {
    /// Converts the value into keys.
    ///
    /// # Errors
    ///
    /// The error in the result.
    fn into_keys(self) -> Result<EncryptionKeys, Error>;
}

impl IntoKeys for EncryptionKeys {
    fn into_keys(self) -> Result<EncryptionKeys, Error> {
        Ok(self)
    }
}

impl IntoKeys for [u8; KEY_LEN] {
    fn into_keys(self) -> Result<EncryptionKeys, Error> {
        Ok(EncryptionKeys::new(self))
    }
}

impl<K: IntoKeys, E: fmt::Display> IntoKeys for Result<K, E> {
    fn into_keys(self) -> Result<EncryptionKeys, Error> {
        self.map_err(|error| no_key(error.to_string()))?.into_keys()
    }
}
