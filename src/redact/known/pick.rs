//! Which values are secret, of an environment, a `.env` file or a list.

use std::sync::Arc;

use crate::engine::Engine;
use crate::model::Secret;

/// A value, and where it came from.
pub type Named = (Arc<str>, Secret);

/// Last words of names whose values are secret.
const SECRET: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "pw",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "apikey",
    "credential",
    "credentials",
    "auth",
    "pat",
];
/// Words that make a secret of a value wherever they stand in its name, unless the last word is one of [`ABOUT`].
const INSIDE: [&str; 7] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "credentials",
    "apikey",
    "dsn",
];
/// Last words of names whose values are about a secret.
const ABOUT: [&str; 20] = [
    "file", "path", "dir", "sock", "socket", "name", "type", "ttl", "expiry", "expires", "length",
    "min", "max", "url", "uri", "host", "user", "username", "enabled", "command",
];
/// Names of shells, and of what is no secret for all that they sound like it.
const NEVER: [&str; 6] = [
    "pwd",
    "oldpwd",
    "ssh_auth_sock",
    "xauthority",
    "ssh_askpass",
    "git_askpass",
];

/// The secret ones among the variables of an environment: those whose name says so, and what the rules find in
/// `NAME=value`, such as the password of a URL.
pub fn of_variables<'v>(
    engine: &Engine,
    variables: impl IntoIterator<Item = (&'v str, &'v [u8])>,
    origin: &dyn Fn(&str) -> String,
) -> Vec<Named> {
    let mut scratch = engine.scratch();
    let mut all = Vec::new();
    for (name, value) in variables {
        let from: Arc<str> = Arc::from(origin(name));
        if says_secret(name) && !is_setting(value) {
            all.push((Arc::clone(&from), Secret::new(value)));
        }
        let text = [name.as_bytes(), b"=", value, b"\n"].concat();
        let begin = name.len() as u64 + 1;
        for found in engine.scan("", &text, &mut scratch) {
            let range = found.secret.start as usize..found.secret.end as usize;
            if found.kept() && found.secret.start >= begin && found.decoded.is_none() {
                all.push((Arc::clone(&from), Secret::new(&text[range])));
            }
        }
    }
    all
}

/// The secret ones among the variables of a `.env` file.
pub fn of_dotenv(engine: &Engine, file: &str, text: &[u8]) -> Vec<Named> {
    let variables = dotenv(text);
    let pairs = variables
        .iter()
        .map(|(name, value)| (&name[..], value.expose()));
    of_variables(engine, pairs, &|name| format!("{name} in {file}"))
}

/// Every line that is not blank, without the blanks around it.
pub fn of_list(origin: &str, text: &[u8]) -> Vec<Named> {
    let from: Arc<str> = Arc::from(origin);
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty())
        .map(|line| (Arc::clone(&from), Secret::new(line)))
        .collect()
}

fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if NEVER.contains(&&name[..]) {
        return false;
    }
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let last = words.last().copied().unwrap_or_default();
    let ends = |words: &[&str]| words.iter().any(|word| last.ends_with(word));
    SECRET.contains(&last)
        || !ABOUT.contains(&last)
            && (words.iter().any(|word| INSIDE.contains(word))
                || ends(&["password", "secret", "token", "apikey"]))
}

/// Whether a value only switches something, or says where something lies.
fn is_setting(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"true",
        b"false",
        b"enabled",
        b"disabled",
        b"required",
        b"optional",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
        || value.starts_with(b"/") && value[1..].contains(&b'/') && value.iter().all(in_paths)
}

/// Whether a byte stands in the usual paths. Random base64 that begins like one has capitals, too.
fn in_paths(byte: &u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/._-".contains(byte)
}

/// Names and values of a `.env` file: `NAME=value`, `export NAME='value'`, `NAME="two\nlines"`, comments.
fn dotenv(text: &[u8]) -> Vec<(String, Secret)> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line_end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest[..line_end].trim_ascii();
        let line = line
            .strip_prefix(b"export ")
            .unwrap_or(line)
            .trim_ascii_start();
        let next = &rest[(line_end + 1).min(rest.len())..];
        let sign = memchr::memchr(b'=', line).filter(|_| !line.starts_with(b"#"));
        let Some(sign) = sign else {
            rest = next;
            continue;
        };
        let name = String::from_utf8_lossy(line[..sign].trim_ascii()).into_owned();
        let value = line[sign + 1..].trim_ascii_start();
        let Some(quote @ (b'"' | b'\'' | b'`')) = value.first().copied() else {
            // A comment begins behind a blank.
            let comment = memchr::memmem::find(value, b" #").unwrap_or(value.len());
            all.push((name, Secret::new(value[..comment].trim_ascii_end())));
            rest = next;
            continue;
        };
        let from = memchr::memchr(quote, rest).map_or(rest.len(), |at| at + 1);
        let body = &rest[from..];
        let end = closing(body, quote).unwrap_or(line_end.saturating_sub(from));
        all.push((name.clone(), Secret::new(&body[..end])));
        if quote == b'"' && body[..end].contains(&b'\\') {
            all.push((name, Secret::new(&unescaped(&body[..end]))));
        }
        let behind = &body[end..];
        let line_end = memchr::memchr(b'\n', behind).map_or(behind.len(), |at| at + 1);
        rest = &behind[line_end..];
    }
    all
}

fn closing(body: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < body.len() {
        match body[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b't') => out.push(b'\t'),
                Some(&other) => out.push(other),
                None => out.push(b'\\'),
            },
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_of_secrets() {
        for name in [
            "PASSWORD",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "API_TOKEN",
            "STRIPE_SECRET_KEY",
            "npm_config__auth",
            "GITHUB_PAT",
            "SECRET_KEY_BASE",
            "SENTRY_DSN",
            "TOKEN_OF_MINE",
        ] {
            assert!(says_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "PATH",
            "HOME",
            "SSH_AUTH_SOCK",
            "TOKEN_FILE",
            "PASSWORD_FILE",
            "MAX_TOKEN_LENGTH",
            "SECRET_NAME",
            "MONKEY",
            "KEYBOARD",
            "TOKEN_URL",
            "",
        ] {
            assert!(!says_secret(name), "{name}");
        }
    }

    #[test]
    fn knows_settings() {
        for (value, want) in [
            ("true", true),
            ("REQUIRED", true),
            ("/run/secrets/db_password", true),
            ("/wJalrXUtnF/K7MDENG", false),
            ("/short", false),
            ("hunter2", false),
        ] {
            assert_eq!(is_setting(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn reads_dotenv_files() {
        let text = "# a comment\nA=one # two\nexport B='it is # three'\nC=\"x\\ny\"\n\nD = `e`\nF=\"first\nsecond\" # z\n\
                    G=\nnonsense\nH='open\nI=last";
        let got: Vec<(String, String)> = dotenv(text.as_bytes())
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(value.expose()).into_owned()))
            .collect();
        let want = [
            ("A", "one"),
            ("B", "it is # three"),
            ("C", "x\\ny"),
            ("C", "x\ny"),
            ("D", "e"),
            ("F", "first\nsecond"),
            ("G", ""),
            ("H", "open"),
            ("I", "last"),
        ];
        let want = want.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(got, want);
    }
}
