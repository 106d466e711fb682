//! Passwords and tokens without a format of their own: what a value that a person chose must not be.

use super::Beside;
use super::name::Name;
use super::placeholder;
use super::shape::text_in_base64;
use super::structure::Outcome::{self, Doubtful, Proved, Rejected, Unknown};
use super::structure::decode;
use super::vocabulary::Class;
use super::words::{humps, known_words, word_like};

/// Passwords that stand for one, or that everybody knows.
const DEFAULTS: [&str; 42] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "user",
    "username",
    "root",
    "admin",
    "postgres",
    "mysql",
    "guest",
    "test",
    "token",
    "key",
    "foo",
    "bar",
    "baz",
    "changeme",
    "example",
    "x-oauth-basic",
    "redis",
    "mongo",
    "rabbitmq",
    "pw",
    "p",
    "mypassword",
    "my-password",
    "my_password",
    "mypass",
    "userpass",
    "yourpassword",
    "passphrase",
    "string",
    "value",
    "default",
    "none",
    "null",
    "xxx",
    "abc",
    "public",
    "private",
];

/// Why `value` is no password, whatever stands around it.
fn stands_for(value: &[u8]) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    if DEFAULTS.iter().any(|word| word.as_bytes() == lower) || value.len() < 3 {
        return Some("a default or placeholder password");
    }
    let same = value.iter().all(|b| *b == value[0]);
    if same || value.len() < 5 && value.iter().all(u8::is_ascii_digit) {
        return Some("a number or character in place of a password");
    }
    if placeholder::find(value).is_some() || value.iter().all(|b| b"*.xX-_".contains(b)) {
        return Some("a template or placeholder in place of the password");
    }
    None
}

/// The user and the host around the password of a URL: one for this machine alone, or the usual default, is no leak.
pub fn url_password(value: &[u8], beside: Beside<'_>) -> Outcome {
    let user = beside.before.rsplit(|&b| b == b'/').next().unwrap_or(b"");
    let user = user.split(|&b| b == b':').next().unwrap_or(b"");
    if user == value {
        return Rejected("the password is the user's name".into());
    }
    if value == b"x-oauth-basic" {
        return Rejected("the secret stands in the place of the user".into());
    }
    let behind = beside.after.strip_prefix(b"@").unwrap_or(beside.after);
    let host = behind.split(ends_host).next().unwrap_or(b"");
    // `@server:port`, `@SERVICE_HOST`
    let slot = behind[host.len()..].starts_with(b":port") || is_constant(host);
    if slot
        && value
            .iter()
            .all(|b| b.is_ascii_alphabetic() || b"_-:".contains(b))
    {
        return Rejected("a template".into());
    }
    let example = is_example(host);
    match stands_for(value) {
        // A weak password for a user of one's own at a host of one's own is still in use somewhere.
        Some(why)
            if example || stands_for(user).is_some() || placeholder::find(value).is_some() =>
        {
            Rejected(why.into())
        }
        Some(why) => Doubtful(why.into()),
        None if example && !user.is_empty() && without_number(value) == user => {
            Doubtful("the user's name and a number, at a local host or an example".into())
        }
        None if example && value.len() < 12 && !value.iter().any(u8::is_ascii_digit) => {
            Doubtful("the host is local or an example".into())
        }
        None => Unknown,
    }
}

/// `SERVICE_HOST`: capitals and at least one underscore.
fn is_constant(text: &[u8]) -> bool {
    text.contains(&b'_') && text.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
}

fn without_number(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|b| !b.is_ascii_digit());
    &value[..end.map_or(0, |at| at + 1)]
}

/// What ends the host of a URL.
pub fn ends_host(byte: &u8) -> bool {
    matches!(
        byte,
        b':' | b'/' | b'"' | b'\'' | b' ' | b'?' | b'\n' | b'`'
    )
}

/// Whether a host is this machine, or one that documentation speaks of.
fn is_example(host: &[u8]) -> bool {
    const LOCAL: [&[u8]; 10] = [
        b"localhost",
        b"127.0.0.1",
        b"0.0.0.0",
        b"[",
        b"host",
        b"hostname",
        b"example.com",
        b"example.org",
        b"server",
        b"h",
    ];
    const ENDS: [&[u8]; 4] = [b".example.com", b".example.org", b".local", b".test"];
    LOCAL.contains(&host) || ENDS.iter().any(|end| host.ends_with(end))
}

