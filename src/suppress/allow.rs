//! Allowlist entries of a configuration.

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

use super::{Base, PathPatterns, RulePattern, Sighting, Uses};
use crate::model::{Acceptance, Fingerprint};

/// How large a compiled expression may be: a scanned repository brings its own, and must not take all memory.
const REGEX_SIZE: usize = 1 << 20;

/// What an entry asks for: each condition that is given must hold, and of each one of its list.
#[derive(Debug, Default)]
pub struct Conditions {
    /// Where the place is.
    pub paths: PathPatterns,
    /// Which rule found it.
    pub rules: Vec<RulePattern>,
    /// What matches somewhere in the secret.
    pub regexes: Vec<Regex>,
    /// What matches somewhere on the line, without its end.
    pub line_regexes: Vec<Regex>,
    /// What the secret contains.
    pub stop_words: StopWords,
    /// The credential's identity.
    pub fingerprints: Vec<Fingerprint>,
}

/// One entry of an allowlist.
#[derive(Debug)]
pub struct Allow {
    /// Where it stands: `keysieve.toml:12`.
    pub place: String,
    /// Its reason, or the first of its conditions.
    pub title: String,
    /// Whether a scanned repository brings it along.
    pub(super) repository: bool,
    base: Base,
    conditions: Conditions,
    pub(super) uses: Uses,
}

impl Allow {
    /// An entry of the user's. `None` without any condition: it would accept everything.
    pub fn new(place: String, reason: Option<String>, conditions: Conditions) -> Option<Self> {
        let first = conditions.first()?;
        Some(Allow {
            place,
            title: reason.filter(|r| !r.is_empty()).unwrap_or(first),
            repository: false,
            base: Base::default(),
            conditions,
            uses: Uses::default(),
        })
    }

    /// The entry with its paths starting at `base`, and with notes speaking of it where it comes from a scanned
    /// `repository`.
    pub fn from_file(self, base: Base, repository: bool) -> Self {
        Allow {
            repository,
            base,
            ..self
        }
    }

    /// Why the place is accepted, if it is; counts the use.
    pub(super) fn accept(&self, sighting: &Sighting<'_>) -> Option<Acceptance> {
        self.conditions.hold(&self.base, sighting).then(|| {
            self.uses.mark();
            Acceptance::Allowlist(format!("{} ({})", self.title, self.place))
        })
    }
}

impl Conditions {
    /// Cheap ones first.
    fn hold(&self, base: &Base, sighting: &Sighting<'_>) -> bool {
        let Conditions {
            paths,
            rules,
            regexes,
            line_regexes,
            stop_words,
            fingerprints,
        } = self;
        any_or_none(rules, |rule| rule.matches(sighting.rule))
            && any_or_none(fingerprints, |f| *f == sighting.fingerprint)
            && (stop_words.is_empty() || stop_words.in_secret(sighting.secret))
            && (paths.patterns().is_empty()
                || base.apply(sighting.path).is_some_and(|p| paths.matches(&p)))
            && any_or_none(regexes, |regex| regex.is_match(sighting.secret))
            && any_or_none(line_regexes, |regex| regex.is_match(sighting.line))
    }

    /// The first condition, in words.
    fn first(&self) -> Option<String> {
        let path = self.paths.patterns().first().map(|p| format!("path `{p}`"));
        let rule = || self.rules.first().map(|r| format!("rule `{r}`"));
        let regex = || self.regexes.first().map(|r| format!("secret `{r}`"));
        let line = || self.line_regexes.first().map(|r| format!("line `{r}`"));
        // A stop word may be a password, which a report must not repeat.
        let word = || (!self.stop_words.is_empty()).then(|| "a stop word".to_owned());
        let print = || {
            self.fingerprints
                .first()
                .map(|f| format!("fingerprint {f}"))
        };
        path.or_else(rule)
            .or_else(regex)
            .or_else(line)
            .or_else(word)
            .or_else(print)
    }
}

fn any_or_none<T>(items: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    items.is_empty() || items.iter().any(holds)
}

/// An expression over the bytes of a secret or a line, limited in its size.
///
/// # Errors
/// What was found and what was expected.
pub fn content_regex(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("an empty expression matches everything; expected one such as `^test_`".into());
    }
    RegexBuilder::new(text)
        .size_limit(REGEX_SIZE)
        .dfa_size_limit(REGEX_SIZE)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => {
                format!("`{text}` is too large when compiled; expected a simpler expression")
            }
            // The message proper is the last line; those before it draw the expression, which the line shows anyway.
            e => {
                let e = e.to_string();
                let why = e.lines().last().unwrap_or_default();
                let why = why.trim_start_matches("error: ");
                format!("`{text}` is no regular expression: {why}")
            }
        })
}

/// Words of which a secret must contain one, in any ASCII case.
#[derive(Debug, Default)]
pub struct StopWords(Option<AhoCorasick>);

