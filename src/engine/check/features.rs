//! What the generic score sees of a candidate: whole numbers about name, syntax and value. Counted in this one place;
//! `examples/features.rs` writes them out for training.

use super::entropy::{randomness, shannon};
use super::name::Name;
use super::vocabulary::Class;
use super::words::{commonness, known_words, word_like};
use super::{CONTEXT, Case};
use crate::engine::assignment::{Assigned, Operator, Quote};

/// How many there are.
pub const COUNT: usize = 62;

/// A candidate's features.
pub type Vector = [i16; COUNT];

/// The one that says whether the name speaks of a password.
pub const PASSWORD: usize = 5;

/// The first of the three that count words nearby, in the order of [`near`].
pub const NEAR: usize = 28;

/// What each of them is called, for `--explain` and for the training script.
pub const NAMES: [&str; COUNT] = [
    "what the name's last word says",
    "what the name says",
    "how far from its end the name says so",
    "the number of words in the name",
    "the name's length",
    "`password` in the name",
    "`secret` in the name",
    "`token` in the name",
    "`key` in the name",
    "`auth` or `credential` in the name",
    "a word for a person or kind in the name",
    "a word for a place in the name",
    "a word for a digest in the name",
    "a word for a text in the name",
    "a word for a number in the name",
    "a word for a test in the name",
    "the name is in capitals",
    "the name is dotted",
    "the operator",
    "the quotes",
    "a blank before the operator",
    "a blank behind the operator",
    "what follows the value",
    "what precedes the name",
    "the line is a comment",
    "a call around the literal",
    "a call's name around the literal",
    "a semicolon behind the value",
    "a hash, digest or public key nearby",
    "an example or test nearby",
    "a user or login nearby",
    "the line begins with the name",
    "the value's length",
    "digits",
    "capitals",
    "small letters",
    "other characters",
    "different characters",
    "entropy",
    "randomness for its alphabet and length",
    "letters in word-like stretches",
    "letters in well-known words",
    "how common its pairs of letters are",
    "changes between letters and digits",
    "changes between small letters and capitals",
    "hexadecimal digits only",
    "the alphabet of base64",
    "blanks",
    "dots",
    "slashes",
    "dashes and underscores",
    "characters typical of passwords",
    "brackets",
    "percent, dollar and backslash",
    "equals signs at its end",
    "the value holds words of the name",
    "the value speaks of secrets",
    "the value is an identifier",
    "the value is in capitals",
    "the longest run without a vowel",
    "a run of one character or of neighbours",
    "the value begins with a letter",
];

