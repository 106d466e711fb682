//! The generic detector: a value assigned to a name that says it is a secret.
//!
//! First hard rejects, then a score of boosted trees over the [`features`], trained by
//! `scripts/train_generic.py` and compiled in as a table.

use super::about::{about, is_random_uuid, may_be_uuid};
use super::code::{code, identifier};
use super::coded::is_public_nkey;
use super::entropy::randomness;
use super::features::{self, PASSWORD};
use super::label::label;
use super::name::Name;
use super::placeholder;
use super::shape::{
    generated, host_or_release, is_text_in_hex, path_or_url, text_in_base64, uuid, version_or_date,
};
use super::trees;
use super::vocabulary::{Class, among_any_case, is_word_for_secret};
use super::words::{humps, split, word_like};
use super::{CONTEXT, Case, Evidence, Kept, Reason, Verdict, printable};
use crate::engine::assignment::{Assigned, Operator, Quote};
use crate::model::Confidence;
use crate::rule::Rule;

/// The reason for which UUIDs are left out.
const UUID: &str = "a UUID";

/// Judges a value that is assigned to a name with one of the generic keywords.
pub fn judge(rule: &Rule, case: &Case<'_>, assigned: &Assigned) -> Verdict {
    let name = &case.hay[assigned.name.clone()];
    let vector = match vector(case, assigned) {
        Ok(vector) => vector,
        Err(Reason::Generic(UUID)) if is_random_uuid(case.secret()) && may_be_uuid(name) => {
            return Verdict::Keep(Kept {
                confidence: Confidence::Medium,
                severity: rule.severity,
                example: false,
                evidence: vec![
                    Evidence::Name(printable(name)),
                    Evidence::Structure("a UUID of version 4, which is random".into()),
                ],
            });
        }
        Err(reason) => return Verdict::Drop(reason),
    };
    let score = trees::score(&vector);
    let Some(confidence) = score.confidence() else {
        return Verdict::Drop(Reason::Score(score.points, score.against()));
    };
    // What an attribute beside the name holds is a literal and no code, which the score cannot know of shorter forms.
    let literal = assigned.operator == Operator::Attribute && vector[PASSWORD] > 0;
    let confidence = match literal {
        true => confidence.max(Confidence::Medium),
        false => confidence,
    };
    let mut evidence = vec![
        Evidence::Name(printable(name)),
        Evidence::Random(randomness(case.secret())),
        Evidence::Score(score.points),
    ];
    evidence.extend(
        score
            .strongest()
            .map(|(feature, points)| Evidence::Feature(features::NAMES[feature], points)),
    );
    Verdict::Keep(Kept {
        confidence,
        severity: rule.severity,
        example: false,
        evidence,
    })
}

/// The features of a candidate, or what rules it out before any score.
pub fn vector(case: &Case<'_>, assigned: &Assigned) -> Result<features::Vector, Reason> {
    let name = Name::of(&case.hay[assigned.name.clone()]);
    if let Some(why) = name.rules_out() {
        return Err(Reason::Generic(why));
    }
    if let Some(what) = reject(case, assigned, &name) {
        return Err(Reason::Generic(what));
    }
    if let Some(what) = placeholder::find(case.secret()) {
        return Err(Reason::Placeholder(what));
    }
    Ok(features::of(case, assigned, &name))
}

