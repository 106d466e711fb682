use std::time::Duration;

use super::{Severity, SkipKind};

/// What a run did: printed at its end by every format that has a place for it.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Files (or streams) scanned.
    pub files: u64,
    /// Objects of repositories scanned.
    pub objects: u64,
    /// Bytes scanned: of objects as they are, and not as Git packs them.
    pub bytes: u64,
    /// Wall time from the start of the scan to its end.
    pub elapsed: Duration,
    /// Rules in force.
    pub rules: usize,
    /// Findings that count (not accepted), most severe first.
    pub findings: Vec<(Severity, u64)>,
    /// Findings accepted by comments, fingerprints, the baseline or the configuration.
    pub accepted: u64,
    /// Findings below the asked-for confidence, not reported.
    pub below_confidence: u64,
    /// How many inputs were skipped, by reason, in the order of [`SkipKind::ALL`]; no zeros.
    pub skipped: Vec<(SkipKind, u64)>,
    /// Why the result is not complete, one phrase each; empty for a complete run.
    pub incomplete: Vec<String>,
    /// What narrowed the report, for people: a repository's configuration and what it took out.
    pub notes: Vec<String>,
    /// Suppressions that matched nothing.
    pub unused: Vec<UnusedSuppression>,
    /// Set when the run was stopped from outside before its end.
    pub interrupted: bool,
    /// What the engine did, under `--stats`.
    pub stats: Option<Stats>,
}

impl Summary {
    /// Whether all was done that was asked for.
    pub fn went_well(&self) -> bool {
        self.incomplete.is_empty() && !self.interrupted
    }
}

/// A suppression that no longer matches anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnusedSuppression {
    /// The file it stands in, and its line where it has one.
    pub place: String,
    /// The entry.
    pub entry: String,
}

/// Counters of the engine.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Positions that the first stage let through.
    pub grams: u64,
    /// Keyword hits.
    pub hits: u64,
    /// Hits for which a matcher was run.
    pub confirmations: u64,
    /// Candidates that a matcher found.
    pub candidates: u64,
    /// Per rule, most hits first.
    pub rules: Vec<RuleStats>,
}

/// Counters of one rule.
#[derive(Debug, Clone, Default)]
pub struct RuleStats {
    /// The rule's id.
    pub id: String,
    /// Keyword hits.
    pub hits: u64,
    /// Candidates.
    pub candidates: u64,
    /// Candidates kept.
    pub kept: u64,
    /// The rule's budget of hits per megabyte.
    pub budget: u32,
}
