//! Rules of kind `file`: small files known by their names, read as a whole.

use std::ops::Range;

use super::Engine;
use super::candidate::Candidate;
use super::check::{self, Case, Verdict};
use crate::rule::{Matcher, Parser};

/// Files larger than this are not of the kind, whatever their name.
const LARGEST: usize = 256 * 1024;

/// Candidates of the rules that know a file by `name`.
pub fn candidates(engine: &Engine, name: &str, bytes: &[u8]) -> Vec<Candidate> {
    if name.is_empty() || bytes.len() > LARGEST {
        return Vec::new();
    }
    let mut all = Vec::new();
    for &index in &engine.file_rules {
        let rule = &engine.rules().rules()[index as usize];
        let Matcher::File(file) = &rule.matcher else {
            continue;
        };
        if !file.files.iter().any(|known| known == name) {
            continue;
        }
        for secret in secrets(file.parser, bytes) {
            let case = Case {
                hay: bytes,
                span: secret.clone(),
                secret: secret.clone(),
                assigned: None,
            };
            let verdict: Verdict = check::judge(rule, &case);
            let secret = secret.start as u64..secret.end as u64;
            all.push(Candidate {
                rule: index,
                hit: secret.start,
                span: secret.clone(),
                secret,
                verdict,
                decoded: None,
                coded: None,
                open: false,
            });
        }
    }
    all
}

fn secrets(parser: Parser, bytes: &[u8]) -> Vec<Range<usize>> {
    match parser {
        Parser::Pgpass => lines(bytes)
            .filter_map(|line| field(bytes, line, b':', 4))
            .collect(),
        Parser::Htpasswd => lines(bytes)
            .filter_map(|line| field(bytes, line, b':', 1))
            .collect(),
        Parser::Shadow => lines(bytes)
            .filter_map(|line| field(bytes, line, b':', 1))
            .filter(|r| bytes[r.start] == b'$' && r.len() > 12)
            .collect(),
        Parser::Netrc => netrc(bytes),
        Parser::DockerConfig => docker(bytes),
        Parser::MasterKey => master_key(bytes),
    }
}

/// The lines that are neither empty nor comments, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    bytes
        .split_inclusive(|&b| b == b'\n')
        .filter_map(move |line| {
            let from = start;
            start += line.len();
            let text = line.trim_ascii_end();
            (!text.is_empty() && text[0] != b'#').then(|| from..from + text.len())
        })
}

/// The field of a number, from 0, in a line of fields; a backslash keeps a separator from being one.
fn field(bytes: &[u8], line: Range<usize>, separator: u8, number: usize) -> Option<Range<usize>> {
    let (mut start, mut index, mut escaped) = (line.start, 0, false);
    for at in line.clone() {
        if bytes[at] == separator && !escaped {
            if index == number {
                return (start < at).then_some(start..at);
            }
            index += 1;
            start = at + 1;
        }
        escaped = bytes[at] == b'\\' && !escaped;
    }
    (index == number && start < line.end).then_some(start..line.end)
}

/// The word behind each `password`.
fn netrc(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut after_password = false;
    let mut start = 0;
    for word in bytes.split_inclusive(|b| b.is_ascii_whitespace()) {
        let text = word.trim_ascii();
        if !text.is_empty() {
            if after_password {
                found.push(start..start + text.len());
            }
            after_password = text == b"password";
        }
        start += word.len();
    }
    found
}

/// The value of each `"auth"` and `"identitytoken"`.
fn docker(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for key in [&b"\"auth\""[..], b"\"identitytoken\""] {
        for at in memchr::memmem::find_iter(bytes, key) {
            let rest = &bytes[at + key.len()..];
            let skip = rest
                .iter()
                .take_while(|b| b.is_ascii_whitespace() || **b == b':')
                .count();
            let Some(body) = rest.get(skip + 1..).filter(|_| rest[skip] == b'"') else {
                continue;
            };
            let Some(length) = body.iter().position(|&b| b == b'"').filter(|&l| l > 0) else {
                continue;
            };
            let start = at + key.len() + skip + 1;
            found.push(start..start + length);
        }
    }
    found
}

fn master_key(bytes: &[u8]) -> Vec<Range<usize>> {
    let key = bytes.trim_ascii();
    let fits = key.len() == 32 && key.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let start = bytes.len() - bytes.trim_ascii_start().len();
    if fits {
        std::iter::once(start..start + 32).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_known_files() {
        let cases: [(Parser, &str, &[&str]); 7] = [
            (
                Parser::Pgpass,
                "# c\nhost:5432:db:me:s3cr3t\n*:*:*:you:a\\:b\n",
                &["s3cr3t", "a\\:b"],
            ),
            (
                Parser::Netrc,
                "machine h login me password s3cr3t\nmachine i\n  password x y",
                &["s3cr3t", "x"],
            ),
            (
                Parser::Htpasswd,
                "me:$apr1$abc\n\nyou:{SHA}xyz",
                &["$apr1$abc", "{SHA}xyz"],
            ),
            (
                Parser::Shadow,
                "root:!:1::\nme:$6$saltsalt$abcdefgh:1:0\n",
                &["$6$saltsalt$abcdefgh"],
            ),
            (
                Parser::DockerConfig,
                r#"{"auths":{"h":{"auth": "bWU6cHc="}}}"#,
                &["bWU6cHc="],
            ),
            (
                Parser::MasterKey,
                "0123456789abcdef0123456789abcdef\n",
                &["0123456789abcdef0123456789abcdef"],
            ),
            (Parser::MasterKey, "0123456789abcdef\n", &[]),
        ];
        for (parser, text, want) in cases {
            let got: Vec<&str> = secrets(parser, text.as_bytes())
                .into_iter()
                .map(|r| &text[r])
                .collect();
            assert_eq!(got, want, "{text}");
        }
    }
}