/// What rules a value out whatever its score.
fn reject(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Option<&'static str> {
    let value = case.secret();
    if value.len() < 4 {
        return Some("too short");
    }
    if name.is_bare_key() && !generated(value) && !qualified(case.hay, assigned) {
        return Some("a key, but of what kind is not said");
    }
    if value.iter().all(|b| !b.is_ascii_alphanumeric()) {
        return Some("no letters or digits");
    }
    let callee = assigned.callee.clone().map(|callee| &case.hay[callee]);
    // `password = password.encode("utf-8")`: a method of the secret itself.
    let of_itself = |callee: &[u8]| {
        let object = callee.split(|&b| b == b'.').next().unwrap_or_default();
        object.len() < callee.len() && Name::of(object).strongest.strength() > 0
    };
    if callee.is_some_and(of_itself) {
        return Some("a method's argument");
    }
    if assigned.operator != Operator::Comma && callee.is_some_and(looks_up) {
        return Some("a look-up, not a literal");
    }
    if value.iter().any(|&b| b < b' ' || b == 0x7f) {
        return Some("control characters: not text");
    }
    if name.strongest != Class::Password && value.contains(&b' ') {
        return Some("a phrase");
    }
    if value.iter().filter(|b| **b == b' ').count() > 1 && !passphrase(assigned, value) {
        return Some("a sentence");
    }
    let letters = value
        .iter()
        .filter(|b| b.is_ascii_alphabetic() || !b.is_ascii());
    if !value.is_ascii()
        && !value.iter().any(u8::is_ascii_digit)
        && letters.count() * 2 > value.len()
    {
        return Some("words of another language");
    }
    if assigned.quote == Quote::None
        && let Some(why) = code(case, assigned)
    {
        return Some(why);
    }
    let why = argument(case, assigned, name)
        .or_else(|| words(assigned, name, value))
        .or_else(|| label(case, assigned, name));
    if why.is_some() {
        return why;
    }
    if let Some(why) = beside(case, assigned, name).or_else(|| stands_for_another(value)) {
        return Some(why);
    }
    let before = &case.hay[case.span.start.saturating_sub(CONTEXT)..case.span.start];
    let badge = |what: &[u8]| memchr::memmem::find(before, what).is_some();
    if badge(b"badge") || badge(b"shields.io") || badge(b"flat-square") {
        return Some("the token of a badge, which is public");
    }
    const EXPRESSIONS: [&[u8]; 12] = [
        b"\\s", b"[^", b"]{", b"\\x", b"(?:", b"(?=", b"\\d", b"\\w", b"[0-9", b"[a-z", b"[A-Z",
        b".*)",
    ];
    let has = |what: &&[u8]| memchr::memmem::find(value, what).is_some();
    if EXPRESSIONS.iter().any(has) {
        return Some("a regular expression or bytes");
    }
    if path_or_url(value) {
        return Some("a path or an address");
    }
    if version_or_date(value) {
        return Some("a version, number or date");
    }
    let text = &case.hay[assigned.name.clone()];
    if is_weak(value) {
        return Some("a default that is no secret");
    }
    if is_word_for_secret(value) {
        return Some("a word for a secret");
    }
    if same_words(text, value) {
        return Some("the name's own words");
    }
    let hashes: [&[u8]; 18] = [
        b"$1$",
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$5$",
        b"$6$",
        b"$y$",
        b"$apr1$",
        b"$argon2",
        b"sha1$",
        b"sha256",
        b"sha512",
        b"pbkdf2",
        b"scrypt",
        b"{SHA",
        b"{SSHA",
        b"{bcrypt}",
        b"bcrypt",
    ];
    if hashes.iter().any(|hash| value.starts_with(hash)) {
        return Some("a password's hash");
    }
    // Last, so that nothing else speaks against one that this reason is given for.
    about(case, assigned, name).or_else(|| uuid(value).then_some(UUID))
}

/// Whether the word before a name says what kind of key it is: `API key: x`.
fn qualified(hay: &[u8], assigned: &Assigned) -> bool {
    let before = &hay[assigned.name.start.saturating_sub(CONTEXT)..assigned.name.start];
    let words = before.strip_suffix(b" ").unwrap_or_default();
    let start = words.iter().rposition(|b| !b.is_ascii_alphabetic());
    let word = &words[start.map_or(0, |at| at + 1)..];
    Name::of(word).last[0] == Class::Qualifier
}

/// Words that stand for a password in examples and first set-ups.
fn is_weak(value: &[u8]) -> bool {
    const WORDS: [&str; 27] = [
        "true",
        "false",
        "yes",
        "no",
        "admin",
        "test",
        "testing",
        "tests",
        "root",
        "user",
        "username",
        "wrong",
        "none",
        "ignored",
        "blank",
        "empty",
        "default",
        "disabled",
        "hunter2",
        "changeit",
        // What frameworks say of a field: that it is to be filled in, repeated, or stored hashed.
        "required",
        "nullable",
        "optional",
        "confirmed",
        "hashed",
        "encrypted",
        "string",
    ];
    among_any_case(&WORDS, value)
}

