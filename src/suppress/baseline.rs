//! The baseline: the credentials that were there when a repository began to be scanned.
//!
//! ```text
//! # Credentials that keysieve accepts. ...
//! keysieve-baseline 1
//! salt 3b0c...
//! 0123456789abcdef0123456789abcdef github-pat
//! ```
//! An entry is a keyed hash of rule and secret, so it survives moved lines, renamed files and rewritten history, and
//! another secret on the same line is another entry. The key is the file's own salt: equal secrets of two
//! repositories have nothing in common, and nothing can be looked up in a table made beforehand. (A guess at a weak
//! password can still be tried by whoever has the file; nothing that finds it again could prevent that.)
//!
//! There are no positions and no times in it, and lines are sorted, so that two branches rarely touch the same ones.
//! Where they do, the lines of both sides together are the right answer (`merge=union` in `.gitattributes`), in any
//! order and more than once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fmt::Write as _;
use std::ops::Range;

use super::Uses;
use crate::model::{Fingerprint, Salt, SourceError, UnusedSuppression};

const VERSION: &str = "keysieve-baseline 1";
/// The length of a repository's salt.
pub const SALT_BYTES: usize = 32;
const COMMENT: &str = "\
# Credentials that keysieve accepts, each as a keyed hash, with the rule that found it.
# In a merge keep the lines of both sides: `merge=union` in .gitattributes does so.
";

/// The accepted credentials of a repository.
#[derive(Debug)]
pub struct Baseline {
    name: String,
    salt: Salt,
    entries: BTreeMap<Fingerprint, Entry>,
}

#[derive(Debug)]
struct Entry {
    rule: String,
    line: usize,
    uses: Uses,
}

/// What an update did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// Entries that are new.
    pub added: usize,
    /// Entries that are still found.
    pub kept: usize,
    /// Entries that are gone.
    pub removed: usize,
}

impl Baseline {
    /// An empty one. The salt comes from [`super::load::new_salt`].
    pub fn new(salt: [u8; SALT_BYTES]) -> Self {
        Baseline {
            name: "the baseline".to_owned(),
            salt: Salt(salt.to_vec()),
            entries: BTreeMap::new(),
        }
    }

    /// Reads the file called `name`.
    ///
    /// # Errors
    /// Every line that has no place in a baseline.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<SourceError>> {
        let mut reader = Reader {
            name,
            text,
            version: false,
            salt: None,
            entries: BTreeMap::new(),
            errors: Vec::new(),
        };
        reader.read();
        match reader.salt {
            Some(salt) if reader.errors.is_empty() => Ok(Baseline {
                name: name.to_owned(),
                salt,
                entries: reader.entries,
            }),
            _ => Err(reader.errors),
        }
    }

    /// The key under which its entries are hashed.
    pub fn salt(&self) -> &Salt {
        &self.salt
    }

    /// How many credentials it accepts.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it accepts nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it accepts what `rule` found; counts the use.
    pub fn accepts(&self, rule: &str, secret: &[u8]) -> bool {
        let fingerprint = Fingerprint::new(&self.salt, rule, secret);
        let entry = self.entries.get(&fingerprint);
        entry.inspect(|entry| entry.uses.mark()).is_some()
    }

    /// Makes it accept exactly `findings`, each a rule and a secret; the salt stays.
    pub fn update<'a>(
        &mut self,
        findings: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Change {
        let mut change = Change::default();
        let mut old = std::mem::take(&mut self.entries);
        for (rule, secret) in findings {
            let fingerprint = Fingerprint::new(&self.salt, rule, secret);
            let Slot::Vacant(slot) = self.entries.entry(fingerprint) else {
                continue;
            };
            match old.remove(&fingerprint).is_some() {
                true => change.kept += 1,
                false => change.added += 1,
            }
            slot.insert(Entry {
                rule: rule.to_owned(),
                line: 0,
                uses: Uses::default(),
            });
        }
        change.removed = old.len();
        change
    }

    /// The file's text: the same findings give the same bytes.
    pub fn render(&self) -> String {
        let mut text = format!("{COMMENT}{VERSION}\nsalt ");
        let hex = |text: &mut String, byte: &u8| {
            let _ = write!(text, "{byte:02x}");
        };
        self.salt.0.iter().for_each(|byte| hex(&mut text, byte));
        text.push('\n');
        for (fingerprint, entry) in &self.entries {
            let _ = writeln!(text, "{fingerprint} {}", entry.rule);
        }
        text
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = UnusedSuppression> {
        let unused = self.entries.iter().filter(|(_, e)| e.uses.count() == 0);
        unused.map(|(fingerprint, entry)| UnusedSuppression {
            place: format!("{}:{}", self.name, entry.line),
            entry: format!("{fingerprint} {}", entry.rule),
        })
    }
}