/// A password beside a user, a flag or a keyword.
pub fn password(value: &[u8], beside: Beside<'_>) -> Outcome {
    if let Some(why) = stands_for(value) {
        return Rejected(why.into());
    }
    if value.iter().all(u8::is_ascii_digit) && value.len() < 6 {
        return Rejected("a number".into());
    }
    let before = beside.before.trim_ascii_end();
    let marks = |b: &u8| matches!(b, b':' | b'"' | b'\'' | b' ' | b',' | b'=');
    let end = before
        .iter()
        .rposition(|b| !marks(b))
        .map_or(0, |at| at + 1);
    if end > 0 && before[..end].ends_with(value) {
        return Rejected("the same as the user's name".into());
    }
    let camel = value.iter().all(u8::is_ascii_alphabetic) && humps(value);
    if camel && word_like(value) * 2 > value.len() {
        return Rejected("a name in code".into());
    }
    let letters = value
        .iter()
        .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'));
    let letters = letters || value.iter().all(u8::is_ascii_uppercase);
    if letters && (known_words(value) * 2 >= value.len() || value.len() < 6) {
        return Rejected("a word that stands for a password".into());
    }
    Unknown
}

/// A token: of words, or without a digit and of one case, it is none.
pub fn opaque(value: &[u8]) -> Outcome {
    let digit = value.iter().any(u8::is_ascii_digit);
    let both = value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
    let wordy = word_like(value) * 2 > value.len() || known_words(value) * 3 > value.len();
    match (digit || both) && !wordy && text_in_base64(value).is_none() {
        true => Unknown,
        false => Rejected("words, not a token".into()),
    }
}

/// A value in a Kubernetes Secret: base64, of anything but a certificate, a placeholder or who and where somebody is.
pub fn secret_data(value: &[u8], beside: Beside<'_>) -> Outcome {
    if beside.after.starts_with(b"..") {
        return Rejected("cut off".into());
    }
    let Some(decoded) = decode(value) else {
        return Rejected("does not decode as base64".into());
    };
    let public: [&[u8]; 2] = [b"-----BEGIN CERT", b"-----BEGIN PUBLIC"];
    if public.iter().any(|begin| decoded.starts_with(begin)) {
        return Rejected("a certificate or public key".into());
    }
    // Whole files hold words of all kinds.
    if decoded.len() < 24 && stands_for(decoded.trim_ascii()).is_some() {
        return Rejected("base64 of a placeholder".into());
    }
    let marks = |b: &u8| b.is_ascii_whitespace() || b"\"':|>-".contains(b);
    let before = beside.before;
    let end = before
        .iter()
        .rposition(|b| !marks(b))
        .map_or(0, |at| at + 1);
    let named = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
    let start = before[..end]
        .iter()
        .rposition(|b| !named(b))
        .map_or(0, |at| at + 1);
    let about = [Class::Identity, Class::Place];
    match about.contains(&Name::of(&before[start..end]).last[0]) {
        true => Rejected("who or where somebody is".into()),
        false => Proved("decodes as base64".into()),
    }
}

/// HTTP Basic: base64 of `user:password`.
pub fn basic_auth(value: &[u8]) -> Outcome {
    let random = value.len() >= 12
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase);
    let unsure = |what: &str| match random {
        true => Doubtful(what.into()),
        false => Rejected(what.into()),
    };
    let Some(decoded) = decode(value) else {
        return unsure("does not decode as base64");
    };
    let Some(colon) = decoded.iter().position(|&b| b == b':') else {
        return unsure("does not decode to `user:password`");
    };
    if !decoded.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        return unsure("does not decode to text");
    }
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    let secret = if password.is_empty() { user } else { password };
    match stands_for(secret) {
        Some(why) => Rejected(why.into()),
        None if user == password => Rejected("the password is the user's name".into()),
        None => Proved("decodes to `user:password`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_passwords_of_urls() {
        let cases = [
            ("s3cr3t-Pa55", "postgres://app:", "@db.internal/app", true),
            ("password", "postgres://user:", "@db.internal/app", false),
            ("password", "postgres://app:", "@localhost/app", false),
            ("app", "postgres://app:", "@db.internal/app", false),
            ("${DB_PASS}", "postgres://app:", "@db.internal/app", false),
            ("****", "postgres://app:", "@db.internal/app", false),
            ("hunter22", "redis://:", "@localhost:6379", true),
            ("secret", "nats://leaf:", "@10.1.1.1:4222", true),
            ("authtype", "imap://auth:", "@server:port/", false),
            ("user:authtype", "imap://auth:", "@server:port", false),
            (
                "SAS_KEY",
                "azureservicebus://SAS_POLICY:",
                "@SERVICE_BUS",
                false,
            ),
            ("x9Kq2LmZ", "imap://auth:", "@server:port/", true),
        ];
        for (password, before, after, keep) in cases {
            let beside = Beside {
                before: before.as_bytes(),
                after: after.as_bytes(),
            };
            let got = url_password(password.as_bytes(), beside);
            assert_eq!(!matches!(got, Rejected(_)), keep, "{got:?}");
        }
    }
}