/// Whether words with blanks between them are a passphrase, and no text about a password: in quotes behind `=`, small
/// letters and digits only, at least four words of which none is what messages are made of.
fn passphrase(assigned: &Assigned, value: &[u8]) -> bool {
    const MESSAGES: [&str; 24] = [
        "is", "are", "be", "must", "should", "can", "cannot", "not", "no", "your", "you", "for",
        "to", "please", "enter", "too", "at", "least", "invalid", "required", "here", "this",
        "was", "if",
    ];
    let literal =
        assigned.operator == Operator::Equals && matches!(assigned.quote, Quote::Plain(_));
    let mut words = value.split(|&b| b == b' ');
    let speaks = |word: &[u8]| {
        word.is_empty()
            || is_word_for_secret(word)
            || MESSAGES.iter().any(|known| known.as_bytes() == word)
    };
    literal
        && words.clone().count() >= 4
        && value
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b' ')
        && !words.any(speaks)
}

/// What of the text around a value says that it is none.
fn beside(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Option<&'static str> {
    let (hay, value) = (case.hay, case.secret());
    let before = &hay[assigned.name.start.saturating_sub(CONTEXT)..assigned.name.start];
    let command = before.ends_with(b"$(") || before.ends_with(b"$(shell ");
    if command && hay.get(assigned.name.end) == Some(&b')') {
        return Some("behind a command's output");
    }
    // `PWD=`dirname $0``
    let tight = hay[..case.secret.start].ends_with(b"=`");
    if tight
        && !hay[assigned.name.clone()]
            .iter()
            .any(u8::is_ascii_lowercase)
    {
        return Some("a command's output");
    }
    let tight = hay[..case.secret.start].ends_with(b":");
    let spaced = hay.get(assigned.name.end) == Some(&b' ');
    if tight && spaced && assigned.quote == Quote::None && identifier(value) {
        return Some("a symbol behind a word");
    }
    // `os.environ["PWD"] = path`, `peer[KEY] = destination`
    let between = &hay[assigned.name.end..case.secret.start.max(assigned.name.end)];
    let subscript = matches!(between, [b']', ..] | [b'"' | b'\'', b']', ..]);
    if subscript && assigned.quote == Quote::None && !value.iter().any(u8::is_ascii_digit) {
        return Some("an expression");
    }
    let arrow = memchr::memmem::find(between, b"->").is_some();
    if assigned.operator == Operator::Arrow && assigned.callee.is_some() && arrow {
        return Some("a method's argument");
    }
    let closed = usize::from(assigned.quote != Quote::None);
    let behind = hay.get(case.secret.end + closed..).unwrap_or_default();
    if closed > 0 && (behind.starts_with(b" =>") || behind.starts_with(b"=>")) {
        return Some("a key of what follows");
    }
    if before.ends_with(b"? '") || before.ends_with(b"? \"") {
        return Some("the other branch of a condition");
    }
    if hay[case.secret.end..].starts_with(b"...") {
        return Some("cut off");
    }
    if assigned.quote != Quote::None && matches!(value[0], b',' | b')' | b';') {
        return Some("what stands between two strings");
    }
    let words = before.strip_suffix(b" ").unwrap_or_default();
    let word = words.rsplit(|b| !b.is_ascii_alphabetic()).next();
    if word.is_some_and(|word| !word.is_empty() && name.is_spoiled_by(word)) {
        return Some("the word before the name speaks of something else");
    }
    // `{user: x, password: x}`: found on sight, and in tests everywhere.
    let user = memchr::memmem::rfind(before, value).is_some_and(|at| {
        let (lead, rest) = (&before[..at], &before[at + value.len()..]);
        let apart = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
        let names = &lead[lead.len().saturating_sub(16)..];
        let says = |word: &[u8]| {
            names
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word))
        };
        apart(lead.last()) && apart(rest.first()) && (says(b"user") || says(b"login"))
    });
    user.then_some("the same as the user's name")
}

