use std::fmt;
use std::ops::Range;

/// A mistake in a rule file, with the place it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub message: String,
    /// The line's text.
    pub text: String,
}

impl RuleError {
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
        RuleError {
            file: file.to_owned(),
            line: before.iter().filter(|&&b| b == b'\n').count() + 1,
            column: start - line_start + 1,
            message: message.into(),
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RuleError {
            file,
            line,
            column,
            message,
            text,
        } = self;
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        write!(f, "  {line} | {text}")
    }
}

impl std::error::Error for RuleError {}
