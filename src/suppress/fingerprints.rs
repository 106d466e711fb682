//! The fingerprints in an ignore file.
//!
//! `.keysieveignore` holds patterns of paths, which the walker reads, and fingerprints, which are read here: a line
//! whose first word is 32 lower-case hexadecimal digits. What follows the word is a comment.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Uses;
use crate::model::{Acceptance, Fingerprint, SourceError, UnusedSuppression};

/// From so many hexadecimal digits on a word is meant as a fingerprint and not as a path: a fingerprint that was cut,
/// or copied from another tool, must not silently become a pattern that matches nothing.
const MEANT: usize = 20;

/// The fingerprints of one file.
#[derive(Debug)]
pub struct FingerprintFile {
    name: String,
    entries: BTreeMap<Fingerprint, Entry>,
    pub(super) repository: bool,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    uses: Uses,
}

impl FingerprintFile {
    /// Reads the file called `name`. `repository` says whether a scanned repository brings it along.
    ///
    /// # Errors
    /// Every line that looks like a fingerprint and is none.
    pub fn parse(name: &str, text: &str, repository: bool) -> Result<Self, Vec<SourceError>> {
        let mut entries = BTreeMap::new();
        let mut errors = Vec::new();
        for (number, span) in words(text) {
            let word = &text[span.clone()];
            if let Some(fingerprint) = Fingerprint::parse(word) {
                let uses = Uses::default();
                let entry = Entry { line: number, uses };
                entries.entry(fingerprint).or_insert(entry);
            } else if word.len() >= MEANT && word.bytes().all(|b| b.is_ascii_hexdigit()) {
                errors.push(SourceError::at(name, text, span.clone(), malformed(word)));
            }
        }
        match errors.is_empty() {
            true => Ok(FingerprintFile {
                name: name.to_owned(),
                entries,
                repository,
            }),
            false => Err(errors),
        }
    }

    /// Why the credential is accepted, if it is; counts the use.
    pub(super) fn accept(&self, fingerprint: Fingerprint) -> Option<Acceptance> {
        let entry = self.entries.get(&fingerprint)?;
        entry.uses.mark();
        Some(Acceptance::Fingerprint(format!(
            "{}:{}",
            self.name, entry.line
        )))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How often each entry was used.
    pub(super) fn uses(&self) -> impl Iterator<Item = u64> {
        self.entries.values().map(|entry| entry.uses.count())
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = UnusedSuppression> {
        let unused = self.entries.iter().filter(|(_, e)| e.uses.count() == 0);
        unused.map(|(fingerprint, entry)| UnusedSuppression {
            place: format!("{}:{}", self.name, entry.line),
            entry: fingerprint.to_string(),
        })
    }
}

/// Each line's number and first word.
fn words(text: &str) -> impl Iterator<Item = (usize, Range<usize>)> {
    let mut at = 0;
    text.split('\n').enumerate().map(move |(i, line)| {
        let start = at + line.len() - line.trim_start().len();
        at += line.len() + 1;
        let line = line.trim_start();
        let end = line.find(|c: char| c.is_whitespace() || c == '#');
        (i + 1, start..start + end.unwrap_or(line.len()))
    })
}

fn malformed(word: &str) -> String {
    let found = match word.len() {
        32 => "upper-case hexadecimal digits".to_owned(),
        len => format!("{len} hexadecimal digits"),
    };
    format!(
        "{found}; expected a fingerprint of 32 lower-case ones, or `/{word}` where a path is meant"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn reads_fingerprints_among_paths() {
        let text = format!(
            "# comment {PRINT}\n\nvendor/**\r\n{PRINT}\r\n  {}  # why\n{}#why\n*.lock\n{PRINT}\ndeadbeef",
            PRINT.replace('0', "1"),
            PRINT.replace('0', "2"),
        );
        let file = FingerprintFile::parse(".keysieveignore", &text, true).expect("it is fine");
        let places: Vec<String> = file.unused().map(|u| u.place).collect();
        assert_eq!(
            places,
            [
                ".keysieveignore:4",
                ".keysieveignore:5",
                ".keysieveignore:6"
            ]
        );
        let print = Fingerprint::parse(PRINT).expect("because it is one");
        assert_eq!(
            file.accept(print),
            Some(Acceptance::Fingerprint(".keysieveignore:4".into()))
        );
        assert_eq!(file.accept(Fingerprint(1)), None);
        assert_eq!(file.unused().count(), 2);
    }

    #[test]
    fn near_misses_are_errors_that_name_the_line() {
        let cases = [
            (PRINT[1..].to_owned(), Some("31 hexadecimal digits")),
            (format!("{PRINT}0"), Some("33 hexadecimal digits")),
            (PRINT.to_uppercase(), Some("upper-case hexadecimal digits")),
            ("a".repeat(20), Some("20 hexadecimal digits")),
            ("a".repeat(40), Some("or `/aaaa")),
            ("a".repeat(19), None),
            (format!("/{}", "a".repeat(40)), None),
            (format!("{}.txt", "a".repeat(40)), None),
            (format!("# {}", "a".repeat(40)), None),
        ];
        for (line, want) in cases {
            let text = format!("*.lock\n  {line} # why\n");
            match (FingerprintFile::parse("f", &text, true), want) {
                (Ok(_), None) => {}
                (Err(errors), Some(want)) => {
                    assert_eq!(errors.len(), 1);
                    assert_eq!((errors[0].line, errors[0].column), (2, 3), "{line}");
                    assert!(errors[0].message.contains(want), "{}", errors[0]);
                }
                (found, want) => panic!("{line}: {found:?}, wanted {want:?}"),
            }
        }
    }
}
