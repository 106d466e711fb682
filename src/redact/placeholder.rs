//! What stands in a secret's place.

use std::fmt;
use std::io;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::engine::redacted::HEAD;

/// The key of placeholders that tell secrets apart. Without it, they say nothing about them.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A new one from the system's random numbers, for one run.
    ///
    /// # Errors
    /// Where the system has none to give.
    pub fn random() -> io::Result<Key> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Key(key))
    }

    /// One that was kept, so that a secret has the same placeholder in every run.
    pub fn new(key: [u8; 32]) -> Key {
        Key(key)
    }

    /// Its bytes, to be kept where only the user can read them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// How placeholders look.
#[derive(Debug, Clone)]
pub struct Placeholders {
    key: Option<Key>,
}

impl Placeholders {
    /// `[REDACTED:github-pat]`: the rule's id.
    pub fn typed() -> Placeholders {
        Placeholders { key: None }
    }

    /// `[REDACTED:github-pat:7f3a]`: the rule's id and 16 bits of a keyed hash of the secret, the same wherever it
    /// stands, so that a reader can tell two secrets apart.
    pub fn stable(key: Key) -> Placeholders {
        Placeholders { key: Some(key) }
    }

    /// The placeholder of a secret that a rule found.
    pub(super) fn of(&self, rule: &str, secret: &[u8]) -> String {
        let head = std::str::from_utf8(HEAD).expect("because it is ASCII");
        let Some(key) = &self.key else {
            return format!("{head}{rule}]");
        };
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key.0).expect("because HMAC takes a key of any length");
        mac.update(b"placeholder\0");
        mac.update(rule.as_bytes());
        mac.update(&[0]);
        mac.update(secret);
        let hash = mac.finalize().into_bytes();
        format!("{head}{rule}:{:02x}{:02x}]", hash[0], hash[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_secrets_apart_and_hides_them() {
        let typed = Placeholders::typed();
        assert_eq!(typed.of("acme-key", b"one"), "[REDACTED:acme-key]");
        let stable = Placeholders::stable(Key::new([7; 32]));
        let one = stable.of("acme-key", b"one");
        assert_eq!(one, stable.of("acme-key", b"one"));
        assert_ne!(one, stable.of("acme-key", b"two"));
        let other = Placeholders::stable(Key::new([8; 32]));
        assert_ne!(one, other.of("acme-key", b"one"));
        assert_eq!(one.len(), "[REDACTED:acme-key:7f3a]".len());
    }
}
