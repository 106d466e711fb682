//! A place of a secret as a SARIF result.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactContent, Location as SarifLocation, Message, PropertyBag, Region,
    Result as SarifResult, Suppression, SupressionKind, SupressionStatus,
};

use super::rule::level;
use super::{physical, place};
use crate::model::{Acceptance, Confidence, Finding, Fingerprint, Location, Part, Position};
use crate::report::record;
use crate::report::shown::harmless;

/// The partial fingerprint's name. Its value is the fingerprint by content.
const FINGERPRINT: &str = "keysieve/v1";

/// The result for one place of a finding whose rule stands at `rule` in the list.
pub fn result(finding: &Finding, location: &Location, rule: usize) -> SarifResult {
    let mut physical = physical(&location.origin);
    physical.region = Some(region(location, &finding.masked));
    physical.context_region = Some(context(location));
    let mut result = SarifResult::builder()
        .rule_id(&finding.rule.id)
        .rule_index(rule as i64)
        .level(level(finding.severity))
        .message(message(finding))
        .locations([place(physical)])
        .correlation_guid(guid(finding.fingerprint))
        .partial_fingerprints(BTreeMap::from([(
            FINGERPRINT.to_owned(),
            finding.fingerprint.to_string(),
        )]))
        // The standard wants the list on every result or on none; empty, it says that the place is not accepted.
        .suppressions(
            location
                .accepted
                .iter()
                .map(suppression)
                .collect::<Vec<_>>(),
        )
        .rank(rank(finding.confidence))
        .properties(properties(finding, location))
        .build();
    result.related_locations = match location.parts.is_empty() {
        true => None,
        false => Some(
            location
                .parts
                .iter()
                .map(|part| related(location, part))
                .collect(),
        ),
    };
    result
}

/// Another part of the credential.
fn related(location: &Location, part: &Part) -> SarifLocation {
    let mut physical = physical(&location.origin);
    physical.region = Some(extent(part.start, part.end, &part.masked));
    let mut place = place(physical);
    place.message = Some(Message::from(
        format!("{}: {}", part.name, part.masked).as_str(),
    ));
    place
}

fn message(finding: &Finding) -> Message {
    let mut text = format!(
        "{}: {} ({} confidence",
        finding.rule.description, finding.masked, finding.confidence
    );
    if !finding.reasons.is_empty() {
        text += "; ";
        text += &finding.reasons.join(", ");
    }
    text.push(')');
    Message::from(text.as_str())
}

/// Exactly the secret: from 1, the end exclusive, in code points.
fn region(location: &Location, masked: &str) -> Region {
    extent(location.start, location.end, masked)
}

fn extent(start: Position, end: Position, masked: &str) -> Region {
    Region::builder()
        .start_line(start.line as i64)
        .start_column(start.column as i64)
        .end_line(end.line as i64)
        .end_column(end.column as i64)
        .byte_offset(start.offset as i64)
        .byte_length(end.offset.saturating_sub(start.offset) as i64)
        .snippet(content(masked))
        .build()
}

/// The whole lines, so that a viewer can show what stands around it.
fn context(location: &Location) -> Region {
    Region::builder()
        .start_line(location.start.line as i64)
        .end_line(location.end.line as i64)
        .snippet(content(&location.snippet))
        .build()
}

fn content(text: &str) -> ArtifactContent {
    ArtifactContent::builder().text(text).build()
}

fn suppression(accepted: &Acceptance) -> Suppression {
    let kind = match accepted {
        Acceptance::Inline(_) => SupressionKind::InSource,
        Acceptance::Fingerprint(_) | Acceptance::Baseline | Acceptance::Allowlist(_) => {
            SupressionKind::External
        }
    };
    Suppression::builder()
        .kind(json!(kind))
        .status(json!(SupressionStatus::Accepted))
        .justification(harmless(&accepted.describe()))
        .build()
}

/// What a viewer sorts by, of 100.
fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::High => 90.0,
        Confidence::Medium => 50.0,
        Confidence::Low => 10.0,
    }
}

fn properties(finding: &Finding, location: &Location) -> PropertyBag {
    let mut more: BTreeMap<String, Value> = BTreeMap::from([
        ("severity".to_owned(), json!(finding.severity.name())),
        ("confidence".to_owned(), json!(finding.confidence.name())),
        ("masked".to_owned(), json!(finding.masked)),
        // Places beyond the run's limit have no result of their own.
        ("locationCount".to_owned(), json!(finding.location_count)),
    ]);
    if let Some(place) = location.origin.git() {
        more.insert("git".to_owned(), json!(record::Git::new(place)));
    }
    if let Some(encoding) = location.encoding {
        more.insert("encoding".to_owned(), json!(encoding.name()));
    }
    if let Some(history) = &finding.history {
        more.insert("history".to_owned(), json!(record::History::new(history)));
    }
    PropertyBag::builder().additional_properties(more).build()
}

/// The fingerprint in the form of a UUID. It is marked as version 5, the one for names that were hashed: the schema
/// knows versions 1 to 5 only.
fn guid(fingerprint: Fingerprint) -> String {
    let bits = fingerprint.0 & !(0xf << 76) | (5 << 76);
    let bits = bits & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_uuids() {
        let cases = [
            (0, "00000000-0000-5000-8000-000000000000"),
            (u128::MAX, "ffffffff-ffff-5fff-bfff-ffffffffffff"),
        ];
        for (bits, want) in cases {
            assert_eq!(guid(Fingerprint(bits)), want);
        }
    }
}