struct Reader<'t> {
    name: &'t str,
    text: &'t str,
    version: bool,
    salt: Option<Salt>,
    entries: BTreeMap<Fingerprint, Entry>,
    errors: Vec<SourceError>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        for (i, line) in self.text.split('\n').enumerate() {
            let span = at..at + line.trim_end().len();
            at += line.len() + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(message) = self.line(i + 1, line) {
                self.error(span, message);
            }
            if !self.version {
                // Another file altogether: one error says more than one for each of its lines.
                return;
            }
        }
        let end = self.text.len()..self.text.len();
        if !self.version {
            self.error(end, format!("the end of the file; expected `{VERSION}`"));
        } else if self.salt.is_none() && self.errors.is_empty() {
            self.error(
                end,
                "no salt in the whole file; expected `salt ` and 64 hexadecimal digits",
            );
        }
    }

    fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        let mut error = SourceError::at(self.name, self.text, span, message);
        if !self.version {
            // What is no baseline may be a file of credentials, which is not to be quoted.
            error.text.clear();
        }
        self.errors.push(error);
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "keysieve-baseline" || !self.version {
            return self.version_line(line);
        }
        if word == "salt" {
            return self.salt_line(rest.trim());
        }
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(&word) {
            return Err(
                "a mark of an unfinished merge; expected the lines of both sides without it".into(),
            );
        }
        let (fingerprint, rule) = entry_line(word, rest.trim())?;
        let entry = Entry {
            rule: rule.to_owned(),
            line: number,
            uses: Uses::default(),
        };
        self.entries.entry(fingerprint).or_insert(entry);
        Ok(())
    }

    fn version_line(&mut self, line: &str) -> Result<(), String> {
        self.version |= line == VERSION;
        match line.strip_prefix("keysieve-baseline ") {
            _ if line == VERSION => Ok(()),
            Some(version) => Err(format!(
                "version `{version}` of the format; this keysieve expected version 1"
            )),
            None => Err(format!(
                "no baseline; expected `{VERSION}` as its first line"
            )),
        }
    }

    fn salt_line(&mut self, digits: &str) -> Result<(), String> {
        let salt = parse_salt(digits).ok_or_else(|| {
            format!(
                "a salt of {} characters; expected {} lower-case hexadecimal digits",
                digits.chars().count(),
                2 * SALT_BYTES
            )
        })?;
        match &self.salt {
            Some(first) if *first != salt => Err(
                "a second salt, which differs from the first; expected one: two baselines were created apart, so \
                 remove one side's salt and entries and run `keysieve baseline update`"
                    .into(),
            ),
            _ => {
                self.salt = Some(salt);
                Ok(())
            }
        }
    }
}

fn entry_line<'l>(word: &str, rule: &'l str) -> Result<(Fingerprint, &'l str), String> {
    let expected =
        "expected a fingerprint of 32 lower-case hexadecimal digits, a blank and a rule id";
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match Fingerprint::parse(word) {
        None => Err(format!("`{word}`; {expected}")),
        Some(_) if rule.is_empty() => Err(format!("no rule id; {expected}")),
        Some(_) if !rule.bytes().all(fits) => Err(format!("`{rule}` is no rule id; {expected}")),
        Some(fingerprint) => Ok((fingerprint, rule)),
    }
}

fn parse_salt(digits: &str) -> Option<Salt> {
    let fits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 2 * SALT_BYTES || !digits.bytes().all(fits) {
        return None;
    }
    let byte = |i: usize| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok();
    (0..SALT_BYTES).map(byte).collect::<Option<_>>().map(Salt)
}
