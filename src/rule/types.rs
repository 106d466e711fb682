//! The compiled form of a rule: plain data that can stand in a `static`.

use std::borrow::Cow;

use crate::model::{Confidence, Severity};

/// Text that is static for embedded rules and owned for the user's.
pub type Str = Cow<'static, str>;
/// A list that is static for embedded rules and owned for the user's.
pub type List<T> = Cow<'static, [T]>;

/// The longest match that a pattern may have, in bytes. It bounds what a stream holds back and what a delta re-reads.
pub const MAX_PATTERN_LEN: usize = 4096;

/// A compiled rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique over all rules in force.
    pub id: Str,
    /// The provider's id.
    pub provider_id: Str,
    /// The provider's name for people.
    pub provider: Str,
    /// What the credential is.
    pub description: Str,
    /// How much harm it does.
    pub severity: Severity,
    /// How sure a match is before any check.
    pub confidence: Confidence,
    /// How to revoke and renew it.
    pub rotate: Str,
    /// The short-lived credential to use instead.
    pub replace: Str,
    /// Documentation addresses.
    pub references: List<Str>,
    /// Free words.
    pub tags: List<Str>,
    /// Literals of which every match holds one. Empty for rules of kind `file`.
    pub keywords: List<Keyword>,
    /// How a keyword hit becomes a candidate.
    pub matcher: Matcher,
    /// Least share of the entropy that random text of its alphabet and length has; 0 for no check.
    pub randomness: f32,
    /// Whether placeholders and stop words are rejected.
    pub placeholders: bool,
    /// The structural check.
    pub structure: Option<Structure>,
    /// Keyword hits per megabyte that the rule may cost.
    pub budget: u32,
    /// What it is a part of, where a credential has several.
    pub part: Option<Part>,
    /// Whether it is reported without the other parts: an identifier says nothing alone.
    pub alone: bool,
    /// Texts in which the rule reports.
    pub examples: List<Str>,
    /// Texts in which it reports nothing.
    pub counter_examples: List<Str>,
    /// The file and line the rule stands in.
    pub source: Str,
}

impl Rule {
    /// Whether a provider's candidate takes precedence over this rule's.
    pub fn is_generic(&self) -> bool {
        self.provider_id == "generic"
    }

    /// Whether only what stands around its secrets says that they are some: neither a provider's format nor a key's body.
    pub fn is_called_secret(&self) -> bool {
        let proved = matches!(self.structure, Some(Structure::EncodedKey | Structure::Jwt));
        self.is_generic() && !proved || self.structure == Some(Structure::SecretData)
    }
}

/// A part of a credential that has several: an id beside its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the parts make together; those of the same group are joined where they stand close to each other. An id may
    /// be a part of several.
    pub groups: List<Str>,
    /// What this part is, in a few words: `access key id`.
    pub name: Str,
    /// Whether it is the part that must stay secret: the finding is its own, and the others are shown with it.
    pub main: bool,
}

/// A literal that every match of its rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    /// At least three bytes; lower case if `ignore_case`.
    pub text: Str,
    /// Whether ASCII case is ignored.
    pub ignore_case: bool,
}

/// How a keyword hit becomes a candidate.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// A bounded pattern around the hit.
    Pattern(Pattern, Boundary),
    /// A value assigned to a name that holds the keyword.
    Assignment(Assignment),
    /// A head and the longest run of an alphabet.
    Run(Run),
    /// Begin marker, body, end marker.
    Block(Block),
    /// A whole small file known by its name.
    File(FileRule),
}

/// A bounded pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The regular expression, over bytes.
    pub source: Str,
    /// Shortest match in bytes.
    pub min_len: u32,
    /// Longest match in bytes.
    pub max_len: u32,
    /// How far behind the match's start its keyword stands, at least and at most. The whole length where the pattern
    /// is not found by a keyword.
    pub lead: (u32, u32),
    /// Length of the literal that the secret begins with; it is left out when entropy is measured.
    pub secret_prefix: u32,
    /// The same pattern as a sequence that needs no regular-expression engine, where it is one.
    pub steps: Option<List<Step>>,
    /// Which steps are the secret (group 1), from and to; all of them if there is no group.
    pub secret_steps: (u32, u32),
    /// Whether group 1 is the secret.
    pub has_group: bool,
}

