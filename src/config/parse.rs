//! From a file's text to a valid configuration, or to errors that name the line.

use std::ops::Range;

use toml::{Spanned, Value};

use super::schema::{RawAllow, RawConfig, with_nearest};
use super::{LayerKind, parse_size};
use crate::model::{Confidence, Fingerprint, Severity, SourceError, mask_line};
use crate::suppress::{
    Allow, Conditions, PathPattern, PathPatterns, RulePattern, StopWords, content_regex,
};

/// What one file says, proved to be usable.
#[derive(Debug, Default)]
pub struct Config {
    /// The least confidence that is reported.
    pub min_confidence: Option<Confidence>,
    /// The least severity that changes the exit code.
    pub fail_on: Option<Severity>,
    /// Larger files are skipped.
    pub max_file_size: Option<u64>,
    /// Paths that are not scanned at all.
    pub exclude: PathPatterns,
    /// The line of each of them, from 1.
    pub exclude_lines: Vec<usize>,
    /// Rules that are not used at all.
    pub disable_rules: Vec<Listed<RulePattern>>,
    /// Rule files, as written: relative to the configuration's folder.
    pub rules: Vec<String>,
    /// Allowlist entries.
    pub allow: Vec<Allow>,
}

/// An item of a list, with the line it stands on.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The item.
    pub item: T,
    /// Its line, from 1.
    pub line: usize,
}

/// Reads and validates the file called `name`, of the given kind.
///
/// # Errors
/// All mistakes of the file, or the first one where it is not TOML or not of the schema.
pub fn parse(name: &str, text: &str, kind: LayerKind) -> Result<Config, Vec<SourceError>> {
    let raw: RawConfig = toml::from_str(text).map_err(|e| {
        let span = e.span().unwrap_or(0..0);
        vec![SourceError::at(name, text, span, with_nearest(e.message()))]
    })?;
    let mut context = Context {
        name,
        text,
        errors: Vec::new(),
    };
    let config = context.config(&raw, kind);
    match context.errors.is_empty() {
        true => Ok(config),
        false => Err(context.errors),
    }
}

struct Context<'a> {
    name: &'a str,
    text: &'a str,
    errors: Vec<SourceError>,
}

impl Context<'_> {
    fn config(&mut self, raw: &RawConfig, kind: LayerKind) -> Config {
        if let (LayerKind::Repository, Some(first)) = (kind, raw.rules.first()) {
            self.error(
                first.span(),
                "`rules` in a scanned repository's own configuration; expected no rule files here, since they would \
                 let the repository decide what is found: name them with `--rules`, or this file with `--config`",
            );
        }
        let confidence = "low, medium or high";
        let severity = "info, low, medium, high or critical";
        Config {
            min_confidence: self.named(&raw.min_confidence, Confidence::parse, confidence),
            fail_on: self.named(&raw.fail_on, Severity::parse, severity),
            max_file_size: self.size(&raw.max_file_size),
            exclude: self.paths(&raw.exclude),
            exclude_lines: raw.exclude.iter().map(|e| self.line(&e.span())).collect(),
            disable_rules: self.disabled(&raw.disable_rules),
            rules: raw.rules.iter().map(|r| r.get_ref().clone()).collect(),
            allow: raw.allow.iter().filter_map(|a| self.allow(a)).collect(),
        }
    }

    fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors
            .push(SourceError::at(self.name, self.text, span, message));
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start];
        before.iter().filter(|&&b| b == b'\n').count() + 1
    }

    /// One of a closed set of names.
    fn named<T>(
        &mut self,
        text: &Option<Spanned<String>>,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let text = text.as_ref()?;
        let value = parse(text.get_ref());
        if value.is_none() {
            let message = format!("`{}`; expected {expected}", text.get_ref());
            self.error(text.span(), message);
        }
        value
    }

    fn size(&mut self, value: &Option<Spanned<Value>>) -> Option<u64> {
        let value = value.as_ref()?;
        let size = match value.get_ref() {
            Value::String(text) => parse_size(text),
            // Negative numbers and other types get the message of a text that is no size.
            other => parse_size(&other.to_string()),
        };
        self.checked(value.span(), size)
    }

    fn checked<T>(&mut self, span: Range<usize>, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.error(span, message)).ok()
    }

    /// The valid items of a list; the others become errors.
    fn items<T>(
        &mut self,
        list: &[Spanned<String>],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let items = list.iter();
        items
            .filter_map(|text| self.checked(text.span(), parse(text.get_ref())))
            .collect()
    }

    fn paths(&mut self, list: &[Spanned<String>]) -> PathPatterns {
        let paths = PathPatterns::new(self.items(list, PathPattern::parse));
        let span = list.first().map_or(0..0, Spanned::span);
        self.checked(span, paths).unwrap_or_default()
    }

    fn disabled(&mut self, list: &[Spanned<String>]) -> Vec<Listed<RulePattern>> {
        let items = list.iter();
        items
            .filter_map(|text| {
                let item = self.checked(text.span(), RulePattern::parse(text.get_ref()))?;
                let line = self.line(&text.span());
                Some(Listed { item, line })
            })
            .collect()
    }

    fn allow(&mut self, entry: &Spanned<RawAllow>) -> Option<Allow> {
        let raw = entry.get_ref();
        let before = self.errors.len();
        let paths = self.paths(&raw.paths);
        let words = self.items(&raw.stop_words, stop_word);
        let conditions = Conditions {
            paths,
            rules: self.items(&raw.rules, RulePattern::parse),
            regexes: self.items(&raw.regexes, content_regex),
            line_regexes: self.items(&raw.line_regexes, content_regex),
            stop_words: self
                .checked(entry.span(), StopWords::new(&words))
                .unwrap_or_default(),
            fingerprints: self.items(&raw.fingerprints, fingerprint),
        };
        if self.errors.len() > before {
            return None;
        }
        // A report prints it, and the repository wrote it.
        let reason = raw.reason.as_ref().map(|r| mask_line(r.as_bytes(), &[]));
        let place = format!("{}:{}", self.name, self.line(&entry.span()));
        let allow = Allow::new(place, reason, conditions);
        if allow.is_none() {
            self.error(
                entry.span(),
                "an entry without a condition accepts everything; expected at least one of paths, rules, regexes, \
                 line_regexes, stop_words, fingerprints",
            );
        }
        allow
    }
}

