//! Comments on the line itself: our own marker and those of the scanners that people come from.
//!
//! `keysieve:allow` accepts what stands on its line, `keysieve:allow-next-line` what stands on the next one. Rule ids
//! may follow, separated by commas, each with a trailing `*` where it is only a beginning; then only those rules are
//! accepted. A reason follows after `--` or in parentheses: a word that directly follows the marker is always read as
//! a rule id, so that a slip of the pen accepts too little and never too much.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

use super::Sighting;

struct Marker {
    /// What stands before the colon.
    tool: &'static str,
    /// What stands after it; of two that begin alike the longer one comes first.
    verb: &'static str,
    next_line: bool,
    /// Whether rule ids may follow.
    rules: bool,
    /// As reports name it.
    name: &'static str,
}

const fn marker(tool: &'static str, verb: &'static str, name: &'static str) -> Marker {
    Marker {
        tool,
        verb,
        next_line: false,
        rules: false,
        name,
    }
}

const MARKERS: [Marker; 4] = [
    Marker {
        next_line: true,
        rules: true,
        ..marker("keysieve", "allow-next-line", "keysieve:allow-next-line")
    },
    Marker {
        rules: true,
        ..marker("keysieve", "allow", "keysieve:allow")
    },
    marker("gitleaks", "allow", "gitleaks:allow"),
    marker("trufflehog", "ignore", "trufflehog:ignore"),
];

const PRAGMA: Marker = marker("pragma", "", "pragma: allowlist secret");
const PRAGMA_NEXT: Marker = Marker {
    next_line: true,
    ..marker("pragma", "", "pragma: allowlist nextline secret")
};

/// A marker where it stands on a line.
struct Mark {
    marker: &'static Marker,
    span: Range<usize>,
}

/// The marker that accepts `sighting`, as reports name it.
pub(super) fn find(sighting: &Sighting<'_>) -> Option<&'static str> {
    let on = |line, next_line| {
        marks(line).find(|mark| {
            mark.marker.next_line == next_line
                && (!mark.marker.rules || names(&line[mark.span.end..], sighting.rule))
                && !belongs_to(sighting.secret, line, &mark.span, next_line)
        })
    };
    on(sighting.line, false)
        .or_else(|| on(sighting.previous_line, true))
        .map(|mark| mark.marker.name)
}

/// Every marker has a colon, so one pass over the line finds them all.
fn marks(line: &[u8]) -> impl Iterator<Item = Mark> {
    memchr_iter(b':', line).filter_map(|colon| mark_at(line, colon))
}

fn mark_at(line: &[u8], colon: usize) -> Option<Mark> {
    let (before, after) = (&line[..colon], &line[colon + 1..]);
    let plain = || {
        let marker = MARKERS.iter().find(|marker| {
            before.ends_with(marker.tool.as_bytes()) && after.starts_with(marker.verb.as_bytes())
        })?;
        Some((marker, marker.verb.len()))
    };
    let (marker, len) = plain().or_else(|| pragma(before, after))?;
    let span = colon - marker.tool.len()..colon + 1 + len;
    let whole = !line[..span.start].last().is_some_and(is_word) && ends_word(&line[span.end..]);
    whole.then_some(Mark { marker, span })
}

/// `pragma: allowlist secret` in any case, with hyphens for blanks where detect-secrets takes them.
fn pragma(before: &[u8], after: &[u8]) -> Option<(&'static Marker, usize)> {
    let tool = before.len().checked_sub(PRAGMA.tool.len())?;
    if !before[tool..].eq_ignore_ascii_case(PRAGMA.tool.as_bytes()) {
        return None;
    }
    let rest = after.trim_ascii_start();
    let rest = strip_word(rest, b"allowlist")?;
    let (marker, rest) = match strip_word(rest, b"nextline") {
        Some(rest) => (&PRAGMA_NEXT, rest),
        None => (&PRAGMA, rest),
    };
    const SECRET: &[u8] = b"secret";
    let end = rest.get(..SECRET.len())?;
    let len = after.len() - rest.len() + SECRET.len();
    end.eq_ignore_ascii_case(SECRET).then_some((marker, len))
}

/// What follows `word` and one blank or hyphen.
fn strip_word<'t>(text: &'t [u8], word: &[u8]) -> Option<&'t [u8]> {
    let (head, rest) = text.split_at_checked(word.len())?;
    let rest = rest.strip_prefix(b" ").or(rest.strip_prefix(b"-"))?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Whether a word that stands before `rest` ends there; `allow-all` is another word than `allow`, `allow-->` is not.
fn ends_word(rest: &[u8]) -> bool {
    match rest {
        [b'-', next, ..] => !is_word(next),
        [next, ..] => !is_word(next),
        [] => true,
    }
}

