//! Rules as SARIF describes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor, ResultLevel,
};

use super::{Used, taxa, text};
use crate::model::{RuleInfo, Severity};

/// The level of a severity.
pub fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

/// The score by which GitHub sorts and gates: over 9.0 critical, from 7.0 high, from 4.0 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "1.0",
    }
}

/// The rule with everything a viewer shows about it.
pub fn descriptor(used: &Used) -> ReportingDescriptor {
    let rule = &*used.rule;
    let full = format!(
        "A hard-coded credential of {}: {}.",
        rule.provider, rule.description
    );
    let mut descriptor = ReportingDescriptor::builder()
        .id(&rule.id)
        .name(pascal(&rule.id))
        .short_description(text(&rule.description))
        .full_description(text(full))
        .help(help(rule))
        .default_configuration(
            ReportingConfiguration::builder()
                .level(json!(level(rule.severity)))
                .build(),
        )
        .relationships(taxa::relationships(&rule.tags))
        .properties(properties(used))
        .build();
    descriptor.help_uri = rule.references.iter().find(|uri| is_web(uri)).cloned();
    descriptor
}

fn properties(used: &Used) -> PropertyBag {
    let rule = &*used.rule;
    let mut tags = vec!["security".to_owned(), "external/cwe/cwe-798".to_owned()];
    for tag in &rule.tags {
        // The schema wants them unique.
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    let more: BTreeMap<String, Value> = BTreeMap::from([
        ("security-severity".to_owned(), json!(score(rule.severity))),
        ("precision".to_owned(), json!(used.confidence.name())),
        ("provider".to_owned(), json!(rule.provider)),
    ]);
    PropertyBag::builder()
        .tags(tags)
        .additional_properties(more)
        .build()
}

/// What it is, what to do first, what to use instead, where to read on.
fn help(rule: &RuleInfo) -> MultiformatMessageString {
    let mut plain = format!("{} ({}).", rule.description, rule.provider);
    let mut markdown = format!(
        "# {}\n\nA credential of **{}**.",
        rule.description, rule.provider
    );
    for (title, what) in [("Rotate", &rule.rotate), ("Replace", &rule.replace)] {
        if !what.is_empty() {
            plain += &format!("\n\n{title}: {what}");
            markdown += &format!("\n\n## {title}\n\n{what}");
        }
    }
    if !rule.references.is_empty() {
        plain += "\n\nReferences:";
        markdown += "\n\n## References\n";
    }
    for reference in &rule.references {
        plain += &format!("\n{reference}");
        markdown += &format!("\n- <{reference}>");
    }
    MultiformatMessageString::builder()
        .text(plain)
        .markdown(markdown)
        .build()
}

/// `github-pat` as `GithubPat`, the form the standard asks of names.
fn pascal(id: &str) -> String {
    let words = id.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.filter(|word| !word.is_empty()).map(capital).collect()
}

/// Whether a viewer can link to it: a user's rules may refer to anything.
fn is_web(reference: &str) -> bool {
    let address = reference
        .strip_prefix("https://")
        .or_else(|| reference.strip_prefix("http://"));
    let legal = |b: u8| b.is_ascii_graphic() && !br#"<>"\^`{|}"#.contains(&b);
    address.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_links() {
        assert_eq!(pascal("github-pat"), "GithubPat");
        assert_eq!(pascal("--a_2b"), "A2b");
        for (reference, want) in [
            ("https://docs.example.com/a#b", true),
            ("http://x", true),
            ("https://", false),
            ("see the wiki", false),
            ("https://x y", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_web(reference), want, "{reference}");
        }
    }
}
