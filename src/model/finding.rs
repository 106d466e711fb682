use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Confidence, GitHistory, Origin, Secret, Severity};

/// What reports say about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// The rule's id, `github-pat`.
    pub id: String,
    /// The provider's name, `GitHub`.
    pub provider: String,
    /// What the credential is, in a few words.
    pub description: String,
    /// The rule's own severity; a finding may be lowered below it.
    pub severity: Severity,
    /// How to revoke and renew it.
    pub rotate: String,
    /// The short-lived credential to use instead.
    pub replace: String,
    /// Documentation addresses.
    pub references: Vec<String>,
    /// Free words.
    pub tags: Vec<String>,
}

/// A place in a text. Lines and columns count from 1, columns in Unicode code points (each byte that is not valid
/// UTF-8 counts as one); offsets count bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// The byte offset in the input, from 0.
    pub offset: u64,
}

/// How a credential is encoded where it does not stand as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Base64, of either alphabet, with or without padding.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

impl Encoding {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Base64 => "base64",
            Encoding::Hex => "hex",
        }
    }
}

/// One place where a credential stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The input.
    pub origin: Origin,
    /// The secret's first byte.
    pub start: Position,
    /// One past the secret's last byte (exclusive).
    pub end: Position,
    /// How it is encoded there, if it is.
    pub encoding: Option<Encoding>,
    /// The line around it with every secret in it masked; safe to print. Bounded, so a long line is cut.
    pub snippet: String,
    /// Set where this place is accepted and not held against the run.
    pub accepted: Option<Acceptance>,
    /// The other parts of the credential that stand close to it, by their position.
    pub parts: Vec<Part>,
}

/// A part of a credential of several parts, beside the one that the finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The rule that found it.
    pub rule: String,
    /// What it is, in a few words.
    pub name: String,
    /// Its masked form; safe to print.
    pub masked: String,
    /// Its first byte, in the input of the place that it belongs to.
    pub start: Position,
    /// One past its last byte.
    pub end: Position,
}

/// Why a place is accepted and not held against the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// An inline comment on the line, by the marker's text.
    Inline(String),
    /// An entry of the fingerprint file or of the configuration.
    Fingerprint(String),
    /// The baseline.
    Baseline,
    /// An allowlist of the configuration: a short description of the entry.
    Allowlist(String),
}

impl Acceptance {
    /// A sentence for people.
    pub fn describe(&self) -> String {
        match self {
            Acceptance::Inline(marker) => format!("accepted inline by `{marker}`"),
            Acceptance::Fingerprint(source) => format!("accepted by its fingerprint in {source}"),
            Acceptance::Baseline => "accepted in the baseline".to_owned(),
            Acceptance::Allowlist(entry) => format!("accepted by the configuration: {entry}"),
        }
    }
}

/// The key of a fingerprint: with a repository's own salt, a fingerprint says nothing to those who lack it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(pub Vec<u8>);

impl Default for Salt {
    /// The salt of runs without a baseline: the same everywhere, so that fingerprints can be compared across reports.
    fn default() -> Self {
        Salt(b"keysieve fingerprint 1".to_vec())
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// A credential's identity: a keyed hash of rule and content, so that it survives moved lines, renamed files and
/// rewritten history, and differs for a new secret on the same line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The first 16 bytes of HMAC-SHA-256 over rule id, NUL and secret, under `salt`.
    pub fn new(salt: &Salt, rule: &str, secret: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&salt.0)
            .expect("because HMAC takes a key of any length");
        mac.update(rule.as_bytes());
        mac.update(&[0]);
        mac.update(secret);
        let digest = mac.finalize().into_bytes();
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        Fingerprint(u128::from_be_bytes(head))
    }

    /// Reads what [`fmt::Display`] writes: 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| u128::from_str_radix(text, 16).ok().map(Fingerprint))?
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// One credential, with every place it stands in.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Arc<RuleInfo>,
    /// At most the rule's severity.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// The credential. Reports print it only under `--show-secrets`.
    pub secret: Secret,
    /// Its masked form; safe to print.
    pub masked: String,
    /// Whether it is published in a provider's documentation: it opens nothing, and shows where a real one may follow.
    pub example: bool,
    /// Why we believe it, one short phrase each.
    pub reasons: Vec<String>,
    /// Where it stands, sorted, at most the limit of the run; at least one, and one that is not accepted if there is
    /// such a place.
    pub locations: Vec<Location>,
    /// How many places there are in all, listed or not.
    pub location_count: u64,
    /// How many of them are accepted.
    pub accepted_count: u64,
    /// How it stands in a repository's history, where one was scanned.
    pub history: Option<GitHistory>,
}

impl Finding {
    /// Whether every place is accepted: such a finding does not change the exit code.
    pub fn is_accepted(&self) -> bool {
        self.accepted_count == self.location_count
    }

    /// The first place that is not accepted, or the first of all where every one is.
    pub fn primary(&self) -> &Location {
        let open = self
            .locations
            .iter()
            .find(|location| location.accepted.is_none());
        open.unwrap_or(&self.locations[0])
    }
}

/// A candidate that a check dropped; handed out only when asked to explain.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The rule whose candidate it was.
    pub rule: Arc<RuleInfo>,
    /// The input.
    pub origin: Origin,
    /// Its first byte.
    pub start: Position,
    /// The candidate, masked; safe to print.
    pub masked: String,
    /// The check that dropped it, and what it saw.
    pub reason: String,
}