/// The features of a candidate whose name has been read.
pub fn of(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Vector {
    let mut vector = [0; COUNT];
    let mut at = 0;
    let parts: [&[i16]; 3] = [
        &of_name(case, assigned, name),
        &of_syntax(case, assigned),
        &of_value(case, assigned),
    ];
    for part in parts {
        vector[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    vector
}

fn number(count: usize) -> i16 {
    count.min(i16::MAX as usize) as i16
}

fn of_name(case: &Case<'_>, assigned: &Assigned, name: &Name) -> [i16; 18] {
    let text = &case.hay[assigned.name.clone()];
    let any = |class: Class| i16::from(name.count(class) > 0);
    [
        name.last[0].strength(),
        name.strongest.strength(),
        name.behind,
        name.words,
        number(text.len()),
        any(Class::Password),
        any(Class::Secret),
        any(Class::Token),
        any(Class::Key) + 2 * any(Class::SecretKey),
        any(Class::Credential),
        name.count(Class::Identity),
        name.count(Class::Place),
        name.count(Class::Digest),
        name.count(Class::Text),
        name.count(Class::Number),
        name.count(Class::Test),
        i16::from(!text.iter().any(u8::is_ascii_lowercase)),
        number(text.iter().filter(|&&b| b == b'.').count()),
    ]
}

fn of_syntax(case: &Case<'_>, assigned: &Assigned) -> [i16; 14] {
    let hay = case.hay;
    let (name, value) = (&assigned.name, &assigned.value);
    let next = hay.get(value.end).copied().unwrap_or(b'\n');
    let behind = match assigned.quote {
        Quote::None | Quote::Element => next,
        _ => hay.get(value.end + 1).copied().unwrap_or(b'\n'),
    };
    let before = &hay[name.start.saturating_sub(CONTEXT)..name.start];
    let line = &before[memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..];
    let lead = line.trim_ascii();
    let marks: [&[u8]; 6] = [b"#", b"//", b"*", b"/*", b"--", b";"];
    let gap = &hay[name.end..value.start.max(name.end)];
    let blank = |b: Option<&u8>| i16::from(b.is_some_and(|b| matches!(b, b' ' | b'\t')));
    let quotes = usize::from(assigned.quote != Quote::None);
    let near = Nearby::of(hay, assigned);
    [
        match assigned.operator {
            Operator::Compare => 0,
            Operator::Comma => 1,
            Operator::Call => 2,
            Operator::Blank | Operator::Is => 3,
            Operator::Arrow => 4,
            Operator::Equals => 5,
            Operator::Colon => 6,
            Operator::Item => 7,
            Operator::Attribute => 8,
            Operator::Element => 9,
            Operator::Flag => 10,
        },
        match assigned.quote {
            Quote::None => 0,
            Quote::Escaped => 1,
            Quote::Plain(b'`') => 2,
            Quote::Plain(b'\'') => 3,
            Quote::Plain(_) => 4,
            Quote::Element => 5,
        },
        blank(gap.first()),
        blank(gap.len().checked_sub(1 + quotes).and_then(|at| gap.get(at))),
        follows(behind),
        match line.last() {
            None => 0,
            Some(b'"' | b'\'' | b'`') => 1,
            Some(b'$' | b'{' | b'%' | b'@') => 2,
            Some(b'.' | b'>' | b':') => 3,
            Some(b'(' | b'[') => 4,
            Some(b'<' | b'/') => 5,
            Some(b'&' | b'?' | b';') => 6,
            Some(b' ' | b'\t') => 7,
            _ => 8,
        },
        i16::from(marks.iter().any(|mark| lead.starts_with(mark))),
        i16::from(assigned.callee.is_some()),
        assigned
            .callee
            .clone()
            .map_or(0, |callee| number(callee.len())),
        i16::from(next == b';' || behind == b';'),
        near.digest,
        near.example,
        near.user,
        i16::from(lead.is_empty()),
    ]
}

fn follows(behind: u8) -> i16 {
    match behind {
        b'\n' | b'\r' => 0,
        b'<' => 1,
        b'"' | b'\'' | b'`' => 2,
        b';' => 3,
        b',' => 4,
        b'}' | b']' => 5,
        b')' => 6,
        b' ' | b'\t' => 7,
        b'&' | b'|' => 8,
        b'\\' => 9,
        b'(' | b'[' | b'{' => 10,
        b'.' | b'+' | b':' | b'>' => 11,
        _ => 12,
    }
}

/// Words within [`CONTEXT`] bytes of name and value that change what they mean.
struct Nearby {
    digest: i16,
    example: i16,
    user: i16,
}

impl Nearby {
    fn of(hay: &[u8], assigned: &Assigned) -> Nearby {
        let start = assigned.name.start.min(assigned.value.start);
        let end = assigned.value.end.max(assigned.name.end);
        let before = &hay[start.saturating_sub(CONTEXT)..start];
        let after = &hay[end..hay.len().min(end + CONTEXT)];
        let (before, after) = (near(before), near(after));
        Nearby {
            digest: before[0] + after[0],
            example: before[1] + after[1],
            user: before[2] + after[2],
        }
    }
}

/// Whether words for a digest, an example and a user stand in `side`, at most [`CONTEXT`] bytes.
pub fn near(side: &[u8]) -> [i16; 3] {
    let mut lower = [0; CONTEXT];
    let lower = &mut lower[..side.len()];
    lower.copy_from_slice(side);
    lower.make_ascii_lowercase();
    let any = |words: &[&[u8]]| {
        i16::from(
            words
                .iter()
                .any(|word| memchr::memmem::find(lower, word).is_some()),
        )
    };
    [
        any(&[b"hash", b"sha", b"digest", b"public", b"md5"]),
        any(&[b"example", b"test", b"assert", b"expect", b"mock"]),
        any(&[b"user", b"login", b"email", b"host"]),
    ]
}

fn of_value(case: &Case<'_>, assigned: &Assigned) -> [i16; 30] {
    let value = case.secret();
    let count = |is: &dyn Fn(&u8) -> bool| number(value.iter().filter(|b| is(b)).count());
    let letters = count(&u8::is_ascii_alphabetic).max(1) as usize;
    let share = |part: usize| number(part * 100 / letters);
    let (digit_changes, case_changes) = changes(value);
    [
        number(value.len()),
        count(&u8::is_ascii_digit),
        count(&u8::is_ascii_uppercase),
        count(&u8::is_ascii_lowercase),
        count(&|b| !b.is_ascii_alphanumeric()),
        different(value),
        (shannon(value) * 20.0) as i16,
        (randomness(value) * 100.0) as i16,
        share(word_like(value)),
        share(known_words(value)),
        commonness(value),
        digit_changes,
        case_changes,
        i16::from(value.iter().all(u8::is_ascii_hexdigit)),
        i16::from(
            value
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b)),
        ),
        count(&|b| *b == b' '),
        count(&|b| *b == b'.'),
        count(&|b| *b == b'/'),
        count(&|b| matches!(b, b'-' | b'_')),
        count(&|b| {
            matches!(
                b,
                b'!' | b'@' | b'#' | b'^' | b'*' | b'&' | b'+' | b'?' | b'~'
            )
        }),
        count(&|b| matches!(b, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>')),
        count(&|b| matches!(b, b'%' | b'$' | b'\\')),
        number(value.iter().rev().take_while(|b| **b == b'=').count()),
        shared_words(&case.hay[assigned.name.clone()], value),
        speaks_of_secrets(value),
        i16::from(
            value
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b == b'_'),
        ),
        i16::from(!value.iter().any(u8::is_ascii_lowercase)),
        longest_without_vowel(value),
        longest_run(value),
        i16::from(value.first().is_some_and(u8::is_ascii_alphabetic)),
    ]
}

fn different(value: &[u8]) -> i16 {
    let mut seen = [false; 256];
    value.iter().for_each(|&b| seen[b as usize] = true);
    number(seen.iter().filter(|seen| **seen).count())
}

/// How often letters and digits alternate, and how often the case does.
fn changes(value: &[u8]) -> (i16, i16) {
    let (mut digits, mut cases) = (0, 0);
    for pair in value.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let letters = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
        digits += i16::from(
            a.is_ascii_alphanumeric()
                && b.is_ascii_alphanumeric()
                && a.is_ascii_digit() != b.is_ascii_digit(),
        );
        cases += i16::from(letters && a.is_ascii_lowercase() != b.is_ascii_lowercase());
    }
    (digits, cases)
}

/// The longest run of one character, or of characters that follow one another (`abcd`, `4321`).
fn longest_run(value: &[u8]) -> i16 {
    let (mut same, mut up, mut down, mut longest) = (1, 1, 1, 1);
    for pair in value.windows(2) {
        let step = i16::from(pair[1]) - i16::from(pair[0]);
        same = if step == 0 { same + 1 } else { 1 };
        up = if step == 1 { up + 1 } else { 1 };
        down = if step == -1 { down + 1 } else { 1 };
        longest = longest.max(same).max(up).max(down);
    }
    longest
}

fn longest_without_vowel(value: &[u8]) -> i16 {
    let (mut run, mut longest) = (0, 0);
    for byte in value {
        let vowel = matches!(
            byte.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        );
        run = if byte.is_ascii_alphabetic() && !vowel {
            run + 1
        } else {
            0
        };
        longest = longest.max(run);
    }
    longest
}

/// How many words of three letters or more the value shares with the name.
fn shared_words(name: &[u8], value: &[u8]) -> i16 {
    let mut shared = 0;
    super::words::split(name, |word| {
        let found = word.len() > 2
            && value
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word));
        shared += i16::from(found);
    });
    shared
}

fn speaks_of_secrets(value: &[u8]) -> i16 {
    let words: [&[u8]; 6] = [b"pass", b"pwd", b"secret", b"token", b"key", b"auth"];
    let found = words.iter().filter(|word| {
        value
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    });
    number(found.count())
}
