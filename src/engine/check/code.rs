//! Values without quotes: what makes them code, or words of a text, and not literals.

use super::name::Name;
use super::vocabulary::{among_any_case, is_word_for_secret};
use super::words::{humps, split, word_like};
use super::{CONTEXT, Case};
use crate::engine::assignment::{Assigned, Operator, Quote};

/// What makes a value without quotes code and not a literal.
pub fn code(case: &Case<'_>, assigned: &Assigned) -> Option<&'static str> {
    let value = case.secret();
    let next = case.hay.get(case.secret.end).copied();
    if next == Some(b'(') || value.iter().any(|b| b"([{".contains(b)) {
        return Some("an expression");
    }
    let (name, flag) = (assigned.name.start, assigned.operator == Operator::Flag);
    // `"PASSWORD=value"` is a text that ends with the value; `password="` + x is not.
    let before = case.hay[..name].last().copied();
    if matches!(next, Some(b'"' | b'\'' | b'`')) && !flag {
        let line = &case.hay[name.saturating_sub(CONTEXT)..name];
        let line = &line[memchr::memrchr(b'\n', line).map_or(0, |at| at + 1)..];
        let opened = before == next || line.iter().any(|b| Some(*b) == next);
        if !opened && identifier(value) {
            return Some("an expression");
        }
    }
    let bare = without_marks(value);
    if dotted_name(value) || type_or_constant(bare) || memchr::memmem::find(value, b"::").is_some()
    {
        return Some("a name in code");
    }
    if is_coordinate(case, assigned) {
        return Some("a package");
    }
    let arrow = case.hay[case.secret.end..].starts_with(b" -");
    if arrow && assigned.operator == Operator::Colon && identifier(value) {
        return Some("a name in code");
    }
    if next == Some(b'<') && assigned.quote == Quote::None {
        return Some("a type");
    }
    let ends_code = matches!(next, Some(b',' | b')' | b';' | b']'));
    if number(value) || ends_code && value.iter().all(u8::is_ascii_digit) {
        return Some("a number");
    }
    let digits = value.iter().any(u8::is_ascii_digit);
    // `password: HTTP proxy password`, `pwd: bytes | None`, `a = b = "c"`: words or operators go on behind a blank.
    let blank = |at: usize| case.hay.get(at).is_some_and(|b| matches!(b, b' ' | b'\t'));
    let spaced = case.secret.start > 0 && blank(case.secret.start - 1);
    let goes_on = case
        .hay
        .get(case.secret.end + 1)
        .is_some_and(|b| b.is_ascii_alphanumeric() || b"|=<>+?*/&.:(\"'-%$@".contains(b));
    if spaced && !flag && !digits && blank(case.secret.end) && goes_on {
        return Some("a word of a sentence or an expression");
    }
    if assigned.operator == Operator::Compare || assigned.operator == Operator::Arrow && !digits {
        return Some("a name in code");
    }
    names(case, assigned)
}

/// Words that follow a flag where a text speaks about it.
const ABOUT_FLAGS: [&str; 6] = [
    "option",
    "options",
    "flag",
    "argument",
    "parameter",
    "switch",
];

/// What makes a value without quotes a name of something else.
fn names(case: &Case<'_>, assigned: &Assigned) -> Option<&'static str> {
    let value = case.secret();
    let next = case.hay.get(case.secret.end).copied();
    let ends_code = matches!(next, Some(b',' | b')' | b';' | b']'));
    let flag = assigned.operator == Operator::Flag;
    let blank = |at: usize| case.hay.get(at).is_some_and(|b| matches!(b, b' ' | b'\t'));
    let spaced = case.secret.start > 0 && blank(case.secret.start - 1);
    // In configuration a value without quotes ends with the line, or with the braces around it.
    if identifier(value) && ends_code {
        return Some("a name in code");
    }
    // `{"password": variable}`: who writes the name in quotes writes a text in quotes, too.
    let quoted = matches!(case.hay.get(assigned.name.end), Some(b'"' | b'\''));
    if quoted && next == Some(b'}') && identifier(value) && !value.iter().any(u8::is_ascii_digit) {
        return Some("a name in code");
    }
    let capitals = value
        .iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    if capitals && ends_code && value.contains(&b'_') {
        return Some("a constant's name");
    }
    // `password = password_mgr`, `"passwd:gecos"`, `--password option instead of`.
    let own = split_any(value, |word| {
        word.len() > 3
            && case.hay[assigned.name.clone()]
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word))
    });
    let own = own || split_any(value, is_word_for_secret) && value.contains(&b'_');
    // `cfg.Password = mmpassword`.
    let kind = Name::of(value).last[0];
    let same = kind == Name::of(&case.hay[assigned.name.clone()]).last[0];
    let own = own || kind.strength() > 0 && same;
    if identifier(value) && own && spaced && assigned.operator == Operator::Equals {
        return Some("a name in code");
    }
    // `Password: b64Pwd,`
    let listed = assigned.operator == Operator::Colon && next == Some(b',');
    if is_name(value) && humps(value) && kind.strength() > 0 && same && spaced && listed {
        return Some("a name in code");
    }
    // `pwd = libtest_arg4;`: a statement, and the value is a name with a number behind it.
    let digits = value
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit())
        .count();
    let numbered = value.contains(&b'_') && identifier(&value[..value.len() - digits]);
    if numbered && spaced && next == Some(b';') && assigned.operator == Operator::Equals {
        return Some("a name in code");
    }
    let bare = without_marks(value);
    if ends_code && (value[0] == b'_' || sized_type(value)) || flag && is_primitive(bare) {
        return Some("a type");
    }
    // `auth = Server.ANONYMOUS2;`
    let dotted = value.contains(&b'.') && value.split(|&b| b == b'.').all(is_name);
    if dotted && spaced && next == Some(b';') && assigned.operator == Operator::Equals {
        return Some("a name in code");
    }
    let quote = matches!(next, Some(b'"' | b'\'' | b'`'));
    if identifier(value) && quote && !spaced && assigned.operator == Operator::Colon {
        return Some("two names in a text");
    }
    // `user, password = split`: names on both sides.
    let name = assigned.name.start;
    let before = case.hay[name.saturating_sub(4)..name]
        .trim_ascii_end()
        .last();
    if identifier(value) && spaced && before == Some(&b',') && assigned.operator == Operator::Equals
    {
        return Some("a name in code");
    }
    // `key = subSys`: too short for its words to tell.
    let short =
        value.len() < 10 && value[0].is_ascii_lowercase() && humps(value) && !value.contains(&b'-');
    if identifier(value) && short && spaced && assigned.operator == Operator::Equals {
        return Some("a name in code");
    }
    if flag && ABOUT_FLAGS.iter().any(|word| word.as_bytes() == value) {
        return Some("a word of a sentence");
    }
    let word_behind = case
        .hay
        .get(case.secret.end + 1)
        .is_some_and(u8::is_ascii_alphabetic);
    (flag && identifier(value) && blank(case.secret.end) && word_behind)
        .then_some("a word of a sentence")
}