fn stop_word(text: &str) -> Result<String, String> {
    // The check of the list says the same of all of them; here it knows the place.
    StopWords::new(&[text.to_owned()]).map(|_| text.to_owned())
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::parse(text).ok_or_else(|| {
        format!("`{text}` is no fingerprint; expected 32 lower-case hexadecimal digits")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str, kind: LayerKind) -> Vec<String> {
        let errors = parse("k.toml", text, kind).expect_err(text);
        errors.iter().map(SourceError::to_string).collect()
    }

    #[test]
    fn reads_a_whole_file() {
        let text = r#"
min_confidence = "medium"
fail_on = "low"
max_file_size = "10 MB"
exclude = ["vendor/**",
  "*.lock"]
disable_rules = ["generic-*"]
rules = ["extra-rules.toml"]
[[allow]]
reason = "fix\u001btures"
paths = ["tests/fixtures/**"]
rules = ["generic-*"]
regexes = ['^test_']
line_regexes = []
stop_words = ["hunter2"]
fingerprints = []

[[allow]]
fingerprints = ["0123456789abcdef0123456789abcdef"]
"#;
        let unix = parse("k.toml", text, LayerKind::User).expect("because it is fine");
        let windows = text.replace('\n', "\r\n");
        let windows = parse("k.toml", &windows, LayerKind::User).expect("because it is fine");
        for config in [unix, windows] {
            assert_eq!(config.min_confidence, Some(Confidence::Medium));
            assert_eq!(config.fail_on, Some(Severity::Low));
            assert_eq!(config.max_file_size, Some(10_000_000));
            assert!(config.exclude.matches("vendor/a/b") && !config.exclude.matches("a"));
            assert_eq!(config.exclude_lines, [5, 6]);
            assert_eq!(config.disable_rules[0].line, 7);
            assert!(config.disable_rules[0].item.matches("generic-password"));
            assert_eq!(config.rules, ["extra-rules.toml"]);
            let allow: Vec<_> = config
                .allow
                .iter()
                .map(|a| (&a.place[..], &a.title[..]))
                .collect();
            let print = "fingerprint 0123456789abcdef0123456789abcdef";
            assert_eq!(
                allow,
                [("k.toml:9", "fix\u{fffd}tures"), ("k.toml:18", print)]
            );
        }
    }

    #[test]
    fn an_empty_file_says_nothing() {
        let config = parse("k.toml", "# nothing\n", LayerKind::Repository).expect("it is fine");
        assert!(config.min_confidence.is_none() && config.allow.is_empty());
    }

    #[test]
    fn a_size_is_a_text_or_a_number() {
        for (text, want) in [
            ("4096", 4096),
            ("'4096'", 4096),
            ("'4 KiB'", 4096),
            ("4_096", 4096),
        ] {
            let config = parse(
                "k.toml",
                &format!("max_file_size = {text}"),
                LayerKind::User,
            );
            assert_eq!(config.expect(text).max_file_size, Some(want));
        }
    }

    #[test]
    fn mistakes_name_the_line_what_was_found_and_what_was_expected() {
        let cases = [
            (
                "min_confidence = 'hi'",
                "1:18: `hi`; expected low, medium or high",
            ),
            (
                "\nfail_on = 'x'",
                "2:11: `x`; expected info, low, medium, high or critical",
            ),
            (
                "fail_on = 3",
                "1:11: invalid type: integer `3`, expected a string",
            ),
            ("max_file_size = '10 M'", "1:17: `10 M` is no size"),
            ("max_file_size = -1", "1:17: `-1` is no size"),
            ("max_file_size = true", "1:17: `true` is no size"),
            (
                "exclude = 'a'",
                "1:11: invalid type: string \"a\", expected a sequence",
            ),
            ("exclude = ['a',\n '!b']", "2:2: `!b` begins with `!`"),
            ("exclude = ['a\\b']", "1:12: `a\\b` has a `\\`"),
            (
                "disable_rules = ['A']",
                "1:18: `A` is no rule; expected an id",
            ),
            (
                "[[allow]]\nregexes = ['(']",
                "2:12: `(` is no regular expression",
            ),
            (
                "[[allow]]\nline_regexes = ['']",
                "2:17: an empty expression",
            ),
            ("[[allow]]\nstop_words = ['a', '']", "2:20: an empty word"),
            ("[[allow]]\npaths = ['..']", "2:10: `..` leaves the folder"),
            ("[[allow]]\nrules = ['a b']", "2:10: `a b` is no rule"),
            (
                "[[allow]]\nfingerprints = ['12']",
                "2:17: `12` is no fingerprint; expected 32",
            ),
            (
                "a = 1\n",
                "1:1: unknown setting `a`, expected one of `min_confidence`",
            ),
            (
                "\n[[allow]]\nreason = 'all'",
                "2:1: an entry without a condition",
            ),
            (
                "\n[[allow]]\npaths = []",
                "2:1: an entry without a condition",
            ),
            ("a = ", "1:5: "),
        ];
        for (text, want) in cases {
            let said = errors(text, LayerKind::User);
            assert_eq!(said.len(), 1, "{text}");
            let want = format!("k.toml:{want}");
            assert!(said[0].starts_with(&want), "{}\nwanted {want}", said[0]);
        }
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let text = "min_confidence = 'hi'\nexclude = ['!a', '']\n[[allow]]\nregexes = ['(', '[']\n";
        assert_eq!(errors(text, LayerKind::User).len(), 5);
    }

    #[test]
    fn the_nearest_setting_is_suggested_where_one_is_near() {
        let cases = [
            ("min_confidnce = 'low'", Some("min_confidence")),
            ("failon = 'low'", Some("fail_on")),
            ("excludes = []", Some("exclude")),
            ("disabled_rules = []", Some("disable_rules")),
            ("[[allow]]\nstopwords = ['a']", Some("stop_words")),
            ("[[allow]]\nregex = 'a'", Some("regexes")),
            ("[[allows]]", Some("allow")),
            ("colour = 'blue'", None),
        ];
        for (text, want) in cases {
            let said = &errors(text, LayerKind::User)[0];
            assert!(said.contains("unknown setting"), "{said}");
            let hint = want.map(|name| format!("did you mean `{name}`?"));
            match hint {
                Some(hint) => assert!(said.contains(&hint), "{said}"),
                None => assert!(!said.contains("did you mean"), "{said}"),
            }
        }
    }

    #[test]
    fn a_repository_brings_no_rules() {
        let text = "\nrules = ['extra.toml']";
        let said = &errors(text, LayerKind::Repository)[0];
        assert!(
            said.starts_with("k.toml:2:10: `rules` in a scanned"),
            "{said}"
        );
        assert!(said.contains("`--config`"), "{said}");
        assert!(parse("k.toml", text, LayerKind::Explicit).is_ok());
        assert!(parse("k.toml", "rules = []", LayerKind::Repository).is_ok());
    }
}
