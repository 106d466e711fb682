//! What becomes of a finding that is a canary.

use std::fs;

use super::Root;
use crate::canary::{self, Planted};
use crate::engine::{Evidence, Kept};
use crate::model::{Acceptance, Confidence, Origin, Severity};

/// The judgement of a canary: somebody has read the place that it was planted in.
pub fn raised(kept: &Kept, canary: &Planted) -> Kept {
    let mut evidence = kept.evidence.clone();
    evidence.push(Evidence::Canary(canary.describe()));
    Kept {
        example: false,
        severity: Severity::Critical,
        confidence: Confidence::High,
        evidence,
    }
}

/// A canary in the file that it was planted in is where it belongs.
pub fn at_home(canary: &Planted, origin: &Origin, root: &Root) -> Option<Acceptance> {
    let Origin::File(path) = origin else {
        return None;
    };
    // Rare enough to ask the file system, which knows of links.
    let here = fs::canonicalize(root.current.join(path)).ok()?;
    let home = fs::canonicalize(canary.place.as_ref()?).ok()?;
    (here == home).then(|| Acceptance::Allowlist("the canary that was planted here".to_owned()))
}

/// The judgement with a word about canaries of others, whose makers would be told of its use.
pub fn foreign(mut kept: Kept, secret: &[u8]) -> Kept {
    if canary::is_foreign(secret) {
        let what = "is a foreign canary: its account is known for them, so never use it".to_owned();
        kept.evidence.push(Evidence::Canary(what));
    }
    kept
}
