//! Redaction: text goes in, the same text comes out with a placeholder where each secret stood.
//!
//! Covered is everything that any rule keeps, whether or not it gives way to another rule, and every known value in
//! each of its forms. What overlaps is covered by one placeholder, which names the rule that wins. Inline comments,
//! baselines and configuration play no part: whoever writes the text does not decide what is shown of it.
//!
//! The output does not depend on how the input is cut, and nothing of a secret is let go before it is known to be one.
//! What a stream holds back meanwhile is only what may still be a secret: see `docs/redaction.md`.

mod cover;
mod held;
mod json;
pub mod known;
mod parts;
mod pass;
mod placeholder;
mod stream;
mod together;
pub mod wrapped;

use std::ops::Range;
use std::sync::Arc;

use crate::engine::{Engine, HEAD, Lookahead};
use crate::model::{Fingerprint, Secret, Severity};
use crate::rule::MAX_PATTERN_LEN;
use parts::Ids;

pub use crate::engine::redacted::KNOWN;
pub use known::{KnownError, KnownValues};
pub use placeholder::{Key, Placeholders};
pub use stream::RedactStream;
pub use together::together;

/// How often a text is looked at: once whole, and then what is left of it between placeholders.
pub const PASSES: usize = 4;

/// Redacts text: one for all threads and streams.
#[derive(Debug)]
pub struct Redactor<'e> {
    ahead: Lookahead<'e>,
    known: KnownValues,
    placeholders: Placeholders,
    ids: Ids,
}

/// Text without its secrets, and what they were.
#[derive(Debug, Default)]
pub struct Redacted {
    /// The text, with placeholders.
    pub text: Vec<u8>,
    /// What was found, by position.
    pub found: Vec<Found>,
    /// What was covered, by position: one place may cover several secrets that overlap.
    pub covered: Vec<Covered>,
}

/// A stretch of the input in whose place a placeholder stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// In bytes from the input's start.
    pub range: Range<u64>,
    /// What stands there now.
    pub placeholder: String,
}

impl Redacted {
    /// Empties it, so that a stream may go on with it in constant memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.found.clear();
        self.covered.clear();
    }
}

/// A secret that was covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The rule's id, or [`KNOWN`].
    pub rule: Arc<str>,
    /// What is known of it beside: the rule's description, or where a known value came from.
    pub description: Arc<str>,
    /// How much harm it does.
    pub severity: Severity,
    /// Where it stood in the input, in bytes from its start. The placeholder may cover more than it.
    pub span: Range<u64>,
    /// Its identity, the same as in reports of a scan.
    pub fingerprint: Fingerprint,
    /// Its masked form; safe to print.
    pub masked: String,
    /// Itself, its first [`HEAD`] bytes at most: to ask a register of canaries, or for a fingerprint under another key.
    pub secret: Secret,
}

impl<'e> Redactor<'e> {
    /// Covers what the rules of `engine` find, with placeholders that name the rule.
    pub fn new(engine: &'e Engine) -> Redactor<'e> {
        Redactor {
            ahead: Lookahead::new(engine),
            known: KnownValues::default(),
            placeholders: Placeholders::typed(),
            ids: Ids::new(engine.rules().rules().iter().map(|rule| &*rule.id)),
        }
    }

    /// Covers these values as well, in all their forms.
    pub fn with_known(mut self, known: KnownValues) -> Redactor<'e> {
        self.known = known;
        self
    }

    /// Puts placeholders of this kind.
    pub fn with_placeholders(mut self, placeholders: Placeholders) -> Redactor<'e> {
        self.placeholders = placeholders;
        self
    }

    /// The most bytes that a stream holds back between two chunks: what may still be a secret by the longest rule, a run
    /// or block that is too short to be judged, or a known value; and what overlaps it. So much for each pass.
    pub fn most_held(&self) -> usize {
        let pass = 3 * HEAD.max(MAX_PATTERN_LEN) + self.known.most_held();
        PASSES * pass + self.ids.longest()
    }

    /// Redacts a whole text.
    pub fn redact(&self, text: &[u8]) -> Redacted {
        self.redact_file("", text)
    }

    /// Redacts the content of a file; `name`, without its folders, is that by which some rules know what they read.
    pub fn redact_file(&self, name: &str, text: &[u8]) -> Redacted {
        let mut out = Redacted::default();
        let mut stream = self.stream();
        stream.expect(name, text);
        stream.last(text, &mut out);
        out
    }

    /// Redacts a JSON document, which stays one: what a text redaction would cover is covered in the strings it stands
    /// in, and each string is redacted as what it stands for. Nothing else of the document changes. `None` where the
    /// text is not JSON.
    pub fn redact_json(&self, text: &[u8]) -> Option<Redacted> {
        json::redact(self, "", text)
    }

    /// The same for a file; `name` as for [`Redactor::redact_file`].
    pub fn redact_json_file(&self, name: &str, text: &[u8]) -> Option<Redacted> {
        json::redact(self, name, text)
    }

    /// Begins to redact a stream.
    pub fn stream(&self) -> RedactStream<'_> {
        RedactStream::new(self)
    }
}