impl StopWords {
    /// Compiles `words`.
    ///
    /// # Errors
    /// Says so where a word is empty or the list too large.
    pub fn new(words: &[String]) -> Result<Self, String> {
        if words.iter().any(String::is_empty) {
            return Err(
                "an empty word is part of every secret; expected one such as `example`".into(),
            );
        }
        if words.is_empty() {
            return Ok(StopWords(None));
        }
        let built = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words);
        built
            .map(|words| StopWords(Some(words)))
            .map_err(|e| e.to_string())
    }

    fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn in_secret(&self, secret: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|words| words.is_match(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suppress::PathPattern;

    fn conditions(change: impl FnOnce(&mut Conditions)) -> Conditions {
        let mut all = Conditions::default();
        change(&mut all);
        all
    }

    fn paths(text: &str) -> PathPatterns {
        let pattern = PathPattern::parse(text).expect(text);
        PathPatterns::new(vec![pattern]).expect("because it is small")
    }

    fn regexes(texts: &[&str]) -> Vec<Regex> {
        texts.iter().map(|t| content_regex(t).expect(t)).collect()
    }

    fn words(texts: &[&str]) -> StopWords {
        let texts: Vec<String> = texts.iter().map(|t| t.to_string()).collect();
        StopWords::new(&texts).expect("because no word is empty")
    }

    fn rules(texts: &[&str]) -> Vec<RulePattern> {
        texts
            .iter()
            .map(|t| RulePattern::parse(t).expect(t))
            .collect()
    }

    const SIGHTING: Sighting<'_> = Sighting {
        rule: "generic-password",
        path: "tests/fixtures/a.env",
        secret: b"test_Hunter2\xff",
        line: b"password = test_Hunter2\xff ; sample",
        previous_line: b"",
        fingerprint: Fingerprint(7),
    };

    #[test]
    fn every_given_condition_must_hold() {
        let cases: Vec<(Conditions, bool)> = vec![
            (conditions(|c| c.paths = paths("tests/**")), true),
            (conditions(|c| c.paths = paths("src/**")), false),
            (conditions(|c| c.rules = rules(&["x", "generic-*"])), true),
            (conditions(|c| c.rules = rules(&["x"])), false),
            (conditions(|c| c.regexes = regexes(&["^x", "^test_"])), true),
            (conditions(|c| c.regexes = regexes(&["password"])), false),
            (
                conditions(|c| c.line_regexes = regexes(&["; sample$"])),
                true,
            ),
            (
                conditions(|c| c.line_regexes = regexes(&["^sample"])),
                false,
            ),
            (
                conditions(|c| c.stop_words = words(&["x!", "hunter2"])),
                true,
            ),
            (conditions(|c| c.stop_words = words(&["sample"])), false),
            (conditions(|c| c.fingerprints = vec![Fingerprint(7)]), true),
            (conditions(|c| c.fingerprints = vec![Fingerprint(8)]), false),
            (
                conditions(|c| {
                    (c.rules, c.stop_words) = (rules(&["generic-*"]), words(&["HUNTER"]))
                }),
                true,
            ),
            (
                conditions(|c| {
                    (c.rules, c.stop_words) = (rules(&["generic-*"]), words(&["other"]))
                }),
                false,
            ),
            (
                conditions(|c| (c.paths, c.regexes) = (paths("src/**"), regexes(&["^test_"]))),
                false,
            ),
        ];
        for (conditions, want) in cases {
            let said = format!("{conditions:?}");
            let allow = Allow::new("f:1".into(), None, conditions).expect("because it has one");
            assert_eq!(allow.accept(&SIGHTING).is_some(), want, "{said}");
            assert_eq!(allow.uses.count(), u64::from(want));
        }
    }

    #[test]
    fn an_entry_says_what_it_is() {
        let named = |reason: Option<&str>, conditions| {
            Allow::new("f:1".into(), reason.map(str::to_owned), conditions).map(|a| a.title)
        };
        let by_path = || conditions(|c| c.paths = paths("tests/**"));
        assert_eq!(
            named(Some("fixtures"), by_path()).as_deref(),
            Some("fixtures")
        );
        assert_eq!(named(None, by_path()).as_deref(), Some("path `tests/**`"));
        let by_word = conditions(|c| c.stop_words = words(&["hunter2"]));
        assert_eq!(named(None, by_word).as_deref(), Some("a stop word"));
        assert_eq!(named(Some("everything"), Conditions::default()), None);
    }

    #[test]
    fn a_path_is_relative_to_the_configuration() {
        let by_path = conditions(|c| c.paths = paths("tests/fixtures/**"));
        let allow = Allow::new("f:1".into(), None, by_path).expect("because it has one");
        let below = Sighting {
            path: "a.env",
            ..SIGHTING
        };
        assert!(allow.accept(&below).is_none());
        let base = Base::between("/r/tests/fixtures".as_ref(), "/r".as_ref());
        assert!(allow.from_file(base, true).accept(&below).is_some());
    }

    #[test]
    fn refuses_expressions_and_words_that_cannot_be_meant() {
        let cases = [
            ("", "matches everything"),
            ("(a", "is no regular expression: unclosed group"),
            (r"\w{1000}{1000}", "too large"),
        ];
        for (text, want) in cases {
            let error = content_regex(text).expect_err(text);
            assert!(error.contains(want), "{error}");
        }
        assert!(StopWords::new(&["a".into(), String::new()]).is_err());
    }
}
