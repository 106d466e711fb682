//! Reads a store from its beginning to its end, tells what is in it, and writes it without.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use super::context::{Context, Reader};
use super::literal::{Literal, literals};
use super::{Format, Sighting, Store, Trouble, sqlite};
use crate::agent::text::{Found, Scanner};

/// Longest line, and longest file of one JSON value, in bytes.
pub const LONGEST: u64 = 64 * 1024 * 1024;
/// Longest excerpt, in characters to either side of the placeholder.
const EXCERPT: usize = 60;

/// Tells what is in a store.
pub fn scan(
    store: &Store,
    scanner: &mut Scanner<'_>,
    tell: &mut dyn FnMut(Sighting),
) -> Result<(), Trouble> {
    if store.format == Format::Sqlite {
        return sqlite::scan(store, scanner, tell);
    }
    let file = crate::platform::open(&store.path, true)?;
    rewrite(store, file, scanner, tell, None)
}

/// Reads all of `file`, and writes it without its secrets where there is somewhere to write to.
pub fn rewrite(
    store: &Store,
    file: File,
    scanner: &mut Scanner<'_>,
    tell: &mut dyn FnMut(Sighting),
    mut out: Option<&mut dyn Write>,
) -> Result<(), Trouble> {
    let name = shown(&store.path);
    let stem = store
        .path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let mut teller = Teller {
        name: &name,
        reader: Reader::new(stem.filter(|_| store.format == Format::Lines)),
        tell,
    };
    let mut input = BufReader::new(file);
    let mut line = Vec::new();
    let mut place = Place { line: 1, offset: 0 };
    loop {
        line.clear();
        let limit = &mut (&mut input).take(LONGEST + 1);
        match store.format {
            Format::Lines => limit.read_until(b'\n', &mut line)?,
            // A private key has many lines.
            _ => limit.read_to_end(&mut line)?,
        };
        if line.is_empty() {
            return Ok(());
        }
        if line.len() as u64 > LONGEST {
            let what = match store.format {
                Format::Lines => format!("line {} is longer than 64 MiB", place.line),
                _ => "it is longer than 64 MiB".to_owned(),
            };
            return Err(Trouble::Malformed(what));
        }
        let text = match std::str::from_utf8(&line) {
            Ok(text) => text,
            // What cannot be written back as it is is not written at all.
            Err(e) if out.is_some() => {
                let at = place.line + newlines(&line[..e.valid_up_to()]);
                return Err(Trouble::Malformed(format!("line {at} is not UTF-8")));
            }
            Err(_) => &String::from_utf8_lossy(&line),
        };
        let new = match store.format {
            Format::Text => teller.text(scanner, text, place),
            _ => teller.json(scanner, text, place, store.format == Format::Lines)?,
        };
        if let Some(out) = out.as_deref_mut() {
            out.write_all(new.as_deref().unwrap_or(text).as_bytes())?;
        }
        place.line += newlines(&line);
        place.offset += line.len() as u64;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// A path for people.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A place in a file: where a line or the file's value begins.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The offset in bytes.
    pub offset: u64,
}

/// Tells what is found, with what is known of its place.
pub struct Teller<'a> {
    /// The store's name for people.
    pub name: &'a str,
    /// What the records say.
    pub reader: Reader,
    /// Who is told.
    pub tell: &'a mut dyn FnMut(Sighting),
}

