//! How things are put for people, whatever the format: harmless, in words, wrapped.

use std::borrow::Cow;
use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::model::{Location, Secret, SkipKind};

/// `text` with everything that a terminal acts on, or that reorders what a person sees, written as an escape: names
/// come from scanned trees. What is left is also legal in XML 1.0.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match acts(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal acts on `c`, or hides or reorders text because of it.
pub fn acts(c: char) -> bool {
    // Marks, overrides and isolates of the bidirectional algorithm, line separators and non-characters.
    let unseen = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}');
    unseen || c.is_control()
}

/// `path:line:column`, harmless, with the encoding and the commit where there is one.
pub struct Place<'l>(pub &'l Location);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location {
            origin,
            start,
            encoding,
            ..
        } = self.0;
        let path = harmless(origin.as_str());
        write!(f, "{path}:{}:{}", start.line, start.column)?;
        if let Some(encoding) = encoding {
            write!(f, " (in {})", encoding.name())?;
        }
        match origin.git() {
            // A commit's own text names it already.
            Some(place) if place.is_file => match &place.commit {
                Some(commit) => write!(f, " in {commit}"),
                None if place.staged => Ok(()),
                None => f.write_str(" in no commit"),
            },
            _ => Ok(()),
        }
    }
}

/// A secret itself, on one line and unambiguous; only for output that the user asked for.
pub fn exposed(secret: &Secret) -> String {
    match std::str::from_utf8(secret.expose()) {
        Ok(text) => harmless(text).into_owned(),
        Err(_) => secret.expose().escape_ascii().to_string(),
    }
}

/// Breaks `text` between words so that no line is wider than `width` columns, save where one word is.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 file`, `11,010 files`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// Digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number of bytes in decimal units, three digits of it.
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut n = bytes as f64 / 1e3;
    let mut unit = 0;
    // What would be printed as 1000 belongs to the next unit.
    while n >= 999.5 && unit + 1 < units.len() {
        n /= 1e3;
        unit += 1;
    }
    let decimals = match n {
        n if n < 9.995 => 2,
        n if n < 99.95 => 1,
        _ => 0,
    };
    format!("{n:.decimals$} {}", units[unit])
}

/// What a kind of skip means.
pub fn meaning(kind: SkipKind) -> &'static str {
    match kind {
        SkipKind::Unreadable => "could not be opened or read",
        SkipKind::Vanished => "listed, but gone when it was to be opened",
        SkipKind::Changed => "it shrank while it was read; what was read has been scanned",
        SkipKind::Panicked => "scanning it failed: a defect of keysieve",
        SkipKind::TooManyFindings => "more findings than the limit; the rest are not listed",
        SkipKind::Shallow => "a shallow clone: older commits are not here",
        SkipKind::PartialClone => "a partial clone: objects are not here",
        SkipKind::MissingObject => "an object that others refer to is not here",
        SkipKind::CorruptObject => "an object that cannot be read, or is not what its id says",
        SkipKind::UnreadablePack => "a pack or object folder that cannot be read",
        SkipKind::UnknownRevision => "a revision that does not exist",
        SkipKind::ForeignOwner => "a repository that belongs to another user",
        SkipKind::LfsPointer => "a pointer to a file that Git LFS keeps elsewhere",
        SkipKind::Unborn => "a branch without a commit yet",
        SkipKind::Excluded => "excluded by --exclude, the configuration or .keysieveignore",
        SkipKind::TooLarge => "larger than the size limit",
        SkipKind::NotRegular => "a FIFO, socket or device, which is never opened",
        SkipKind::Symlink => "a symbolic link, which is not followed",
    }
}

/// What to do about a kind that leaves a run incomplete; nothing where policy excluded the input.
pub fn advice(kind: SkipKind) -> Option<&'static str> {
    match kind {
        SkipKind::Unreadable => Some("check its permissions"),
        SkipKind::Vanished | SkipKind::Changed => Some("scan again when nothing writes there"),
        SkipKind::Panicked => Some("please report it with the file's kind and size"),
        SkipKind::TooManyFindings => Some("deal with those listed and scan again"),
        SkipKind::Shallow => Some(
            "fetch the rest with `git fetch --unshallow` (in GitHub Actions: `fetch-depth: 0`)",
        ),
        SkipKind::PartialClone => {
            Some("fetch the rest with `git fetch --refetch --no-filter`, or clone without --filter")
        }
        SkipKind::MissingObject => Some("look with `git fsck`, and fetch or clone again"),
        SkipKind::CorruptObject | SkipKind::UnreadablePack => {
            Some("look with `git fsck --full`, and clone again")
        }
        SkipKind::UnknownRevision => Some("check its spelling, or fetch it first"),
        SkipKind::ForeignOwner => {
            Some("trust it with `git config --global --add safe.directory DIR`")
        }
        SkipKind::Excluded
        | SkipKind::TooLarge
        | SkipKind::NotRegular
        | SkipKind::Symlink
        | SkipKind::LfsPointer
        | SkipKind::Unborn => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_names_harmless() {
        let cases = [
            ("src/größe/名.rs", "src/größe/名.rs"),
            ("a\nb\t\x1b[31m\u{9b}", "a\\nb\\t\\u{1b}[31m\\u{9b}"),
            ("x\u{202e}gpj.exe", "x\\u{202e}gpj.exe"),
            ("a\u{2028}b\u{ffff}", "a\\u{2028}b\\u{ffff}"),
        ];
        for (name, want) in cases {
            assert_eq!(harmless(name), want);
        }
    }

    #[test]
    fn wraps_between_words() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("one two", &["one two"]),
            ("one two  three\nfour", &["one two", "three four"]),
            (
                "a https://example.com/long b",
                &["a", "https://example.com/long", "b"],
            ),
            // Two columns a character.
            ("日本語 日本語", &["日本語", "日本語"]),
        ];
        for (text, want) in cases {
            assert_eq!(wrap(text, 10), want, "{text}");
        }
    }

    #[test]
    fn puts_numbers_into_words() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (9_995, "10.0 kB"),
            (96_300_000, "96.3 MB"),
            (999_600, "1.00 MB"),
            (2_000_000_000, "2.00 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, want) in cases {
            assert_eq!(size(bytes), want, "{bytes}");
        }
        assert_eq!(grouped(11_010), "11,010");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "file", "files"), "1 file");
    }

    #[test]
    fn advises_exactly_where_the_run_is_incomplete() {
        for kind in SkipKind::ALL {
            assert_eq!(advice(kind).is_none(), kind.is_policy(), "{kind:?}");
        }
    }
}
