//! The generic detector: a value assigned to a name that says it is a secret.
//!
//! First hard rejects, then a score over the name, the syntax and the value. The weights below are chosen by hand; a
//! positive score is a finding.

use super::entropy::{Alphabet, randomness};
use super::placeholder;
use super::words::{split, word_like};
use super::{Case, Evidence, Kept, Reason, Verdict};
use crate::engine::assignment::{Assigned, Operator, Quote};
use crate::model::Confidence;
use crate::rule::Rule;

/// What kind of secret a name speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Chosen by a person: may be short and word-like.
    Password,
    /// Generated: long and random.
    Token,
}

/// Last words of a name that say what follows is a secret, with the weight of the name.
const STRONG: [(&str, Kind, i32); 22] = [
    ("password", Kind::Password, 30),
    ("passwd", Kind::Password, 30),
    ("passwort", Kind::Password, 30),
    ("passphrase", Kind::Password, 30),
    ("pwd", Kind::Password, 28),
    ("pass", Kind::Password, 24),
    ("passcode", Kind::Password, 24),
    ("secret", Kind::Token, 28),
    ("token", Kind::Token, 24),
    ("apikey", Kind::Token, 28),
    ("secretkey", Kind::Token, 28),
    ("accesskey", Kind::Token, 26),
    ("privatekey", Kind::Token, 26),
    ("authkey", Kind::Token, 26),
    ("encryptionkey", Kind::Token, 24),
    ("signingkey", Kind::Token, 24),
    ("masterkey", Kind::Token, 24),
    ("accesstoken", Kind::Token, 28),
    ("authtoken", Kind::Token, 28),
    ("credential", Kind::Token, 18),
    ("credentials", Kind::Token, 18),
    ("auth", Kind::Token, 12),
];

/// Words before `key` that make it a secret one.
const KEY_KINDS: [&str; 12] = [
    "api",
    "access",
    "secret",
    "private",
    "auth",
    "encryption",
    "signing",
    "master",
    "account",
    "storage",
    "shared",
    "session",
];

/// Words in a name that say the value is something about a secret, or public.
const WEAK: [&str; 24] = [
    "public",
    "hash",
    "hashed",
    "type",
    "name",
    "id",
    "file",
    "path",
    "url",
    "uri",
    "field",
    "label",
    "length",
    "placeholder",
    "expires",
    "expiry",
    "ttl",
    "count",
    "regex",
    "pattern",
    "prefix",
    "policy",
    "message",
    "limit",
];

/// Judges a value that is assigned to a name with one of the generic keywords.
pub fn judge(rule: &Rule, case: &Case<'_>, assigned: &Assigned) -> Verdict {
    let value = case.secret();
    let name = &case.hay[assigned.name.clone()];
    let Some((kind, weight)) = name_weight(name) else {
        return Verdict::Drop(Reason::Generic("the name speaks of something else"));
    };
    if let Some(what) = placeholder::find(value) {
        return Verdict::Drop(Reason::Placeholder(what));
    }
    if let Some(what) = reject(case, assigned, kind) {
        return Verdict::Drop(Reason::Generic(what));
    }
    let score = weight + syntax_weight(assigned) + value_weight(value, kind) - 40;
    if score <= 0 {
        return Verdict::Drop(Reason::Score(score));
    }
    let confidence = match score {
        ..=7 => Confidence::Low,
        8..=24 => Confidence::Medium,
        _ => Confidence::High,
    };
    let shown = String::from_utf8_lossy(name).into_owned();
    let evidence = vec![
        Evidence::Name(shown),
        Evidence::Random(randomness(value)),
        Evidence::Score(score),
    ];
    Verdict::Keep(Kept {
        confidence,
        severity: rule.severity,
        evidence,
    })
}

