//! The configuration as it is written: names and types, nothing proved yet.

use serde::Deserialize;
use toml::{Spanned, Value};

/// A configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    pub min_confidence: Option<Spanned<String>>,
    pub fail_on: Option<Spanned<String>>,
    /// A number of bytes or a text with a unit; which one it is decides the parser, so that it can say what it
    /// expected.
    pub max_file_size: Option<Spanned<Value>>,
    pub exclude: Vec<Spanned<String>>,
    pub disable_rules: Vec<Spanned<String>>,
    pub rules: Vec<Spanned<String>>,
    pub allow: Vec<Spanned<RawAllow>>,
}

/// An allowlist entry as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawAllow {
    pub reason: Option<String>,
    pub paths: Vec<Spanned<String>>,
    pub rules: Vec<Spanned<String>>,
    pub regexes: Vec<Spanned<String>>,
    pub line_regexes: Vec<Spanned<String>>,
    pub stop_words: Vec<Spanned<String>>,
    pub fingerprints: Vec<Spanned<String>>,
}

/// Names the nearest setting where the message is about one that is not known.
pub fn with_nearest(message: &str) -> String {
    let message = message.trim();
    // The list of known settings is the schema's own, in the words of its deserializer.
    let mut names = message.split('`').skip(1).step_by(2);
    let (true, Some(found)) = (message.starts_with("unknown field"), names.next()) else {
        return message.to_owned();
    };
    let near = |name: &&str| strsim::osa_distance(found, name);
    let nearest = names
        .min_by_key(near)
        .filter(|name| near(name) <= 1 + found.len() / 4);
    let message = message.replacen("unknown field", "unknown setting", 1);
    match nearest {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
}
