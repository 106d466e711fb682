//! What the JSON formats say, as plain records: the schemas in `schemas/` describe exactly these.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::shown::acts;
use crate::model::{self, Acceptance, Severity, SkipKind};

/// The version of the schemas: raised when a field goes or changes its meaning, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// The tool that wrote the report.
#[derive(Serialize)]
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

/// This tool.
pub const TOOL: Tool = Tool {
    name: "keysieve",
    version: env!("CARGO_PKG_VERSION"),
};

/// Writes `record` on one line. Names are exact, and still harmless to a terminal that shows them.
pub fn write(to: impl Write, record: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(to, Escaping);
    Ok(record.serialize(&mut serializer)?)
}

/// Compact JSON that escapes what JSON itself lets through: C1 controls, and what reorders text.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut plain = text;
        while let Some((at, c)) = plain.char_indices().find(|(_, c)| acts(*c)) {
            to.write_all(&plain.as_bytes()[..at])?;
            // All of them are of the basic plane: four digits do.
            write!(to, "\\u{:04x}", u32::from(c))?;
            plain = &plain[at + c.len_utf8()..];
        }
        to.write_all(plain.as_bytes())
    }
}

/// A finding.
#[derive(Serialize)]
pub struct Finding<'m> {
    rule: &'m str,
    provider: &'m str,
    description: &'m str,
    severity: &'static str,
    confidence: &'static str,
    fingerprint: String,
    masked: &'m str,
    example: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    reasons: &'m [String],
    rotate: &'m str,
    replace: &'m str,
    references: &'m [String],
    tags: &'m [String],
    accepted: bool,
    location_count: u64,
    accepted_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<History<'m>>,
    locations: Vec<Location<'m>>,
}

impl<'m> Finding<'m> {
    /// The record of `finding`, with the secret itself only if it is to be shown.
    pub fn new(finding: &'m model::Finding, show_secret: bool) -> Self {
        let rule = &*finding.rule;
        let shown = show_secret.then(|| finding.secret.expose());
        let text = shown.map(std::str::from_utf8);
        Finding {
            rule: &rule.id,
            provider: &rule.provider,
            description: &rule.description,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            fingerprint: finding.fingerprint.to_string(),
            masked: &finding.masked,
            example: finding.example,
            secret: text.and_then(Result::ok),
            // JSON has no bytes, and a secret with replacement characters in it is no longer the secret.
            secret_base64: shown
                .filter(|_| matches!(text, Some(Err(_))))
                .map(|bytes| STANDARD.encode(bytes)),
            reasons: &finding.reasons,
            rotate: &rule.rotate,
            replace: &rule.replace,
            references: &rule.references,
            tags: &rule.tags,
            accepted: finding.is_accepted(),
            location_count: finding.location_count,
            accepted_count: finding.accepted_count,
            history: finding.history.as_ref().map(History::new),
            locations: finding.locations.iter().map(Location::new).collect(),
        }
    }
}

/// How a credential stands in a repository's history.
#[derive(Serialize)]
pub struct History<'m> {
    commits: u64,
    paths: u64,
    in_head: bool,
    reachable: bool,
    branches: &'m [String],
    branch_count: u64,
}

impl<'m> History<'m> {
    /// The record of `history`.
    pub fn new(history: &'m model::GitHistory) -> Self {
        History {
            commits: history.commits,
            paths: history.paths,
            in_head: history.in_head,
            reachable: history.reachable,
            branches: &history.branches,
            branch_count: history.branch_count,
        }
    }
}

/// A place in a Git repository.
#[derive(Serialize)]
pub struct Git<'m> {
    kind: &'static str,
    object: &'m str,
    commit: Option<&'m str>,
    author: Option<&'m str>,
    date: Option<&'m str>,
    reachable: bool,
}

impl<'m> Git<'m> {
    /// The record of `place`.
    pub fn new(place: &'m model::GitPlace) -> Self {
        let commit = place.commit.as_ref();
        Git {
            kind: place.kind.name(),
            object: &place.object,
            commit: commit.map(|commit| &*commit.id),
            author: commit.map(|commit| &*commit.author),
            date: commit.map(|commit| &*commit.date),
            reachable: commit.is_some_and(|commit| !commit.unreachable),
        }
    }
}

/// A place of a finding.
#[derive(Serialize)]
struct Location<'m> {
    path: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<Git<'m>>,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    offset: u64,
    end_offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    snippet: &'m str,
    accepted: Option<Accepted<'m>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part<'m>>,
}

/// Another part of the credential, close to that place.
#[derive(Serialize)]
struct Part<'m> {
    rule: &'m str,
    name: &'m str,
    masked: &'m str,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    offset: u64,
    end_offset: u64,
}

impl<'m> Part<'m> {
    fn new(part: &'m model::Part) -> Self {
        let (start, end) = (part.start, part.end);
        Part {
            rule: &part.rule,
            name: &part.name,
            masked: &part.masked,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            offset: start.offset,
            end_offset: end.offset,
        }
    }
}