fn name_weight(name: &[u8]) -> Option<(Kind, i32)> {
    let mut last = Last::default();
    split(name, |word| last.push(word));
    let (word, before) = (last.word(0), last.word(1));
    if word == b"key" || word == b"keys" {
        let strong = KEY_KINDS.iter().any(|kind| kind.as_bytes() == before);
        return strong.then_some((Kind::Token, 26));
    }
    // A number behind the name, `password2`, is part of the same name.
    let word = word
        .strip_suffix(b"s")
        .filter(|w| !w.ends_with(b"s"))
        .unwrap_or(word);
    let word = word.trim_ascii_end_digits();
    if last.weak || WEAK.iter().any(|weak| weak.as_bytes() == word) {
        return None;
    }
    STRONG
        .iter()
        .find(|(strong, ..)| {
            word == strong.as_bytes() || strong.len() > 4 && word.ends_with(strong.as_bytes())
        })
        .map(|&(_, kind, weight)| (kind, weight))
}

/// The last two words of a name, in lower case.
#[derive(Default)]
struct Last {
    words: [([u8; 24], usize); 2],
    weak: bool,
}

impl Last {
    fn push(&mut self, word: &[u8]) {
        self.words[1] = self.words[0];
        let length = word.len().min(24);
        let tail = &word[word.len() - length..];
        self.words[0].0[..length].copy_from_slice(tail);
        self.words[0].0[..length].make_ascii_lowercase();
        self.words[0].1 = length;
        self.weak |= matches!(
            self.word(0),
            b"public" | b"hash" | b"hashed" | b"max" | b"num" | b"csrf"
        );
    }

    fn word(&self, back: usize) -> &[u8] {
        let (bytes, length) = &self.words[back];
        &bytes[..*length]
    }
}

trait TrimDigits {
    fn trim_ascii_end_digits(&self) -> &[u8];
}

impl TrimDigits for [u8] {
    fn trim_ascii_end_digits(&self) -> &[u8] {
        let digits = self.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        &self[..self.len() - digits]
    }
}

fn syntax_weight(assigned: &Assigned) -> i32 {
    let quote = match assigned.quote {
        Quote::Plain(_) | Quote::Element => 8,
        Quote::Escaped => 4,
        Quote::None => 0,
    };
    let operator = match assigned.operator {
        Operator::Equals
        | Operator::Colon
        | Operator::Arrow
        | Operator::Attribute
        | Operator::Element => 4,
        Operator::Flag | Operator::Call => 2,
        Operator::Compare | Operator::Comma | Operator::Blank => -6,
    };
    quote + operator
}

fn value_weight(value: &[u8], kind: Kind) -> i32 {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let others = value.len() - digits - letters;
    let mixed =
        value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
    let wordy = word_like(value) * 100 / value.len();
    let mut weight = 0;
    weight += if digits > 0 && letters > 0 { 10 } else { -6 };
    weight += if mixed { 4 } else { 0 };
    weight += match value.len() {
        ..=5 => -14,
        6..=7 => -4,
        8..=11 => 2,
        12..=19 => 6,
        20..=128 => 10,
        _ => 0,
    };
    weight += match wordy {
        0..=20 => 10,
        21..=50 => 2,
        51..=80 => -8,
        _ => -18,
    };
    weight += match (Alphabet::of(value), value.len()) {
        (Alphabet::Hex, 24..) => 6,
        (Alphabet::Decimal, _) => -6,
        _ => 0,
    };
    weight += if others * 3 > value.len() { -8 } else { 0 };
    if kind == Kind::Token {
        weight += if value.len() < 12 { -14 } else { 0 };
        weight += if randomness(value) < 0.8 { -12 } else { 2 };
        weight += if digits == 0 { -8 } else { 0 };
    } else {
        weight += if others > 0 && digits > 0 { 4 } else { 0 };
    }
    weight
}