/// What makes a value the form or the encoding of something else.
fn stands_for_another(value: &[u8]) -> Option<&'static str> {
    let has = |what: &[u8]| memchr::memmem::find(value, what).is_some();
    if has(b"%s") || has(b"%d") || has(b"%.*s") {
        return Some("a format string");
    }
    // What a signed request says of itself, and the first two messages of NTLM.
    let parts = value.iter().filter(|b| **b == b'/').count();
    if value.ends_with(b"_request") && parts == 4 || value.ends_with(b"%2Faws4_request") {
        return Some("the scope of a signature");
    }
    let ntlm = value.starts_with(b"TlRMTVNTUA") && value.len() < 40;
    if ntlm || value.starts_with(b"TlRMTVNTUAAB") || value.starts_with(b"TlRMTVNTUAAC") {
        return Some("a message of NTLM without a secret");
    }
    if is_public_nkey(value) {
        return Some("the public half of an NKey");
    }
    if is_text_in_hex(value) {
        return Some("text in hexadecimal digits");
    }
    text_in_base64(value)
}

/// What speaks against a value that stands beside a name and is not assigned to it.
fn argument(case: &Case<'_>, assigned: &Assigned, name: &Name) -> Option<&'static str> {
    let value = case.secret();
    let text = &case.hay[assigned.name.clone()];
    if assigned.operator == Operator::Flag && value[0] == b'-' {
        return Some("another flag");
    }
    let noun = text.len() == 4 && text.eq_ignore_ascii_case(b"pass");
    // `ProxyPass "/app"`, `PROXY_PASS`
    let noun = noun || text.ends_with(b"_pass") || text.ends_with(b"Pass") && humps(text);
    if noun && (assigned.callee.is_some() || assigned.operator == Operator::Blank) {
        return Some("`pass` as a verb");
    }
    // `AWS::IAM::AccessKey`, `arn:aws:secretsmanager:...:secret:x`: the last part of a longer name.
    let before = &case.hay[assigned.name.start.saturating_sub(2)..assigned.name.start];
    let part = before == b"::" || before.ends_with(b":") && assigned.quote == Quote::None;
    let tight = case.hay.get(assigned.name.end) == Some(&b':');
    if part && (before == b"::" || tight && assigned.operator != Operator::Arrow) {
        return Some("a part of a longer name");
    }
    let apart = matches!(
        assigned.operator,
        Operator::Comma | Operator::Call | Operator::Blank | Operator::Compare | Operator::Is
    );
    if !apart {
        return None;
    }
    if name.strongest == Class::Key {
        return Some("an argument that is called key");
    }
    // `should pass "x"`, `base.pass("x")`, `FUNCTION_PASS("x")`: a verb, or a compiler's pass.
    let noun = text.len() >= 4 && text[text.len() - 4..].eq_ignore_ascii_case(b"pass");
    let alone = text.len() == 4 || noun && text[text.len() - 5] == b'.';
    if noun
        && (alone || assigned.operator == Operator::Call)
        && assigned.operator != Operator::Compare
    {
        return Some("`pass` as a verb");
    }
    const ASKING: [&[u8]; 6] = [b"check", b"verify", b"valid", b"compare", b"match", b"is_"];
    let asks = ASKING.iter().any(|verb| text.starts_with(verb));
    if asks && assigned.operator == Operator::Call {
        return Some("a call that asks, not an assignment");
    }
    // `token("if_fits_on_line")` calls what is named so; `setToken(...)` and `.password(...)` set it.
    let digits = value.iter().any(u8::is_ascii_digit);
    let called = assigned.operator == Operator::Call && !text.iter().any(u8::is_ascii_uppercase);
    if called && !digits && name.strongest != Class::Password {
        return Some("a call, not an assignment");
    }
    // `SESSION_KEY(u"InboundLength")`: a macro around a name.
    let shouted = assigned.operator == Operator::Call && !text.iter().any(u8::is_ascii_lowercase);
    let alphanumeric = value.iter().all(u8::is_ascii_alphanumeric);
    if shouted && alphanumeric && humps(value) && word_like(value) * 2 >= value.len() {
        return Some("a name in code");
    }
    let beside = matches!(
        assigned.operator,
        Operator::Compare | Operator::Call | Operator::Blank
    );
    if name.behind > 0 && beside {
        return Some("the name speaks of something else");
    }
    let before = case.hay[..assigned.name.start].last();
    let quoted = before.is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'));
    let comma = assigned.operator == Operator::Comma;
    let wordy = word_like(value) * 10 >= value.len() * 6;
    let quoted = quoted || before == Some(&b':');
    if comma && (!quoted || identifier(value) || wordy && name.strongest != Class::Password) {
        return Some("names in a list");
    }
    None
}

/// What speaks against a value of words alone.
fn words(assigned: &Assigned, name: &Name, value: &[u8]) -> Option<&'static str> {
    if name.last[0] == Class::Password || value.contains(&b' ') && passphrase(assigned, value) {
        return None;
    }
    if value.len() < 6 {
        return Some("too short for a secret");
    }
    if host_or_release(value) {
        return Some("a host or a release");
    }
    let key = matches!(name.strongest, Class::Key | Class::SecretKey | Class::Token);
    if key && value.contains(&b',') {
        return Some("a list");
    }
    // `schemaKey = 'DOC_Vector_5_32'`: words and numbers.
    let parts = value.split(|b| matches!(b, b'_' | b'-' | b'.'));
    let plain = |part: &[u8]| {
        part.iter().all(u8::is_ascii_digit) || part.iter().all(u8::is_ascii_alphabetic)
    };
    let count = parts.clone().count();
    if name.strongest == Class::Key && count >= 2 && parts.clone().all(plain) {
        return Some("words and numbers");
    }
    if value.iter().any(u8::is_ascii_digit) {
        let short = value.len() < 10 && name.strongest != Class::Secret;
        let capitals = value
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        return (short || capitals && (value.len() < 14 || value.contains(&b'_')))
            .then_some("too short for a token");
    }
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let least = if name.strongest.strength() == 1 { 5 } else { 8 };
    let wordy = word_like(value) * 10 >= letters * least;
    let capitals = value
        .iter()
        .all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'-' | b'.'));
    if capitals && (wordy || value.len() < 12 || value.contains(&b'_')) {
        return Some("a constant's name");
    }
    // A secret may be a phrase of few words; `obtained-from-the-console` is a note.
    let few = value.split(|b| matches!(b, b'-' | b'_')).count() < 4;
    let secret = name.strongest == Class::Secret && assigned.quote != Quote::None;
    (wordy && !(secret && few)).then_some("words, not a token")
}

/// Whether the value holds nothing but letters of the name, apart from marks: `password = "db-password"`.
fn same_words(name: &[u8], value: &[u8]) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    if letters * 2 < value.len() {
        return false;
    }
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
        all &= found || among_any_case(&filler, word);
    });
    some && all
}

/// Whether a function of this name takes the name of a value and not the value.
fn looks_up(callee: &[u8]) -> bool {
    const VERBS: [&str; 30] = [
        "get",
        "env",
        "read",
        "find",
        "lookup",
        "fetch",
        "load",
        "query",
        "select",
        "param",
        "arg",
        "option",
        "flag",
        "prompt",
        "input",
        "config",
        "translate",
        "label",
        "match",
        "replace",
        "path",
        "exists",
        "generate",
        "derive",
        "has",
        "require",
        "import",
        "format",
        "split",
        "compile",
    ];
    let mut any = callee.len() < 2 || callee.ends_with(b".t") || callee == b"gettext";
    split(callee, |word| {
        any |= VERBS.iter().any(|verb| {
            word.len() >= verb.len() && word[..verb.len()].eq_ignore_ascii_case(verb.as_bytes())
        });
    });
    any
}
