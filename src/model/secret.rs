use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

/// The bytes of a credential.
///
/// It has no `Serialize` and no `Display`, prints as `Secret(..)`, and is zeroed when dropped, so that it reaches an
/// output only where the code says [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Copies `bytes` into a secret.
    pub fn new(bytes: &[u8]) -> Self {
        Secret(Zeroizing::new(bytes.to_vec()))
    }

    /// The raw bytes: only for checks, masking and output that the user asked for with a flag that says so.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret as its identity has it: line ends do not matter, so that a key is the same key in a checkout with others.
pub fn identity(secret: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(secret, b"\r\n").is_none() {
        return Cow::Borrowed(secret);
    }
    let mut text = Vec::with_capacity(secret.len());
    for (at, &byte) in secret.iter().enumerate() {
        if byte != b'\r' || secret.get(at + 1) != Some(&b'\n') {
            text.push(byte);
        }
    }
    Cow::Owned(text)
}
