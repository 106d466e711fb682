//! `keysieve redact --in-place`: files are replaced by their redacted form.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use keysieve::redact::{Redacted, Redactor};
use keysieve::source::shown;

use super::output::Pending;
use super::redact::withheld;
use super::tally::Tally;
use super::{Exit, Failure};

/// The most bytes of a line of JSON Lines.
const LONGEST_LINE: usize = 64 << 20;
/// Files up to this size are redacted as a whole: JSON documents, and those that rules know by their names.
const WHOLE: u64 = 64 << 20;

/// Replaces each file. One that cannot be is left as it is, and the others go on.
pub fn replace_all(
    redactor: &Redactor<'_>,
    files: &[PathBuf],
    tally: &mut Tally,
) -> Result<Exit, Failure> {
    let mut failures = Vec::new();
    for file in files {
        if let Err(Failure(message)) = replace(redactor, file, tally) {
            failures.push(message);
        }
    }
    match failures.is_empty() {
        true => Ok(Exit::Clean),
        false => Err(Failure(failures.join("\n"))),
    }
}

fn replace(redactor: &Redactor<'_>, path: &Path, tally: &mut Tally) -> Result<(), Failure> {
    let name = shown(path);
    let failed = |e: io::Error| Failure::io(&name, &e);
    let meta = fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(Failure(format!(
            "{name}: not a regular file; only those can be replaced"
        )));
    }
    let mut input = File::open(path).map_err(failed)?;
    let (mut file, pending) = Pending::open(path)?;
    let before = tally.total();
    withheld(&name, || {
        write_redacted(redactor, path, &mut input, &mut file, tally)
    })?
    .map_err(failed)?;
    let changed = fs::metadata(path).map_err(failed)?;
    if changed.len() != meta.len() || changed.modified().ok() != meta.modified().ok() {
        return Err(Failure(format!(
            "{name}: it was changed meanwhile; it is left as it is"
        )));
    }
    // A file that holds no secret keeps its times.
    match tally.total() > before {
        true => pending.appear(),
        false => Ok(()),
    }
}

fn write_redacted(
    redactor: &Redactor<'_>,
    path: &Path,
    input: &mut File,
    output: &mut File,
    tally: &mut Tally,
) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let extension = path
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    let lines = extension.is_some_and(|e| e == "jsonl" || e == "ndjson");
    if lines {
        json_lines(redactor, input, &mut output, tally)?;
    } else if input.metadata()?.len() <= WHOLE {
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let first = text.trim_ascii_start().first();
        let json = matches!(first, Some(b'{' | b'[' | b'"'));
        let json = json.then(|| redactor.redact_json_file(&name, &text));
        let redacted = json
            .flatten()
            .unwrap_or_else(|| redactor.redact_file(&name, &text));
        tally.count(&redacted.found);
        output.write_all(&redacted.text)?;
    } else {
        let mut stream = redactor.stream();
        let mut out = Redacted::default();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let count = input.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            stream.feed(&buffer[..count], &mut out);
            tally.count(&out.found);
            output.write_all(&out.text)?;
            out.clear();
        }
        stream.finish(&mut out);
        tally.count(&out.found);
        output.write_all(&out.text)?;
    }
    output.flush()
}

/// Each line a document; one that is none is redacted as text.
fn json_lines(
    redactor: &Redactor<'_>,
    input: &mut File,
    output: &mut impl Write,
    tally: &mut Tally,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = (&mut input)
            .take(LONGEST_LINE as u64)
            .read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        if count == LONGEST_LINE {
            return Err(io::Error::other(format!(
                "a line is longer than {LONGEST_LINE} bytes; name the file otherwise than .jsonl to redact it as text"
            )));
        }
        let (text, end) = match line.strip_suffix(b"\n") {
            Some(text) => (text, &b"\n"[..]),
            None => (&line[..], &b""[..]),
        };
        let redacted = redactor
            .redact_json(text)
            .unwrap_or_else(|| redactor.redact(text));
        tally.count(&redacted.found);
        output.write_all(&redacted.text)?;
        output.write_all(end)?;
    }
}
