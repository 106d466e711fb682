//! How word-like a value is.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::follows::follows;

/// Words that people write where a secret would stand, and that passwords in documentation and tests are made of.
const KNOWN: [&str; 96] = [
    "access",
    "account",
    "admin",
    "alice",
    "another",
    "api",
    "app",
    "application",
    "auth",
    "aws",
    "azure",
    "bar",
    "base",
    "baz",
    "bearer",
    "bob",
    "client",
    "cloud",
    "code",
    "config",
    "connection",
    "correct",
    "credential",
    "custom",
    "data",
    "database",
    "default",
    "demo",
    "dev",
    "docker",
    "dummy",
    "email",
    "empty",
    "encrypted",
    "example",
    "expired",
    "fake",
    "field",
    "file",
    "foo",
    "github",
    "google",
    "group",
    "guest",
    "hash",
    "hello",
    "here",
    "host",
    "http",
    "key",
    "local",
    "login",
    "manager",
    "master",
    "mock",
    "my",
    "name",
    "new",
    "none",
    "null",
    "number",
    "oauth",
    "old",
    "pass",
    "passwd",
    "password",
    "plain",
    "private",
    "prod",
    "production",
    "public",
    "refresh",
    "request",
    "root",
    "sample",
    "secret",
    "secure",
    "server",
    "service",
    "session",
    "some",
    "string",
    "super",
    "system",
    "temp",
    "test",
    "text",
    "the",
    "this",
    "token",
    "user",
    "username",
    "valid",
    "value",
    "wrong",
    "your",
];

static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(KNOWN)
        .expect("because the words are few and short")
});

/// How many letters of `value` belong to well-known words.
pub fn known_words(value: &[u8]) -> usize {
    MATCHER.find_iter(value).map(|found| found.len()).sum()
}

/// How common the pairs of letters in `value` are in source text: ten times the mean on a logarithmic scale of 0 to 9.
pub fn commonness(value: &[u8]) -> i16 {
    let pairs = value
        .windows(2)
        .filter(|pair| pair.iter().all(u8::is_ascii_alphabetic));
    let (mut sum, mut count) = (0, 0);
    for pair in pairs {
        sum += follows(pair[0], pair[1]);
        count += 1;
    }
    (sum * 10 / count.max(1)) as i16
}

/// Splits an identifier into its words: `camelCase`, `snake_case`, `kebab-case`, `dotted.names`, `HTTPServer`.
pub fn split(name: &[u8], mut word: impl FnMut(&[u8])) {
    let mut start = 0;
    for at in 0..=name.len() {
        let ends = at == name.len() || !name[at].is_ascii_alphanumeric();
        let turns = !ends && at > start && {
            let (last, this) = (name[at - 1], name[at]);
            let acronym_ends = last.is_ascii_uppercase()
                && this.is_ascii_uppercase()
                && name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            (last.is_ascii_lowercase() || last.is_ascii_digit()) && this.is_ascii_uppercase()
                || acronym_ends
        };
        if ends || turns {
            if at > start {
                word(&name[start..at]);
            }
            start = if ends { at + 1 } else { at };
        }
    }
}

/// Whether a capital stands behind a small letter.
pub fn humps(text: &[u8]) -> bool {
    text.windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// How many letters of `value` stand in stretches that read like words: at least four letters of one case (the first
/// may differ) with a vowel every few letters. Random text rarely has such stretches; names, phrases and paths consist
/// of them.
pub fn word_like(value: &[u8]) -> usize {
    let mut covered = 0;
    split(value, |part| {
        for stretch in part.split(|b| !b.is_ascii_alphabetic()) {
            if stretch.len() >= 4 && pronounceable(stretch) {
                covered += stretch.len();
            }
        }
    });
    covered
}

fn pronounceable(word: &[u8]) -> bool {
    let vowel = |b: &u8| {
        matches!(
            b.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        )
    };
    let (mut vowels, mut run, mut longest) = (0, 0usize, 0);
    for byte in word {
        if vowel(byte) {
            vowels += 1;
            run = 0;
        } else {
            run += 1;
            longest = longest.max(run);
        }
    }
    let rare = word
        .iter()
        .filter(|b| matches!(b.to_ascii_lowercase(), b'q' | b'x' | b'z' | b'j'))
        .count();
    let share = vowels * 100 / word.len();
    (20..=65).contains(&share) && longest <= 4 && rare * 5 <= word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_names() {
        let cases = [
            ("dbPassword", vec!["db", "Password"]),
            ("DB_PASSWORD", vec!["DB", "PASSWORD"]),
            ("HTTPServerKey", vec!["HTTP", "Server", "Key"]),
            (
                "spring.datasource.password",
                vec!["spring", "datasource", "password"],
            ),
            ("--api-key", vec!["api", "key"]),
            ("tokenizer", vec!["tokenizer"]),
        ];
        for (name, want) in cases {
            let mut words = Vec::new();
            split(name.as_bytes(), |w| {
                words.push(String::from_utf8_lossy(w).into_owned())
            });
            assert_eq!(words, want);
        }
    }

    #[test]
    fn knows_words_from_random_text() {
        for text in ["correcthorse", "UserPasswordField", "some-config-name"] {
            assert!(word_like(text.as_bytes()) * 10 >= text.len() * 7, "{text}");
        }
        for text in ["x9Kq2LmZ7pTw4VbN", "8f14e45fceea167a5a36dedd", "hT5kP0wQz"] {
            assert!(word_like(text.as_bytes()) * 10 < text.len() * 4, "{text}");
        }
    }
}
