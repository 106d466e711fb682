//! What the words of a name say about the value that is assigned to it.

use super::vocabulary::{Class, among, class};
use super::words::split;

/// Words that make a token one of a protocol's: where to go on in a list, which request it was.
const PROTOCOL: [&str; 17] = [
    "next",
    "page",
    "paging",
    "pagination",
    "continuation",
    "continue",
    "starting",
    "start",
    "previous",
    "prev",
    "resume",
    "cursor",
    "sync",
    "update",
    "idempotency",
    "lock",
    "change",
];
/// Words that make a key the name of a place.
const KEYED: [&str; 27] = [
    "idempotency",
    "s3",
    "object",
    "dest",
    "destination",
    "source",
    "src",
    "cache",
    "primary",
    "foreign",
    "sort",
    "partition",
    "hash",
    "range",
    "map",
    "row",
    "column",
    "index",
    "group",
    "unique",
    "registry",
    "blob",
    "bucket",
    "id",
    "name",
    "type",
    "socket",
];

/// What a name says.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// The class of the last word, and of the one before.
    pub last: [Class; 2],
    /// How many words there are.
    pub words: i16,
    /// How many words stand behind the last one that speaks of a secret.
    pub behind: i16,
    /// How many words of each class there are.
    pub counts: [i16; 15],
    /// The strongest class that any word has.
    pub strongest: Class,
    /// The last word, in lower case, and its length.
    previous: ([u8; 24], usize),
}

impl Name {
    /// Reads the words of `name`.
    pub fn of(name: &[u8]) -> Name {
        let mut read = Name::default();
        split(name, |word| read.push(word));
        read
    }

    fn push(&mut self, word: &[u8]) {
        let mut lower = [0; 24];
        // What something is by default is of the same kind.
        if self.words > 0 && word.eq_ignore_ascii_case(b"default") {
            return;
        }
        let length = word.len().min(24);
        lower[..length].copy_from_slice(&word[word.len() - length..]);
        lower[..length].make_ascii_lowercase();
        let mut class = class(&lower[..length]);
        let secret = [
            Class::Qualifier,
            Class::Secret,
            Class::Credential,
            Class::Token,
        ];
        if class == Class::Key && secret.contains(&self.last[0]) {
            class = Class::SecretKey;
        }
        let last = self.previous;
        let before = &last.0[..last.1];
        if class == Class::Token && among(&PROTOCOL, before)
            || class == Class::Key && among(&KEYED, before)
        {
            class = Class::Number;
        }
        self.previous = (lower, length);
        // `service_account_key`: a word that names somebody can qualify a key too.
        if class == Class::Key && &lower[..length] == b"key" && self.last[0] == Class::Identity {
            class = Class::SecretKey;
        }
        self.last = [class, self.last[0]];
        self.words += 1;
        self.counts[class as usize] += 1;
        self.behind = if class.strength() > 0 {
            0
        } else {
            self.behind + 1
        };
        if class.strength() > self.strongest.strength() {
            self.strongest = class;
        }
    }

    /// Whether it says that something is a key and nothing more.
    pub fn is_bare_key(&self) -> bool {
        self.words == 1 && self.strongest == Class::Key
    }

    /// Whether a word before the name makes what it names a protocol's or a public one: `Page Token: x`.
    pub fn is_spoiled_by(&self, before: &[u8]) -> bool {
        let mut lower = [0; 24];
        let Some(lower) = lower.get_mut(..before.len()) else {
            return false;
        };
        lower.copy_from_slice(before);
        lower.make_ascii_lowercase();
        class(lower) == Class::Public || self.words == 1 && among(&PROTOCOL, lower)
    }

    /// How many words are of `class`.
    pub fn count(&self, class: Class) -> i16 {
        self.counts[class as usize]
    }

    /// Why no value of this name is a secret, if that is certain.
    pub fn rules_out(&self) -> Option<&'static str> {
        if self.strongest.strength() == 0 {
            return Some("the name speaks of something else");
        }
        let about = [
            Class::Identity,
            Class::Place,
            Class::Digest,
            Class::Text,
            Class::Number,
            Class::Public,
        ];
        if about.contains(&self.last[0]) {
            return Some("the name speaks of something about a secret");
        }
        (self.count(Class::Public) > 0).then_some("the name speaks of something public")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let cases = [
            ("password", Class::Password, true),
            ("db_password", Class::Password, true),
            ("dbPassword2", Class::Password, true),
            ("AUTH_TOKEN", Class::Token, true),
            ("PASSWORD_DEFAULT", Class::Password, true),
            ("PASSWORD_ALGORITHM_DEFAULT", Class::Identity, false),
            ("apiKey", Class::SecretKey, true),
            ("SECRET_KEY", Class::SecretKey, true),
            ("userpassword", Class::Password, true),
            ("key", Class::Key, true),
            ("cookieKey", Class::Key, true),
            ("password_hash", Class::Digest, false),
            ("publicKey", Class::Key, false),
            ("public_key", Class::Key, false),
            ("nextToken", Class::Number, false),
            ("S3Key", Class::Number, false),
            ("tokenizer", Class::Other, false),
            ("keyboard", Class::Other, false),
            ("max_tokens", Class::Token, true),
            ("monkey", Class::Other, false),
            ("bypass", Class::Other, false),
            ("token_type", Class::Identity, false),
            ("secret_name", Class::Identity, false),
            ("__author__", Class::Public, false),
        ];
        for (name, last, may) in cases {
            let read = Name::of(name.as_bytes());
            assert_eq!(read.last[0], last, "{name}");
            assert_eq!(read.rules_out().is_none(), may, "{name}");
        }
    }
}