impl Teller<'_> {
    /// A text that is no JSON; what it is without its secrets, if it has any.
    pub fn text(&mut self, scanner: &mut Scanner<'_>, text: &str, place: Place) -> Option<String> {
        let new = scanner.text("", "", text)?;
        let context = self.reader.at(&Value::Null, &[], place.line);
        let at = |found: &Found| {
            let before = text.split_inclusive('\n').take(found.line as usize - 1);
            let start: usize = before.map(str::len).sum();
            let within = text[start..].chars().take(found.column as usize - 1);
            let within: usize = within.map(char::len_utf8).sum();
            let line = place.line + found.line - 1;
            let offset = place.offset + (start + within) as u64;
            (Place { line, offset }, found.column)
        };
        self.told(scanner, &context, &at, &new);
        Some(new)
    }

    /// A text that is JSON, as it should be: what it is without its secrets, if it has any. What is no JSON, such as the
    /// last line of a file that was cut, is read as text.
    pub fn json(
        &mut self,
        scanner: &mut Scanner<'_>,
        text: &str,
        place: Place,
        counted: bool,
    ) -> Result<Option<String>, Trouble> {
        let Some(all) = literals(text) else {
            return Ok(self.text(scanner, text, place));
        };
        // Read only where there is something to be told, or a call to be remembered.
        let mut record: Option<Value> = None;
        if counted
            && all
                .iter()
                .any(|literal| literal.is_key && literal.text == "name")
        {
            record = serde_json::from_str(text).ok();
            record.iter().for_each(|record| self.reader.note(record));
        }
        let mut new: Option<(String, usize)> = None;
        for literal in &all {
            let Some(clean) = clean(scanner, literal) else {
                continue;
            };
            let record =
                record.get_or_insert_with(|| serde_json::from_str(text).unwrap_or_default());
            let number = if counted { place.line } else { 0 };
            let context = self.reader.at(record, &literal.path, number);
            let before = &text[..literal.span.start];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let at = Place {
                line: place.line + newlines(before.as_bytes()),
                offset: place.offset + literal.span.start as u64,
            };
            let column = before[line_start..].chars().count() as u64 + 1;
            self.told(scanner, &context, &|_| (at, column), &clean);
            let (written, from) = new.get_or_insert_with(|| (String::with_capacity(text.len()), 0));
            written.push_str(&text[*from..literal.span.start]);
            written.push_str(&Value::from(clean).to_string());
            *from = literal.span.end;
        }
        let Some((mut written, from)) = new else {
            return Ok(None);
        };
        written.push_str(&text[from..]);
        match serde_json::from_str::<&RawValue>(&written) {
            Ok(_) => Ok(Some(written)),
            Err(_) => Err(Trouble::Malformed(format!(
                "line {}: what would be left is no JSON",
                place.line
            ))),
        }
    }

    fn told(
        &mut self,
        scanner: &mut Scanner<'_>,
        context: &Context,
        at: &dyn Fn(&Found) -> (Place, u64),
        clean: &str,
    ) {
        let mut suffix = context.suffix();
        let found: Vec<Found> = scanner.found.drain(..).collect();
        // An id may be anything.
        if !scanner.hits("", &suffix).is_empty() {
            suffix.clear();
        }
        let mut told: Vec<&Found> = Vec::new();
        for one in &found {
            if told
                .iter()
                .any(|other| other.fingerprint == one.fingerprint)
            {
                continue;
            }
            told.push(one);
            let (place, column) = at(one);
            (self.tell)(Sighting {
                origin: format!("{}{suffix}", self.name),
                line: place.line,
                column,
                offset: place.offset,
                found: one.clone(),
                snippet: excerpt(clean, &one.rule),
            });
        }
    }
}

fn clean(scanner: &mut Scanner<'_>, literal: &Literal) -> Option<String> {
    let path = literal.shown_path();
    scanner.member(&path, literal.key(), &literal.text)
}

/// What stands around a rule's first placeholder.
fn excerpt(clean: &str, rule: &str) -> String {
    let mark = crate::agent::text::placeholder(rule);
    let at = clean.find(&mark).unwrap_or_default();
    let start = clean[..at]
        .char_indices()
        .rev()
        .nth(EXCERPT)
        .map_or(0, |(at, _)| at);
    let behind = &clean[at..];
    let end = behind
        .char_indices()
        .nth(mark.len() + EXCERPT)
        .map_or(clean.len(), |(end, _)| at + end);
    clean[start..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