/// One step of a pattern that is a plain sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes.
    Literal(List<u8>),
    /// Between `min` and `max` bytes of a set, as many as there are.
    Class {
        /// The set.
        set: ByteSet,
        /// At least so many.
        min: u32,
        /// At most so many.
        max: u32,
    },
}

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// Whether `byte` is in it.
    #[inline]
    pub const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// Adds all bytes from `first` to `last`, both included.
    pub fn add(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        }
    }

    /// Whether the two have a byte in common.
    pub fn meets(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }
}

/// On which sides a match must not touch another word character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// Before the match.
    pub left: bool,
    /// After it.
    pub right: bool,
}

/// A value assigned to a name.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// What the whole value must match; any value where there is none (the generic rules).
    pub value: Option<Pattern>,
}

/// A head and the longest run of an alphabet.
#[derive(Debug, Clone)]
pub struct Run {
    /// The bounded head.
    pub head: Pattern,
    /// What the run consists of.
    pub alphabet: ByteSet,
    /// Least length of head and run.
    pub min_len: u32,
    /// Greatest length of head and run, where there is one.
    pub max_len: Option<u32>,
}

/// Begin marker, body, end marker.
#[derive(Debug, Clone)]
pub struct Block {
    /// The begin marker.
    pub begin: Pattern,
    /// What the body consists of.
    pub alphabet: ByteSet,
    /// The literal that the end marker begins with.
    pub end_literal: Str,
    /// The end marker.
    pub end: Pattern,
    /// Least length of the body.
    pub min_len: u32,
}

/// A whole small file known by its name.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// File names, in full.
    pub files: List<Str>,
    /// How it is read.
    pub parser: Parser,
}

macro_rules! named {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of the documentation.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The name used in rule files.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// Reads a name.
            pub fn parse(name: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|x| x.name() == name)
            }
        }
    };
}

named! {
    /// A structural check of a credential's format.
    Structure {
        /// GitHub and npm: CRC-32 of the body as base62.
        Crc32Base62 = "crc32-base62",
        /// GitLab's routable tokens: CRC-32 in base 36 over all before it.
        GitlabRoutable = "gitlab-routable",
        /// Cloudflare: CRC-32 of the 40 body characters, in hexadecimal.
        CloudflareCrc32 = "cloudflare-crc32",
        /// Atlassian: CRC-32 of all before it, in upper-case hexadecimal.
        AtlassianCrc32 = "atlassian-crc32",
        /// Azure Storage: Marvin32 over the first 60 of 64 bytes.
        AzureStorage = "azure-storage",
        /// AWS: the account number decodes out of the key id.
        AwsKeyId = "aws-key-id",
        /// The header parses and names an algorithm.
        Jwt = "jwt",
        /// PEM and OpenSSH private keys: parse, and tell whether they are encrypted.
        PrivateKey = "private-key",
        /// age: Bech32.
        Age = "age",
        /// PyPI: a version 2 macaroon.
        PypiMacaroon = "pypi-macaroon",
        /// A part decodes to a JSON object.
        Base64Json = "base64-json",
        /// The secret decodes as base64.
        Base64 = "base64",
        /// User and password of a URL.
        Url = "url",
        /// A password that a person chose: defaults, placeholders and the user's own name are none.
        Password = "password",
        /// A token without a format of its own: words are none.
        Opaque = "opaque",
        /// Base64 of a PEM or DER private key.
        EncodedKey = "encoded-key",
        /// HTTP Basic: base64 of `user:password`.
        BasicAuth = "basic-auth",
        /// A canary word of keysieve, as it is or encoded.
        Canary = "canary",
        /// NATS: CRC-16 of an NKey's seed.
        Nkey = "nkey",
        /// Discord: the first part is base64 of an account's number.
        Snowflake = "snowflake",
        /// A Kubernetes Secret: base64, of neither a certificate, a placeholder nor the name of a user or place.
        SecretData = "secret-data",
    }
}

named! {
    /// How a file that is known by its name is read.
    Parser {
        /// PostgreSQL: `host:port:database:user:password`.
        Pgpass = "pgpass",
        /// `machine … login … password …`.
        Netrc = "netrc",
        /// `user:hash`, one a line.
        Htpasswd = "htpasswd",
        /// The password field of `/etc/shadow`.
        Shadow = "shadow",
        /// Docker's `auths.*.auth`.
        DockerConfig = "docker-config",
        /// Rails' key: 32 hexadecimal digits and nothing else.
        MasterKey = "master-key",
    }
}