/// What rules a value out whatever its score.
fn reject(case: &Case<'_>, assigned: &Assigned, kind: Kind) -> Option<&'static str> {
    let value = case.secret();
    let next = case.hay.get(case.secret.end).copied();
    if value.len() < 4 {
        return Some("too short");
    }
    if value.iter().any(|&b| b < b' ' || b == 0x7f) {
        return Some("control characters: not text");
    }
    if kind == Kind::Token && value.contains(&b' ') {
        return Some("a phrase");
    }
    if value.iter().filter(|b| **b == b' ').count() > 1 {
        return Some("a sentence");
    }
    if !value.is_ascii() && value.iter().all(|b| !b.is_ascii_digit()) {
        return Some("words of another language");
    }
    if assigned.quote == Quote::None {
        if next == Some(b'(')
            || value.contains(&b'(')
            || value.contains(&b'[')
            || value.contains(&b'{')
        {
            return Some("an expression");
        }
        if matches!(next, Some(b'"' | b'\'')) {
            return Some("an expression");
        }
        if dotted_name(value) || identifier(value) {
            return Some("a name in code");
        }
    }
    if uuid(value) {
        return Some("a UUID");
    }
    if path_or_url(value) {
        return Some("a path or an address");
    }
    if version_or_date(value) {
        return Some("a version, number or date");
    }
    let name = &case.hay[assigned.name.clone()];
    if same_words(name, value) {
        return Some("the name's own words");
    }
    let hashes: [&[u8]; 6] = [
        b"$2a$", b"$2b$", b"$2y$", b"sha256:", b"sha512:", b"$argon2",
    ];
    if hashes.iter().any(|hash| value.starts_with(hash)) {
        return Some("a password's hash");
    }
    None
}

/// `config.password`, `self.token`, `process.env.X`: letters and dots, no digits.
fn dotted_name(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_' | b'?' | b'!' | b':'))
}

/// One identifier without digits.
fn identifier(value: &[u8]) -> bool {
    value
        .iter()
        .all(|b| b.is_ascii_alphabetic() || *b == b'_' || *b == b'-')
}

fn uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn path_or_url(value: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(value, needle).is_some();
    let slashes = value.iter().filter(|b| **b == b'/').count();
    has(b"://")
        || value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || value.starts_with(b"arn:")
        || slashes >= 2 && word_like(value) * 2 > value.len()
        || slashes == 1 && word_like(value) * 10 > value.len() * 7
}

fn version_or_date(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let marks = value
        .iter()
        .filter(|b| {
            matches!(
                b,
                b'.' | b'-' | b':' | b'/' | b'_' | b'T' | b'Z' | b'v' | b' ' | b','
            )
        })
        .count();
    digits + marks == value.len() && (marks > 0 || value.len() < 6)
}

/// Whether the value holds nothing but letters of the name, apart from marks: `password = "db-password"`.
fn same_words(name: &[u8], value: &[u8]) -> bool {
    let mut all = true;
    let mut some = false;
    split(value, |word| {
        some = true;
        let length = word.len();
        let found = name
            .windows(length.max(1))
            .any(|part| part.eq_ignore_ascii_case(word));
        let filler = [
            "my", "the", "a", "your", "test", "some", "user", "new", "old", "db", "value",
            "default",
        ];
        all &= found
            || filler
                .iter()
                .any(|f| f.as_bytes().eq_ignore_ascii_case(word));
    });
    some && all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighs_names() {
        let cases = [
            ("password", true),
            ("db_password", true),
            ("dbPassword2", true),
            ("AUTH_TOKEN", true),
            ("apiKey", true),
            ("SECRET_KEY", true),
            ("userpassword", true),
            ("password_hash", false),
            ("publicKey", false),
            ("public_key", false),
            ("tokenizer", false),
            ("keyboard", false),
            ("max_tokens", false),
            ("monkey", false),
            ("key", false),
            ("token_type", false),
            ("secret_name", false),
        ];
        for (name, want) in cases {
            assert_eq!(name_weight(name.as_bytes()).is_some(), want, "{name}");
        }
    }
}
