//! Looks for secrets in JSON values: in decoded strings, in keys, and in JSON that stands in strings.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::canary::{Planted, Register};
use crate::engine::{Engine, Scratch, Verdict};
use crate::model::{Confidence, Fingerprint, Salt, Secret, Severity, mask};
use crate::redact::known::LEAST;
use crate::redact::{self, Redactor};

/// JSON in strings in JSON is read so deep; what is deeper is still scanned as the text it is.
const NESTING: usize = 4;
/// A value is also read together with its key where it is not longer than this: `"password": "..."`.
const ASSIGNED: usize = 512;
/// Keys are shown in a place's path up to this length.
const KEY: usize = 40;

/// A secret, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The rule's id.
    pub rule: String,
    /// What the credential is, in a few words.
    pub description: String,
    /// How much harm it does.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Its masked form; safe to print.
    pub masked: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Itself, for a fingerprint under another key.
    pub secret: Secret,
    /// What is known of it where it is a canary that was planted: `is the canary 5f1c02aa (aws) planted in ...`.
    pub canary: Option<String>,
    /// The keys that lead to its text, with dots between; empty for a text that stands alone.
    pub path: String,
    /// The line in that text, from 1.
    pub line: u64,
    /// The column in that line, in characters from 1.
    pub column: u64,
}

impl Found {
    /// Where it is, for people.
    pub fn place(&self) -> String {
        let Found {
            path, line, column, ..
        } = self;
        match path.is_empty() {
            true => format!("line {line}, column {column}"),
            false => format!("{path}, line {line}, column {column}"),
        }
    }

    /// The same, as the alarm that it is where it is a canary.
    fn raised(self, canaries: Option<&Register>) -> Found {
        let planted = canaries.and_then(|known| known.matches(self.secret.expose()));
        match planted.map(Planted::describe) {
            None => self,
            canary => Found {
                severity: Severity::Critical,
                confidence: Confidence::High,
                canary,
                ..self
            },
        }
    }
}

/// A secret in a text.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub found: Found,
}

/// Scans and redacts texts and values; keeps what it found.
pub struct Scanner<'e> {
    engine: &'e Engine,
    scratch: Scratch,
    min_confidence: Confidence,
    known: Option<&'e Redactor<'e>>,
    canaries: Option<&'e Register>,
    /// Everything found so far, in the order of its place.
    pub found: Vec<Found>,
}

