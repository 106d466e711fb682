//! Values that only stand where a credential would.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words that a real credential does not hold. Four letters stand in a given 40 characters of random text once in
/// thirty thousand times; shorter words would cost findings.
const STOP_WORDS: [&str; 55] = [
    "example",
    "sample",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "insert",
    "dummy",
    "your-",
    "your_",
    "yourp",
    "yourt",
    "yours",
    "youra",
    "mytoken",
    "my-token",
    "my_token",
    "redacted",
    "removed",
    "hidden",
    "xxxx",
    "...",
    "****",
    "----",
    "____",
    "todo",
    "fixme",
    "foobar",
    "foo-bar",
    "qwerty",
    "notreal",
    "not-real",
    "fake",
    "n0tr3al",
    "invalid",
    "secret-here",
    "token-here",
    "key-here",
    "1234567",
    "abcdefg",
    "987654",
    "asdfasdf",
    "deadbeef",
    "abcd1234",
    "1234abcd",
    "a1b2c3d4",
    "abc123",
    "1234-1234",
    "secret-key-here",
    "not-a-secret",
    "notasecret",
    "not_a_secret",
    "not-set",
    "not_set",
];

static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(STOP_WORDS)
        .expect("because the stop words are few and short")
});

/// What makes `secret` a placeholder, if anything does. Looks at the first 512 bytes.
pub fn find(secret: &[u8]) -> Option<&'static str> {
    let secret = &secret[..secret.len().min(512)];
    if let Some(what) = template(secret)
        .or_else(|| repeated(secret))
        .or_else(|| counted(secret))
    {
        return Some(what);
    }
    MATCHER
        .find(secret)
        .map(|found| STOP_WORDS[found.pattern().as_usize()])
}

/// A variable or a template in place of a value.
pub fn template(secret: &[u8]) -> Option<&'static str> {
    let has = |needle: &[u8]| memchr::memmem::find(secret, needle).is_some();
    match secret {
        [b'$', ..] => Some("a variable"),
        [b'<', .., b'>'] | [b'[', .., b']'] | [b'{', .., b'}'] => Some("a template"),
        [b'%', .., b'%'] if secret.len() > 2 => Some("a variable"),
        [b'#', .., b'#'] | [b'_', b'_', .., b'_', b'_'] | [b'@', .., b'@'] => Some("a template"),
        _ if has(b"${") || has(b"$(") || has(b"#{") || has(b"{{") || has(b"<%") || has(b"%(") => {
            Some("a template")
        }
        _ if holds_slot(secret) => Some("a template"),
        _ => None,
    }
}

/// `<name>` somewhere within, as in `sk-<your-key>`: angle brackets around a few words.
fn holds_slot(secret: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'<', secret) else {
        return false;
    };
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-' | b':' | b'.');
    let inner = &secret[open + 1..];
    let length = inner.iter().take(40).take_while(|b| name(b)).count();
    length >= 2 && inner[0].is_ascii_alphabetic() && inner.get(length) == Some(&b'>')
}

/// One character six times in a row, or three different ones at most.
fn repeated(secret: &[u8]) -> Option<&'static str> {
    let mut run = 1;
    let plain = secret.len() >= 64 && secret.iter().all(u8::is_ascii_alphanumeric);
    for pair in secret.windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        // Base64 of zero bytes is a run of `A`, and JWTs and keys hold such.
        if run >= 6 && pair[0] != b'A' && pair[0] != b'=' {
            return Some("a repeated character");
        }
        // Four capitals in a row, in a longer text of letters and digits: base64 of data, not of randomness.
        if run >= 4 && pair[0].is_ascii_uppercase() && pair[0] != b'A' && plain {
            return Some("a repeated character");
        }
    }
    None
}

/// Letters and digits in turn that both count on or back, eight in a row: `a1b2c3d4`, `d4c3-b2a1`.
fn counted(secret: &[u8]) -> Option<&'static str> {
    let (mut two, mut one, mut run) = (None, None, 0);
    for &byte in secret.iter().filter(|b| b.is_ascii_alphanumeric()) {
        let step = |from: Option<u8>| from.map(|from| i16::from(byte) - i16::from(from));
        let turns = one.is_some_and(|one: u8| one.is_ascii_digit() != byte.is_ascii_digit());
        let counts = matches!(step(two), Some(-1 | 1)) && turns;
        run = if counts { run + 1 } else { 0 };
        if run >= 6 {
            return Some("letters and digits that count");
        }
        (two, one) = (one, Some(byte));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_placeholders() {
        let cases = [
            ("AKIAIOSFODNN7EXAMPLE", true),
            ("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxx", true),
            ("your_api_key_here", true),
            ("${API_KEY}", true),
            ("$API_KEY", true),
            ("<token>", true),
            ("%API_KEY%", true),
            ("prefix-{{ token }}", true),
            ("sk-<your-key>", true),
            ("x9<Kq2LmZ7pTw4VbN", false),
            ("a<7>x9Kq2LmZ7p", false),
            ("0000000000", true),
            ("e5f6g7h8", true),
            ("px-d4c3b2a1-f6e5", true),
            ("e5f6g7x9", false),
            ("x9Kq2LmZ7pTw4VbN", false),
            ("AAAAAAAAAAAAAAAAb3Jk", false),
        ];
        for (text, want) in cases {
            assert_eq!(find(text.as_bytes()).is_some(), want, "{text}");
        }
    }
}