/// `sqlite3_int64`, `my_uint8_t`: a type by its last part.
fn sized_type(value: &[u8]) -> bool {
    let last = value.rsplit(|&b| b == b'_').next().unwrap_or_default();
    last.len() < value.len() && (last == b"t" || is_primitive(last))
}

/// `uint32`, `float64`.
fn is_primitive(value: &[u8]) -> bool {
    let width = value.iter().rev().take_while(|b| b.is_ascii_digit());
    let width = width.count();
    width > 0 && matches!(&value[..value.len() - width], b"int" | b"uint" | b"float")
}

/// A type without the marks that make it a pointer, a reference or one that may be missing: `CharArray?`, `*uint16`.
fn without_marks(value: &[u8]) -> &[u8] {
    let mark = |b: &u8| matches!(b, b'?' | b'!' | b'*' | b'&');
    let start = value.iter().take_while(|&b| mark(b)).count();
    let end = value.iter().rposition(|b| !mark(b));
    let bare = end.and_then(|end| value.get(start..=end));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(value)
}

/// One identifier, with digits or without.
fn is_name(part: &[u8]) -> bool {
    part.first().is_some_and(u8::is_ascii_alphabetic)
        && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// `com.auth0:java-jwt`: whose package it is, and its name.
fn is_coordinate(case: &Case<'_>, assigned: &Assigned) -> bool {
    const DOMAINS: [&[u8]; 5] = [b"com.", b"org.", b"io.", b"net.", b"dev."];
    let name = &case.hay[assigned.name.clone()];
    let tight = case.secret.start == assigned.name.end + 1;
    assigned.operator == Operator::Colon
        && tight
        && DOMAINS.iter().any(|domain| name.starts_with(domain))
        && identifier(case.secret())
}

/// Whether any word of `text` fits.
fn split_any(text: &[u8], fits: impl Fn(&[u8]) -> bool) -> bool {
    let mut any = false;
    split(text, |word| any |= fits(word));
    any
}

/// `0x80090033`, `16384u32`, `0xC002002F_u32`, `281474976710655LL`: a number in code.
fn number(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let body = value
        .strip_prefix(b"0x")
        .or_else(|| value.strip_prefix(b"0X"));
    let hex = body.is_some();
    let body = body.unwrap_or(value);
    let digits = body
        .iter()
        .take_while(|b| b.is_ascii_digit() || hex && (b.is_ascii_hexdigit() || **b == b'_'))
        .count();
    let tail = &body[digits..];
    let suffix = tail.len() <= 4
        && tail
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'u' | b'i' | b'U' | b'L' | b'l'));
    digits > 0
        && digits <= 40
        && suffix
        && (digits <= 20 || body.contains(&b'_'))
        && (hex || !tail.is_empty())
}

