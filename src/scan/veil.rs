//! What of a finding's surroundings may be shown: everything printable is masked by the same secrets.

use std::collections::HashMap;
use std::ops::Range;

use super::Scan;
use crate::engine::{Candidate, Emission, Engine, Evidence, Kept, Scratch, Verdict};
use crate::model::{Confidence, MASK, Origin, mask_line};

/// Shorter values are not looked for elsewhere: they stand in ordinary words.
const LEAST: usize = 4;

/// The line of the finding, with every secret in it masked wherever it stands: also where a secret is repeated in a
/// place that is no finding of its own.
pub fn snippet(emission: &Emission<'_>) -> String {
    let line = emission.line();
    let text = &emission.around[line.clone()];
    let within = |range: &Range<usize>| {
        range.start.clamp(line.start, line.end) - line.start
            ..range.end.clamp(line.start, line.end) - line.start
    };
    let mut secrets: Vec<Range<usize>> = emission.secrets.iter().map(within).collect();
    for value in values(emission) {
        let repeated = memchr::memmem::find_iter(text, value);
        secrets.extend(repeated.map(|at| at..at + value.len()));
    }
    mask_line(text, &secrets)
}

/// A text as it may be written down: on one line, with every secret that a rule finds in the whole of it masked
/// wherever it stands.
pub fn masked(engine: &Engine, text: &str) -> String {
    let found = engine.scan("", text.as_bytes(), &mut engine.scratch());
    let kept = found.iter().filter(|candidate| candidate.kept());
    without(text, kept)
}

/// A text on one line, with the secrets of `found` masked wherever they stand.
fn without<'c>(text: &str, found: impl Iterator<Item = &'c Candidate>) -> String {
    let bytes = text.as_bytes();
    let mut secrets: Vec<Range<usize>> = found
        .map(|candidate| candidate.secret.start as usize..candidate.secret.end as usize)
        .collect();
    for at in 0..secrets.len() {
        let value = &bytes[secrets[at].clone()];
        if value.len() >= LEAST {
            let repeated = memchr::memmem::find_iter(bytes, value);
            secrets.extend(repeated.map(|at| at..at + value.len()));
        }
    }
    // Of the same length, so that the places stay.
    let one_line = text.replace(['\n', '\r'], " ");
    mask_line(one_line.as_bytes(), &secrets)
}

/// Paths as they may be written down. One that holds no secret stays as it is.
pub struct Paths<'s> {
    engine: &'s Engine,
    least: Confidence,
    scratch: Scratch,
    /// What was asked for, with what is written instead.
    known: HashMap<String, Option<String>>,
}

impl<'s> Paths<'s> {
    /// For the reports of a scan: masked is what it reports.
    pub fn new(scan: &Scan<'s>) -> Paths<'s> {
        Paths {
            engine: scan.engine,
            least: scan.least(),
            scratch: scan.engine.scratch(),
            known: HashMap::new(),
        }
    }

    /// Masks the secrets in the path of a place.
    pub fn veil(&mut self, origin: &mut Origin) {
        let path = origin.path();
        if !self.known.contains_key(path) {
            let masked = self.masked(path);
            self.known.insert(path.to_owned(), masked);
        }
        if let Some(masked) = &self.known[path] {
            *origin = origin.with_path(masked.clone());
        }
    }

    fn masked(&mut self, path: &str) -> Option<String> {
        let mut found = self.engine.scan("", path.as_bytes(), &mut self.scratch);
        found.retain(|candidate| match &candidate.verdict {
            Verdict::Keep(kept) => kept.confidence >= self.least,
            Verdict::Drop(_) => false,
        });
        (!found.is_empty()).then(|| without(path, found.iter()))
    }
}

/// The judgement, without the name that the value is assigned to where a secret stands in that name.
pub fn judgement(kept: &Kept, emission: &Emission<'_>) -> Kept {
    let mut kept = kept.clone();
    for evidence in &mut kept.evidence {
        if let Evidence::Name(name) = evidence
            && (name_overlaps(emission) || holds_value(name, emission))
        {
            *name = MASK.to_owned();
        }
    }
    kept
}

/// The secrets of the surroundings, this one included.
fn values<'e>(emission: &Emission<'e>) -> impl Iterator<Item = &'e [u8]> {
    let around = emission.around;
    let values = emission
        .secrets
        .iter()
        .map(move |range| &around[range.clone()]);
    values.filter(|value| value.len() >= LEAST)
}

fn holds_value(name: &str, emission: &Emission<'_>) -> bool {
    values(emission).any(|value| memchr::memmem::find(name.as_bytes(), value).is_some())
}

/// Whether another secret reaches into the match outside of the value, which is where its name stands.
fn name_overlaps(emission: &Emission<'_>) -> bool {
    let candidate = emission.candidate;
    let before = (candidate.secret.start - candidate.span.start) as usize;
    let behind = candidate.span.end.saturating_sub(candidate.secret.end) as usize;
    let at = &emission.at;
    let sides = [
        at.start.saturating_sub(before)..at.start,
        at.end..at.end + behind,
    ];
    let others = emission.secrets.iter().filter(|secret| *secret != at);
    others.into_iter().any(|secret| {
        sides
            .iter()
            .any(|side| secret.start < side.end && side.start < secret.end)
    })
}
