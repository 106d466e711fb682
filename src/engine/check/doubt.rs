//! What keeps a finding that only its surroundings call a secret from being certain: where it stands, and that a person
//! made its value up of words.

use super::name::Name;
use super::vocabulary::{Class, is_word_for_secret};
use super::words::{split, word_like};
use super::{CONTEXT, Case};

/// Fewer characters than tokens and keys have.
const TOKEN: usize = 16;

/// Why a secret without a format of its own is no more than probable.
pub fn doubt(case: &Case<'_>) -> Option<&'static str> {
    let secret = case.secret();
    if in_comment(case.hay, case.span.start) {
        return Some("it stands in a comment");
    }
    if is_short_word(secret) {
        return Some("it is a short word");
    }
    if let Some(assigned) = case.assigned
        && secret.len() < TOKEN
        && Name::of(&case.hay[assigned.name.clone()]).strongest != Class::Password
    {
        return Some("it is shorter than tokens are");
    }
    if is_words(secret) {
        return Some("it is made of words");
    }
    speaks_of_itself(secret).then_some("it speaks of secrets")
}

/// Whether `at` stands in a comment, or in a line of an interactive session as documentation shows them. Of a line that
/// begins out of sight only what can be seen counts.
fn in_comment(hay: &[u8], at: usize) -> bool {
    let before = &hay[at.saturating_sub(CONTEXT)..at];
    let line = match memchr::memrchr(b'\n', before) {
        Some(end) => &before[end + 1..],
        None if before.len() < CONTEXT => before,
        None => return holds_comment(before),
    };
    let lead = line.trim_ascii_start();
    let blank = |at: usize| matches!(lead.get(at), Some(b' ' | b'\t'));
    let begins = match lead {
        [b'#', rest @ ..] => !rest.starts_with(b"define") && !matches!(rest, [b'[' | b'{', ..]),
        [b'/', b'/' | b'*', ..] | [b'<', b'!', b'-', b'-', ..] => true,
        [b'*', ..] => blank(1),
        [b'-', b'-', ..] => blank(2),
        [b';', ..] => true,
        [b'>', b'>', b'>', b' ', ..] => true,
        _ => false,
    };
    begins || holds_comment(line)
}

/// Whether a comment begins within `line`: a mark with blanks around it.
fn holds_comment(line: &[u8]) -> bool {
    [b" // ".as_slice(), b" # ", b"/* "]
        .iter()
        .any(|mark| memchr::memmem::find(line, mark).is_some())
}

/// Fewer letters than any rule for passwords asks for, without a capital among them.
fn is_short_word(secret: &[u8]) -> bool {
    secret.len() < 8 && is_word(secret)
}

/// Whether a value holds nothing but words of one case, as what people make up for examples does.
fn is_words(secret: &[u8]) -> bool {
    let letters = secret.iter().filter(|b| b.is_ascii_alphabetic()).count();
    secret.len() <= 32
        && secret.split(|b| b"_-. ".contains(b)).all(is_word)
        && word_like(secret) * 10 >= letters * 8
}

/// Letters of one case alone, of which the first may be a capital.
fn is_word(part: &[u8]) -> bool {
    let rest = part.get(1..).unwrap_or_default();
    part.iter().all(u8::is_ascii_alphabetic)
        && (rest.iter().all(u8::is_ascii_lowercase) || part.iter().all(u8::is_ascii_uppercase))
}

/// Whether a short value has a word for a secret in it, as `pwd4app` and `T0pS3cr3t` have: people write such where a
/// secret would stand.
fn speaks_of_itself(secret: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"passw", b"secret", b"sekret", b"sekrit"];
    let mut plain = [0; 24];
    let Some(plain) = plain.get_mut(..secret.len()) else {
        return false;
    };
    for (to, from) in plain.iter_mut().zip(secret) {
        *to = unmasked(*from);
    }
    let mut named = false;
    split(secret, |word| {
        named |= word.len() > 2 && is_word_for_secret(word)
    });
    named
        || WORDS
            .iter()
            .any(|word| memchr::memmem::find(plain, word).is_some())
}

/// The letter that a digit or mark stands for in words that are written with such.
fn unmasked(byte: u8) -> u8 {
    match byte {
        b'$' | b'5' => b's',
        b'3' => b'e',
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'@' | b'4' => b'a',
        b'7' => b't',
        letter => letter.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_comments() {
        let cases = [
            ("# db_password = x", true),
            ("  // password: x", true),
            (" * password = x", true),
            ("-- password = x", true),
            (">>> connect(password=x", true),
            ("x = 1 # password: x", true),
            ("<!-- password=x", true),
            ("#define PASSWORD x", false),
            ("#[password = x", false),
            ("*password = x", false),
            ("cmd --password x", false),
            ("--password x", false),
            ("url: http://h/?password=x", false),
            ("\"a # b\npassword = x", false),
        ];
        for (text, want) in cases {
            let at = text
                .to_ascii_lowercase()
                .rfind("password")
                .expect("it is there");
            assert_eq!(in_comment(text.as_bytes(), at), want, "{text}");
        }
    }

    #[test]
    fn sees_no_line_that_begins_out_of_sight() {
        let text = format!("# {} password = x", "a".repeat(CONTEXT));
        let at = text.find("password").expect("it is there");
        assert!(!in_comment(text.as_bytes(), at));
    }

    #[test]
    fn knows_what_people_make_up() {
        let cases = [
            ("mysql", true),
            ("Postgr", true),
            ("T0pS3cr3t", true),
            ("P4ssW0rD", true),
            ("app-pwd-9", true),
            ("workflows", true),
            ("permission-denied", true),
            ("Correct Horse", true),
            ("correcthorseBattery", false),
            ("mYsQl", false),
            ("mysqldata", true),
            ("x9Kq2LmZ", false),
            ("8ui6Aps-Low0nf", false),
        ];
        for (value, want) in cases {
            let found = doubt(&Case {
                hay: value.as_bytes(),
                span: 0..value.len(),
                secret: 0..value.len(),
                assigned: None,
            });
            assert_eq!(found.is_some(), want, "{value}: {found:?}");
        }
    }
}