/// Whether the rule ids that follow a marker, if there are any, name `rule`.
fn names(rest: &[u8], rule: &str) -> bool {
    let mut rest = trim_blanks(rest);
    if !rest.first().is_some_and(is_word) {
        return true;
    }
    loop {
        let fits = |b: &u8| is_word(b) || matches!(b, b'-' | b'*');
        let end = rest.iter().position(|b| !fits(b)).unwrap_or(rest.len());
        let (item, tail) = rest.split_at(end);
        if item_names(item, tail, rule) {
            return true;
        }
        let Some(tail) = trim_blanks(tail).strip_prefix(b",") else {
            return false;
        };
        rest = trim_blanks(tail);
    }
}

/// Whether one item names `rule`, without what belongs to the end of a comment around it (`*/`, `-->`).
fn item_names(item: &[u8], tail: &[u8], rule: &str) -> bool {
    let item = match tail.first() {
        Some(b'/') => item.strip_suffix(b"*").unwrap_or(item),
        _ => item,
    };
    let item = trim_hyphens(item);
    match item.strip_suffix(b"*") {
        Some(head) => !head.is_empty() && rule.as_bytes().starts_with(head),
        None => rule.as_bytes() == item,
    }
}

fn trim_hyphens(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| b != b'-').map_or(0, |i| i + 1);
    &text[..end]
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    &text[text.iter().position(|b| !blank(b)).unwrap_or(text.len())..]
}