impl<'e> Scanner<'e> {
    /// Finds what is at least as sure as `min_confidence`.
    pub fn new(engine: &'e Engine, min_confidence: Confidence) -> Scanner<'e> {
        Scanner {
            engine,
            scratch: engine.scratch(),
            min_confidence,
            known: None,
            canaries: None,
            found: Vec::new(),
        }
    }

    /// Raises the alarm for these canaries, however sure a rule is of one.
    pub fn with_canaries(mut self, canaries: Option<&'e Register>) -> Scanner<'e> {
        self.canaries = canaries;
        self
    }

    /// Finds what `known` covers as well, from now on.
    pub fn set_known(&mut self, known: Option<&'e Redactor<'e>>) {
        self.known = known;
    }

    /// The secrets of a text, by their start, overlapping ones as one. `name` is the name of the file it comes from, if
    /// any. Positions are in `text`; nothing is kept.
    pub fn hits(&mut self, name: &str, text: &str) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let (engine, least, canaries) = (self.engine, self.min_confidence, self.canaries);
        engine.examine(name, text.as_bytes(), &mut self.scratch, &mut |emission| {
            let Verdict::Keep(kept) = &emission.candidate.verdict else {
                return;
            };
            let rule = &engine.rules().rules()[emission.candidate.rule as usize];
            // An identifier says nothing without its other part, which is found by itself.
            let wanted = kept.confidence >= least && rule.alone;
            if !wanted && canaries.is_none() {
                return;
            }
            let found = Found {
                rule: rule.id.to_string(),
                description: rule.description.to_string(),
                severity: kept.severity,
                confidence: kept.confidence,
                masked: mask(emission.secret),
                fingerprint: Fingerprint::new(&Salt::default(), &rule.id, emission.secret),
                secret: Secret::new(emission.secret),
                canary: None,
                path: String::new(),
                line: emission.start.line,
                column: emission.start.column,
            };
            let found = found.raised(canaries);
            if !wanted && found.canary.is_none() {
                return;
            }
            let secret = &emission.candidate.secret;
            let (start, end) = (secret.start as usize, (secret.end as usize).min(text.len()));
            hits.push(Hit {
                span: floor(text, start)..ceil(text, end),
                found,
            });
        });
        if let Some(known) = self.known.filter(|_| text.len() >= LEAST) {
            hits.extend(known_hits(known, canaries, text));
        }
        merged(hits)
    }

    /// A text with a placeholder for each secret, and what was found, at `path`; `None` where there is none.
    pub fn text(&mut self, path: &str, name: &str, text: &str) -> Option<String> {
        let hits = self.hits(name, text);
        self.apply(path, text, hits)
    }

    fn apply(&mut self, path: &str, text: &str, hits: Vec<Hit>) -> Option<String> {
        if hits.is_empty() {
            return None;
        }
        let mut redacted = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits {
            redacted.push_str(&text[at..hit.span.start]);
            redacted.push_str(&placeholder(&hit.found.rule));
            at = hit.span.end;
            self.found.push(Found {
                path: path.to_owned(),
                ..hit.found
            });
        }
        redacted.push_str(&text[at..]);
        Some(redacted)
    }

    /// A value with a placeholder for each secret in it; `None` where there is none. Everything else stays as it is:
    /// unknown fields, their order, the value's shape.
    pub fn value(&mut self, name: &str, value: &Value) -> Option<Value> {
        self.walk(&mut Vec::new(), name, value, 0)
    }

    /// A text that stands under `key` in a JSON value, at `path`, with a placeholder for each secret in it; `None` where
    /// there is none.
    pub fn member(&mut self, path: &str, key: Option<&str>, text: &str) -> Option<String> {
        let mut path = vec![path.to_owned()];
        self.under(&mut path, key, "", text, 0)
    }

    fn under(
        &mut self,
        path: &mut Vec<String>,
        key: Option<&str>,
        name: &str,
        text: &str,
        nested: usize,
    ) -> Option<String> {
        let assigned = key.and_then(|key| self.assigned(path, key, text));
        assigned.or_else(|| self.string(path, name, text, nested))
    }

    fn walk(
        &mut self,
        path: &mut Vec<String>,
        name: &str,
        value: &Value,
        nested: usize,
    ) -> Option<Value> {
        match value {
            Value::String(text) => self.string(path, name, text, nested).map(Value::String),
            Value::Array(items) => {
                let mut changed: Option<Vec<Value>> = None;
                for (at, item) in items.iter().enumerate() {
                    path.push(at.to_string());
                    let new = self.walk(path, name, item, nested);
                    path.pop();
                    if let Some(new) = new {
                        changed.get_or_insert_with(|| items.clone())[at] = new;
                    }
                }
                changed.map(Value::Array)
            }
            Value::Object(fields) => self.object(path, name, fields, nested),
            _ => None,
        }
    }

    fn object(
        &mut self,
        path: &mut Vec<String>,
        name: &str,
        fields: &Map<String, Value>,
        nested: usize,
    ) -> Option<Value> {
        let mut changed = false;
        let mut new = Map::new();
        for (key, value) in fields {
            let clean_key = self.text(&path.join("."), "", key);
            path.push(match &clean_key {
                Some(clean) => clean.clone(),
                None if key.chars().count() <= KEY => key.clone(),
                None => "...".to_owned(),
            });
            let clean = match value {
                Value::String(text) => {
                    let clean = self.under(path, Some(key), name, text, nested);
                    clean.map(Value::String)
                }
                _ => self.walk(path, name, value, nested),
            };
            path.pop();
            changed |= clean_key.is_some() || clean.is_some();
            new.insert(
                clean_key.unwrap_or_else(|| key.clone()),
                clean.unwrap_or_else(|| value.clone()),
            );
        }
        changed.then_some(Value::Object(new))
    }

    /// A short value that is a secret because of its key. What the value holds by itself is found, too.
    fn assigned(&mut self, path: &[String], key: &str, text: &str) -> Option<String> {
        if text.len() > ASSIGNED || text.contains(['\n', '"', '\\']) || text.is_empty() {
            return None;
        }
        let line = format!("\"{key}\": \"{text}\"");
        let start = key.len() + 5;
        let end = start + text.len();
        let mut hits = self.hits("", &line);
        hits.retain(|hit| hit.span.start >= start && hit.span.end <= end);
        let shift = key.chars().count() as u64 + 5;
        for hit in &mut hits {
            hit.span = hit.span.start - start..hit.span.end - start;
            hit.found.column = hit.found.column.saturating_sub(shift);
        }
        if hits.is_empty() {
            return None;
        }
        // Alone it may hold more.
        hits.extend(self.hits("", text));
        hits.sort_by_key(|hit| hit.span.start);
        let hits = merged(hits);
        self.apply(&path.join("."), text, hits)
    }

    fn string(
        &mut self,
        path: &mut Vec<String>,
        name: &str,
        text: &str,
        nested: usize,
    ) -> Option<String> {
        let inner = nested_json(text).filter(|_| nested < NESTING);
        let inner = inner.and_then(|inner| self.walk(path, "", &inner, nested + 1));
        let inner = inner.map(|inner| inner.to_string());
        // What no string of it holds alone may still stand between them.
        let outer = self.text(&path.join("."), name, inner.as_deref().unwrap_or(text));
        outer.or(inner)
    }
}

/// Where known values stand.
fn known_hits(known: &Redactor<'_>, canaries: Option<&Register>, text: &str) -> Vec<Hit> {
    let redacted = known.redact(text.as_bytes());
    let mut hits = Vec::new();
    for covered in redacted.covered {
        let span = covered.range.start as usize..(covered.range.end as usize).min(text.len());
        let within = |found: &&redact::Found| covered.range.contains(&found.span.start);
        let Some(what) = redacted.found.iter().find(within) else {
            continue;
        };
        let before = &text[..floor(text, span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        hits.push(Hit {
            span: before.len()..ceil(text, span.end),
            found: Found {
                rule: what.rule.to_string(),
                description: what.description.to_string(),
                severity: what.severity,
                confidence: Confidence::High,
                masked: what.masked.clone(),
                fingerprint: what.fingerprint,
                secret: what.secret.clone(),
                canary: None,
                path: String::new(),
                line: before.matches('\n').count() as u64 + 1,
                column: before[line_start..].chars().count() as u64 + 1,
            }
            .raised(canaries),
        });
    }
    hits
}

/// The beginning of the character that `at` is in.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}

/// The end of the character that `at` is in.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// JSON that a string holds.
fn nested_json(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(trimmed).ok()
}

/// What stands in a secret's place.
pub fn placeholder(rule: &str) -> String {
    format!("[REDACTED:{rule}]")
}

/// Overlapping hits become one that covers all of them and has the first one's name, or that of a canary among them.
fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.span.start, std::cmp::Reverse(hit.span.end)));
    let mut all: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match all.last_mut() {
            Some(last) if hit.span.start < last.span.end => {
                last.span.end = last.span.end.max(hit.span.end);
                if last.found.canary.is_none() && hit.found.canary.is_some() {
                    last.found = hit.found;
                }
            }
            _ => all.push(hit),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::RuleSet;
    use crate::engine::example::expand;
    use proptest::prelude::*;
    use serde_json::json;

    fn redact(value: &Value) -> (Option<Value>, Vec<Found>) {
        let engine = Engine::new(RuleSet::embedded());
        let mut scanner = Scanner::new(&engine, Confidence::Medium);
        let new = scanner.value("", value);
        (new, scanner.found)
    }

    fn token() -> String {
        expand("<crc32-base62:ghp_>", 7)
    }

    #[test]
    fn finds_what_escapes_and_nesting_hide() {
        let token = token();
        let escaped: String = token
            .chars()
            .map(|c| format!("\\u{:04x}", c as u32))
            .collect();
        let inner = json!({"output": format!("a\nb {token}"), "exitCode": 0}).to_string();
        let cases = [
            (json!({"a": token}), "a, line 1, column 1"),
            (
                json!({"a": [0, {"b": format!("x\ny {token}")}]}),
                "a.1.b, line 2, column 3",
            ),
            (json!({"o": inner}), "o.output, line 2, column 3"),
            (
                json!({"o": json!({"p": json!([token]).to_string()}).to_string()}),
                "o.p.0, line 1, column 1",
            ),
            (
                serde_json::from_str(&format!("{{\"e\":\"{escaped}\"}}")).expect("valid JSON"),
                "e, line 1, column 1",
            ),
            (json!({"k": {token.clone(): 1}}), "k, line 1, column 1"),
        ];
        for (value, place) in cases {
            let (new, found) = redact(&value);
            let new = new.expect("it holds a secret");
            assert_eq!(found[0].place(), place);
            assert_eq!(found[0].rule, "github-pat");
            let text = new.to_string();
            assert!(text.contains("[REDACTED:github-pat]"), "{text}");
            assert!(!text.contains(&token) && !text.contains(&escaped));
            assert_eq!(redact(&new).0, None, "redacting twice changes nothing more");
        }
    }

    #[test]
    fn a_key_says_what_a_value_is() {
        let password = expand("<b62:24>", 3);
        let (new, found) = redact(&json!({"env": {"DB_PASSWORD": password, "LANG": "C"}}));
        let new = new.expect("it holds a secret");
        assert_eq!(new["env"]["LANG"], "C");
        assert!(!new.to_string().contains(&password));
        assert_eq!(found[0].place(), "env.DB_PASSWORD, line 1, column 1");
    }

    #[test]
    fn leaves_the_rest_as_it_is() {
        let value = json!({"z": 1, "a": [true, null, 1.5], "t": "no secret", "n": "{\"x\": 1}"});
        assert_eq!(redact(&value).0, None);
        let value = json!({"z": 1, "s": token(), "a": {"k": "{ \"x\" : 1 }"}});
        let new = redact(&value).0.expect("it holds a secret");
        let want = json!({"z": 1, "s": "[REDACTED:github-pat]", "a": {"k": "{ \"x\" : 1 }"}});
        assert_eq!(
            new.to_string(),
            want.to_string(),
            "order and nested text stay"
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
                prop::collection::vec(("[a-z]{1,6}", inner), 1..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// Puts `secret` into every `every`th text. How many there are now.
    fn plant(value: &mut Value, secret: &str, every: usize, seen: &mut usize) -> usize {
        match value {
            Value::String(text) => {
                *seen += 1;
                if !(*seen).is_multiple_of(every) {
                    return 0;
                }
                *text = format!("{text} {secret} {text}");
                1
            }
            Value::Array(items) => items
                .iter_mut()
                .map(|item| plant(item, secret, every, seen))
                .sum(),
            Value::Object(fields) => fields
                .values_mut()
                .map(|value| plant(value, secret, every, seen))
                .sum(),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn covers_every_secret_and_changes_nothing_else(mut value in value(), every in 1..4_usize) {
            let token = token();
            let planted = plant(&mut value, &token, every, &mut 0);
            let (new, found) = redact(&value);
            prop_assert_eq!(found.len(), planted);
            let text = value.to_string();
            let want = text.replace(&token, "[REDACTED:github-pat]");
            let got = new.as_ref().unwrap_or(&value).to_string();
            prop_assert_eq!(&got, &want);
            prop_assert_eq!(new.is_some(), planted > 0);
            // The same where the value stands in a string of another.
            let (outer, _) = redact(&json!({"o": text}));
            let inner = outer.map(|outer| outer["o"].as_str().expect("a text").to_owned());
            prop_assert_eq!(inner.unwrap_or(text), want);
        }
    }
}