impl<'m> Location<'m> {
    fn new(location: &'m model::Location) -> Self {
        let (start, end) = (location.start, location.end);
        Location {
            path: location.origin.as_str(),
            git: location.origin.git().map(Git::new),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            offset: start.offset,
            end_offset: end.offset,
            encoding: location.encoding.map(model::Encoding::name),
            snippet: &location.snippet,
            accepted: location.accepted.as_ref().map(|accepted| Accepted {
                kind: acceptance_kind(accepted),
                detail: acceptance_detail(accepted),
            }),
            parts: location.parts.iter().map(Part::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct Accepted<'m> {
    kind: &'static str,
    detail: Cow<'m, str>,
}

/// The name of an acceptance's kind.
pub fn acceptance_kind(acceptance: &Acceptance) -> &'static str {
    match acceptance {
        Acceptance::Inline(_) => "inline",
        Acceptance::Fingerprint(_) => "fingerprint",
        Acceptance::Baseline => "baseline",
        Acceptance::Allowlist(_) => "allowlist",
    }
}

fn acceptance_detail(acceptance: &Acceptance) -> Cow<'_, str> {
    match acceptance {
        Acceptance::Inline(text) | Acceptance::Fingerprint(text) | Acceptance::Allowlist(text) => {
            Cow::Borrowed(text)
        }
        Acceptance::Baseline => Cow::Owned(acceptance.describe()),
    }
}

/// Input that was not scanned, or not wholly.
#[derive(Serialize)]
pub struct Skipped<'m> {
    path: &'m str,
    kind: &'static str,
    /// Whether policy excluded it: the run is complete without it.
    policy: bool,
    detail: &'m str,
}

impl<'m> Skipped<'m> {
    /// The record of `skip`.
    pub fn new(skip: &'m model::Skip) -> Self {
        Skipped {
            path: skip.origin.as_str(),
            kind: skip.kind.name(),
            policy: skip.kind.is_policy(),
            detail: &skip.detail,
        }
    }
}

/// A candidate that a check dropped.
#[derive(Serialize)]
pub struct Dropped<'m> {
    rule: &'m str,
    path: &'m str,
    line: u64,
    column: u64,
    offset: u64,
    masked: &'m str,
    reason: &'m str,
}

impl<'m> Dropped<'m> {
    /// The record of `dropped`.
    pub fn new(dropped: &'m model::Dropped) -> Self {
        Dropped {
            rule: &dropped.rule.id,
            path: dropped.origin.as_str(),
            line: dropped.start.line,
            column: dropped.start.column,
            offset: dropped.start.offset,
            masked: &dropped.masked,
            reason: &dropped.reason,
        }
    }
}

/// What the run did.
#[derive(Serialize)]
pub struct Summary<'m> {
    complete: bool,
    interrupted: bool,
    incomplete: &'m [String],
    files: u64,
    objects: u64,
    bytes: u64,
    elapsed_seconds: f64,
    rules: usize,
    findings: Findings<'m>,
    accepted: u64,
    below_confidence: u64,
    #[serde(serialize_with = "by_kind")]
    skipped: &'m [(SkipKind, u64)],
    notes: &'m [String],
    unused_suppressions: Vec<Unused<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats<'m>>,
}

impl<'m> Summary<'m> {
    /// The record of `summary`.
    pub fn new(summary: &'m model::Summary) -> Self {
        Summary {
            complete: summary.incomplete.is_empty() && !summary.interrupted,
            interrupted: summary.interrupted,
            incomplete: &summary.incomplete,
            files: summary.files,
            objects: summary.objects,
            bytes: summary.bytes,
            elapsed_seconds: summary.elapsed.as_secs_f64(),
            rules: summary.rules,
            findings: Findings(&summary.findings),
            accepted: summary.accepted,
            below_confidence: summary.below_confidence,
            skipped: &summary.skipped,
            notes: &summary.notes,
            unused_suppressions: summary.unused.iter().map(Unused::new).collect(),
            stats: summary.stats.as_ref().map(Stats::new),
        }
    }
}

/// Counts by severity, zeros included, so that scripts need no defaults.
struct Findings<'m>(&'m [(Severity, u64)]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |severity| self.0.iter().filter(move |(s, _)| *s == severity);
        let counts = Severity::ALL.into_iter().rev();
        serializer.collect_map(counts.map(|s| (s.name(), of(s).map(|(_, n)| n).sum::<u64>())))
    }
}

fn by_kind<S: Serializer>(skipped: &[(SkipKind, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(skipped.iter().map(|(kind, n)| (kind.name(), n)))
}

#[derive(Serialize)]
struct Unused<'m> {
    place: &'m str,
    entry: &'m str,
}

impl<'m> Unused<'m> {
    fn new(unused: &'m model::UnusedSuppression) -> Self {
        Unused {
            place: &unused.place,
            entry: &unused.entry,
        }
    }
}

#[derive(Serialize)]
struct Stats<'m> {
    grams: u64,
    hits: u64,
    confirmations: u64,
    candidates: u64,
    rules: Vec<RuleStats<'m>>,
}

#[derive(Serialize)]
struct RuleStats<'m> {
    id: &'m str,
    hits: u64,
    candidates: u64,
    kept: u64,
    budget: u32,
}

impl<'m> Stats<'m> {
    fn new(stats: &'m model::Stats) -> Self {
        let rules = stats.rules.iter().map(|rule| RuleStats {
            id: &rule.id,
            hits: rule.hits,
            candidates: rule.candidates,
            kept: rule.kept,
            budget: rule.budget,
        });
        Stats {
            grams: stats.grams,
            hits: stats.hits,
            confirmations: stats.confirmations,
            candidates: stats.candidates,
            rules: rules.collect(),
        }
    }
}