/// Constants and types of common languages.
pub fn is_type(value: &[u8]) -> bool {
    const KNOWN: [&str; 56] = [
        "true",
        "false",
        "none",
        "null",
        "nil",
        "undefined",
        "nan",
        "void",
        "any",
        "str",
        "string",
        "bytes",
        "byte",
        "int",
        "integer",
        "bool",
        "boolean",
        "object",
        "float",
        "number",
        "char",
        "self",
        "this",
        "return",
        "await",
        "new",
        "not",
        "final",
        "optional",
        "list",
        "dict",
        "array",
        "function",
        "unknown",
        "never",
        "required",
        "unsafe",
        "super",
        "async",
        "incomplete",
        "alias",
        "callable",
        "sequence",
        "mapping",
        "literal",
        "secretstr",
        "buffer",
        "static",
        "mixed",
        "iterable",
        "when",
        "match",
        "switch",
        "case",
        "yield",
        "throw",
    ];
    among_any_case(&KNOWN, value)
}

/// Types and constants, and names in camel case (`HTTPPasswordMgr`, `authToken`).
fn type_or_constant(value: &[u8]) -> bool {
    let plain = value.iter().all(u8::is_ascii_alphabetic);
    let name = value.iter().all(u8::is_ascii_alphanumeric) && value[0].is_ascii_alphabetic();
    let humps = value
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    // With a digit in it, it may be a password of words: `LoremIpsum12`.
    let enough = if plain { 1 } else { 2 };
    let camel = name && humps >= enough && humps * 4 <= value.len();
    is_type(value) || camel && word_like(value) * 10 >= value.len() * 5
}

/// `config.password`, `self.token`, `process.env.X`: letters and dots, no digits.
fn dotted_name(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_' | b'?' | b'!' | b':'))
}

/// One identifier without digits.
pub fn identifier(value: &[u8]) -> bool {
    value
        .iter()
        .all(|b| b.is_ascii_alphabetic() || *b == b'_' || *b == b'-')
}
