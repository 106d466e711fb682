//! Reports: one file per format. Formats print what they are told and decide nothing.
//!
//! - A secret is printed only under [`Options::show_secrets`], and then only by the formats for people and scripts:
//!   [`Format::Text`], [`Format::Json`], [`Format::Jsonl`] and [`Format::Csv`]. SARIF and JUnit files are made to be
//!   uploaded to a server, so they never hold one.
//! - Machine formats list accepted findings too, marked as such, so that alerts do not flap; [`Options::show_accepted`]
//!   and [`Options::all_locations`] are about what people want to read, hence for [`Format::Text`] alone.
//! - CSV has rows for locations and nothing else: what was skipped is for the exit code and [`summary`] to tell.

mod brief;
mod csv;
mod json;
mod jsonl;
mod junit;
mod record;
mod sarif;
mod shown;
mod text;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::model::{Event, Summary};

pub use text::summary;

/// Prints one run: events in the order in which they come, then the summary.
pub trait Report {
    /// Takes a finding, a skip or, under `--explain`, a dropped candidate.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Completes the report and flushes it. Nothing follows.
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people in a terminal.
    Text,
    /// One line a credential, for hooks.
    Brief,
    /// One JSON object, `schemas/keysieve-report.schema.json`.
    Json,
    /// One JSON object a line, `schemas/keysieve-jsonl.schema.json`.
    Jsonl,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
    /// One row a location, for spreadsheets.
    Csv,
    /// JUnit XML, for test reports of CI systems.
    Junit,
}

impl Format {
    /// Every format, in the order in which help texts list them.
    pub const ALL: [Format; 7] = [
        Format::Text,
        Format::Brief,
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Csv,
        Format::Junit,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Brief => "brief",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Sarif => "sarif",
            Format::Csv => "csv",
            Format::Junit => "junit",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The format that an output's name asks for, where it does: `findings.sarif.json` is SARIF too.
    pub fn from_extension(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        if name.ends_with(".sarif.json") {
            return Some(Format::Sarif);
        }
        match name.rsplit_once('.')?.1 {
            "txt" => Some(Format::Text),
            "json" => Some(Format::Json),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            "sarif" => Some(Format::Sarif),
            "csv" => Some(Format::Csv),
            "xml" => Some(Format::Junit),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a report shows, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Colour the text. Without it not a single escape byte is written.
    pub color: bool,
    /// Print no summary below the text, unless something went wrong.
    pub quiet: bool,
    /// Print the secrets themselves beside their masked forms.
    pub show_secrets: bool,
    /// Print accepted findings and places in the text.
    pub show_accepted: bool,
    /// Print every place and every skip in the text rather than the first few.
    pub all_locations: bool,
    /// Columns of the terminal; `None` where the text does not go to one.
    pub width: Option<usize>,
    /// The scan's root as an absolute path, for SARIF's `SRCROOT`; without it the base stays unnamed and the reader
    /// takes the checkout.
    pub root: Option<String>,
}

/// The writer of every format: buffered, and flushed where someone may be waiting.
type Out<'w> = BufWriter<Box<dyn Write + Send + 'w>>;

/// Begins a report in `format` on `to`.
pub fn open<'w>(
    format: Format,
    to: Box<dyn Write + Send + 'w>,
    options: &Options,
) -> Box<dyn Report + Send + 'w> {
    let to = BufWriter::new(to);
    match format {
        Format::Text => Box::new(text::Text::new(to, options.clone())),
        Format::Brief => Box::new(brief::Brief::new(to, options.show_accepted)),
        Format::Json => Box::new(json::Json::new(to, options.show_secrets)),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(to, options.show_secrets)),
        Format::Sarif => Box::new(sarif::Sarif::new(to, options.root.clone())),
        Format::Csv => Box::new(csv::Csv::new(to, options.show_secrets)),
        Format::Junit => Box::new(junit::Junit::new(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
        }
        assert_eq!(Format::parse("SARIF"), None);
        let cases = [
            ("out/findings.sarif", Some(Format::Sarif)),
            ("findings.sarif.json", Some(Format::Sarif)),
            ("findings.JSON", Some(Format::Json)),
            ("a.jsonl", Some(Format::Jsonl)),
            ("a.ndjson", Some(Format::Jsonl)),
            ("a.csv", Some(Format::Csv)),
            ("a.xml", Some(Format::Junit)),
            ("a.txt", Some(Format::Text)),
            ("sarif", None),
            ("dir.json/out", None),
            ("..", None),
        ];
        for (path, want) in cases {
            assert_eq!(Format::from_extension(Path::new(path)), want, "{path}");
        }
    }
}