/// Whether a marker is a part of the secret rather than a comment about it: a secret must not accept itself.
///
/// The secret need not stand on the line as it is (it may be decoded from it), so its own bytes are looked through
/// too. Of a secret of several lines only the first stands on the line.
fn belongs_to(secret: &[u8], line: &[u8], mark: &Range<usize>, other_line: bool) -> bool {
    if memmem::find(secret, &line[mark.clone()]).is_some() {
        return true;
    }
    let end = memchr::memchr2(b'\n', b'\r', secret).unwrap_or(secret.len());
    let needle = &secret[..end];
    if needle.is_empty() {
        return false;
    }
    let from = mark.start.saturating_sub(needle.len() - 1);
    let to = line.len().min(mark.end + needle.len() - 1);
    let mut at = from;
    let mut within = false;
    while let Some(found) = memmem::find(&line[at..to], needle) {
        let start = at + found;
        within = start >= mark.start && start + needle.len() <= mark.end;
        if !within {
            return true;
        }
        at = start + 1;
    }
    // A short secret (`allow`) may be a part of a marker by chance; it is that part only where it is nowhere else.
    let elsewhere = |part: &[u8]| memmem::find(part, needle).is_some();
    within && !other_line && !elsewhere(&line[..mark.start]) && !elsewhere(&line[mark.end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Fingerprint;

    fn found(line: &[u8], previous_line: &[u8], secret: &[u8]) -> Option<&'static str> {
        find(&Sighting {
            rule: "github-pat",
            path: "a.txt",
            secret,
            line,
            previous_line,
            fingerprint: Fingerprint(0),
        })
    }

    const OURS: Option<&str> = Some("keysieve:allow");
    const NEXT: Option<&str> = Some("keysieve:allow-next-line");
    const SECRETS: Option<&str> = Some("pragma: allowlist secret");
    const SECRETS_NEXT: Option<&str> = Some("pragma: allowlist nextline secret");

    #[test]
    fn markers_on_the_line() {
        let cases = [
            ("k = S", None),
            ("k = S # keysieve:allow", OURS),
            ("k = S //keysieve:allow", OURS),
            ("k = S # keysieve:allow: fake", OURS),
            ("k = S # keysieve:allow -- a test value", OURS),
            ("k = S # keysieve:allow (a test value)", OURS),
            ("k = S /* keysieve:allow */", OURS),
            ("k = S <!--keysieve:allow-->", OURS),
            ("k = S # Keysieve:Allow", None),
            ("k = S # keysieve:allowed", None),
            ("k = S # keysieve:allow_all", None),
            ("k = S # keysieve:allow-all", None),
            ("k = S # mykeysieve:allow", None),
            ("k = S # keysieve: allow", None),
            ("k = S # keysieve:allow-next-line", None),
            ("a: b: k: S # x: keysieve:allow", OURS),
            ("k = S # gitleaks:allow", Some("gitleaks:allow")),
            ("k = S # gitleaks:allow for tests", Some("gitleaks:allow")),
            ("k = S # trufflehog:ignore", Some("trufflehog:ignore")),
            ("k = S # trufflehog:allow", None),
            ("k = S # pragma: allowlist secret", SECRETS),
            ("k = S # PRAGMA: Allowlist Secret", SECRETS),
            ("k = S # pragma:allowlist-secret", SECRETS),
            ("k = S # pragma: allowlist secrets", None),
            ("k = S # pragma: allowlist", None),
            ("k = S # pragma: allowlist nextline secret", None),
            ("pragma: allowlist secret", SECRETS),
            (":", None),
            ("", None),
        ];
        for (line, want) in cases {
            assert_eq!(found(line.as_bytes(), b"", b"S3cr3t"), want, "{line}");
        }
    }

    #[test]
    fn markers_on_the_line_before() {
        let cases = [
            ("# keysieve:allow-next-line", NEXT),
            ("# keysieve:allow-next-line github-*", NEXT),
            ("# keysieve:allow-next-line gitlab-*", None),
            ("# keysieve:allow-next-line-please", None),
            ("# keysieve:allow", None),
            ("# gitleaks:allow", None),
            ("# pragma: allowlist nextline secret", SECRETS_NEXT),
            ("# pragma: allowlist-nextline-secret", SECRETS_NEXT),
            ("# pragma: allowlist secret", None),
        ];
        for (line, want) in cases {
            assert_eq!(
                found(b"k = S3cr3t", line.as_bytes(), b"S3cr3t"),
                want,
                "{line}"
            );
        }
    }

    #[test]
    fn rule_ids_narrow_a_marker() {
        let cases = [
            ("github-pat", true),
            ("github-*", true),
            ("gitlab-pat, github-pat", true),
            ("gitlab-pat ,github-pat", true),
            ("gitlab-pat,github-*", true),
            ("github-pat */", true),
            ("github-pat*/", true),
            ("github-pat-->", true),
            ("github-pat because it is revoked", true),
            ("gitlab-pat", false),
            ("github", false),
            ("gitlab-pat github-pat", false),
            ("gitlab-pat,", false),
            ("this is a test value", false),
            ("Test value", false),
        ];
        for (rules, want) in cases {
            let line = format!("k = S3cr3t # keysieve:allow {rules}");
            assert_eq!(
                found(line.as_bytes(), b"", b"S3cr3t").is_some(),
                want,
                "{rules}"
            );
        }
    }

    #[test]
    fn several_markers_are_each_looked_at() {
        let line = b"k = S3cr3t # keysieve:allow gitlab-pat gitleaks:allow";
        assert_eq!(found(line, b"", b"S3cr3t"), Some("gitleaks:allow"));
    }

    #[test]
    fn a_part_of_the_secret_is_no_marker() {
        let cases: [(&str, &str, Option<&str>); 9] = [
            ("k = x!keysieve:allow!y", "x!keysieve:allow!y", None),
            ("k = keysieve:allow", "keysieve:allow", None),
            // Cut by the rule's alphabet in the middle of what looks like a marker.
            ("k = hunter2#keysieve:allow", "hunter2#keysieve", None),
            ("https://gitleaks:allow!77@host", "allow!77", None),
            // Decoded from the line.
            ("k = x%20keysieve:allow", "x keysieve:allow", None),
            // The first line of a key of several lines.
            ("-----X keysieve:allow", "-----X keysieve:allow\nabc", None),
            ("-----X----- # keysieve:allow", "-----X-----\nabc", OURS),
            // A part of the marker by chance, and a part of the marker alone.
            ("k = allow # keysieve:allow", "allow", OURS),
            ("https://keysieve:allow@host", "allow", None),
        ];
        for (line, secret, want) in cases {
            assert_eq!(
                found(line.as_bytes(), b"", secret.as_bytes()),
                want,
                "{line}"
            );
        }
        let secret = b"x!keysieve:allow-next-line!";
        let line = b"k = x!keysieve:allow-next-line!";
        assert_eq!(found(line, line, secret), None, "the same secret twice");
    }

    fn any_marker() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "keysieve:allow",
            "keysieve:allow-next-line",
            "gitleaks:allow",
            "trufflehog:ignore",
            "pragma: allowlist secret",
            "Pragma: Allowlist nextline Secret",
        ])
    }

    proptest! {
        #[test]
        fn a_secret_never_accepts_itself(
            marker in any_marker(),
            (head, tail, before, after) in ("[!-~]{0,9}", "[!-~]{0,9}", "[a-z =\"]{0,9}", "[ \"#]{0,9}"),
            repeats in 1_usize..4,
        ) {
            let secret = format!("{head} {marker} {tail}");
            let line = format!("{before}{}{after}", secret.repeat(repeats));
            prop_assert_eq!(found(line.as_bytes(), line.as_bytes(), secret.as_bytes()), None);
        }

        #[test]
        fn any_line_is_read_without_a_panic(line in any::<Vec<u8>>(), secret in any::<Vec<u8>>(), marker in any_marker()) {
            let marked = [&line[..], b" ", marker.as_bytes()].concat();
            found(&marked, &marked, &secret);
            found(&line, &[], &secret);
        }

        #[test]
        fn a_comment_after_the_secret_counts(secret in "[A-Za-z0-9]{8,40}") {
            let line = format!("key = \"{secret}\"  # keysieve:allow");
            prop_assert_eq!(found(line.as_bytes(), b"", secret.as_bytes()), OURS);
        }
    }
}
