//! The rule file as it is written: names and types, nothing proved yet.

use serde::Deserialize;
use toml::Spanned;

/// A rule file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    pub provider: RawProvider,
    #[serde(default, rename = "rule")]
    pub rules: Vec<Spanned<RawRule>>,
}

/// What the rules of a file have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawProvider {
    pub id: Spanned<String>,
    pub name: String,
    pub rotate: Option<String>,
    pub replace: Option<String>,
    #[serde(default)]
    pub references: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    pub id: Spanned<String>,
    pub description: String,
    pub severity: Spanned<String>,
    pub confidence: Option<Spanned<String>>,
    pub kind: Option<Spanned<String>>,
    pub rotate: Option<String>,
    pub replace: Option<String>,
    pub references: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    #[serde(default)]
    pub examples: Vec<String>,
    #[serde(default)]
    pub counter_examples: Vec<String>,
    pub keywords: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub ignore_case: bool,
    pub pattern: Option<Spanned<String>>,
    pub value: Option<Spanned<String>>,
    pub begin: Option<Spanned<String>>,
    pub end: Option<Spanned<String>>,
    pub alphabet: Option<Spanned<String>>,
    pub min_len: Option<Spanned<u32>>,
    pub max_len: Option<Spanned<u32>>,
    pub files: Option<Spanned<Vec<String>>>,
    pub parser: Option<Spanned<String>>,
    pub randomness: Option<Spanned<f32>>,
    pub placeholders: Option<bool>,
    pub structure: Option<Spanned<String>>,
    pub boundary: Option<Spanned<String>>,
    pub budget: Option<u32>,
    pub part: Option<RawPart>,
    pub alone: Option<bool>,
}

/// What a rule's credential is a part of, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPart {
    pub groups: Vec<Spanned<String>>,
    pub name: Spanned<String>,
    #[serde(default)]
    pub main: bool,
}
