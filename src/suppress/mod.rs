//! What is accepted and not held against a run: comments on the line, fingerprints, the baseline, allowlists.
//!
//! Matching is pure and shared by threads; reading files stands apart in [`load`]. Nothing is accepted silently: each
//! place carries its [`Acceptance`](crate::model::Acceptance), [`Policy::unused`] names what no longer matches
//! anything, and [`Policy::notes`] says what files of the scanned repository took out.

mod allow;
mod baseline;
mod fingerprints;
mod inline;
pub mod load;
mod paths;
mod policy;
mod rules;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::Fingerprint;

pub use allow::{Allow, Conditions, StopWords, content_regex};
pub use baseline::{Baseline, Change, SALT_BYTES};
pub use fingerprints::FingerprintFile;
pub use paths::{Base, PathPattern, PathPatterns};
pub use policy::{Parts, Policy};
pub use rules::RulePattern;

/// One place where a credential was found, as far as accepting it goes.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The input as reports name it: `/` between its parts, relative to the root of the scan.
    pub path: &'a str,
    /// The credential.
    pub secret: &'a [u8],
    /// The line it begins on; it may be cut where it is very long.
    pub line: &'a [u8],
    /// The line before that one, empty on the first.
    pub previous_line: &'a [u8],
    /// The credential's identity in this run.
    pub fingerprint: Fingerprint,
}

/// How often an entry matched; marked by threads through a shared reference.
#[derive(Debug, Default)]
pub(crate) struct Uses(AtomicU64);

impl Uses {
    pub(crate) fn mark(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// `1 entry`, `2 entries`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
