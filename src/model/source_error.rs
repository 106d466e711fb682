//! A mistake in a file that a person wrote: apart from the rest of the model because the build script needs it too.

use std::fmt;
use std::ops::Range;

/// How much of a line is shown, in characters.
const SHOWN: usize = 160;

/// A mistake in a rule, configuration, ignore or baseline file, with the place it stands in.
///
/// Such files come out of repositories that are scanned and not trusted, so nothing in here acts on a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub message: String,
    /// The line's text, cut where it is long; not shown where it is empty.
    pub text: String,
}

impl SourceError {
    /// An error at `span` of `source`.
    pub fn at(file: &str, source: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = span.start.min(source.len());
        let before = &source.as_bytes()[..start];
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |i| i + 1);
        let text = source
            .get(line_start..)
            .unwrap_or("")
            .lines()
            .next()
            .unwrap_or("");
        SourceError {
            file: printable(file),
            line: before.iter().filter(|&&b| b == b'\n').count() + 1,
            column: start - line_start + 1,
            message: printable(&message.into()),
            text: printable(&text.chars().take(SHOWN).collect::<String>()),
        }
    }
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' => ' ',
            // Bidirectional overrides reorder what a person sees; they are not controls to `char::is_control`.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceError {
            file,
            line,
            column,
            message,
            text,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        match text.is_empty() {
            true => Ok(()),
            false => write!(f, "\n  {line} | {text}"),
        }
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_place_and_never_acts_on_a_terminal() {
        let source = "a = 1\r\nb = \"\u{1b}[2J\u{202e}\"\r\n";
        let error = SourceError::at("f\u{7}.toml", source, 11..12, "found\n\u{1b}[1m");
        assert_eq!((error.line, error.column), (2, 5));
        assert_eq!(
            error.to_string(),
            "f\u{fffd}.toml:2:5: found \u{fffd}[1m\n  2 | b = \"\u{fffd}[2J\u{fffd}\""
        );
    }
}
