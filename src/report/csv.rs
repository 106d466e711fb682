//! One row a location, for spreadsheets.

use std::borrow::Cow;
use std::io;

use super::record::acceptance_kind;
use super::shown::exposed;
use super::{Out, Report};
use crate::model::{Event, Finding, GitCommit, Location, Summary};

const HEADER: [&str; 22] = [
    "fingerprint",
    "rule",
    "provider",
    "description",
    "severity",
    "confidence",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "offset",
    "end_offset",
    "masked",
    "snippet",
    "reasons",
    "rotate",
    "replace",
    "accepted",
    "commit",
    "author",
    "date",
];

/// The report as a table. The header is there even if no row is.
pub struct Csv<'w> {
    to: csv::Writer<Out<'w>>,
    show_secrets: bool,
    begun: bool,
}

impl<'w> Csv<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, show_secrets: bool) -> Self {
        Csv {
            to: csv::Writer::from_writer(to),
            show_secrets,
            begun: false,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            let secret = self.show_secrets.then_some("secret");
            let header = HEADER.into_iter().chain(secret);
            self.to.write_record(header).map_err(system)?;
        }
        Ok(())
    }

    fn row(&mut self, finding: &Finding, location: &Location) -> io::Result<()> {
        let (rule, start, end) = (&finding.rule, location.start, location.end);
        let secret = self.show_secrets.then(|| exposed(&finding.secret));
        let commit = location.origin.git().and_then(|git| git.commit.as_ref());
        let of = |part: fn(&GitCommit) -> &str| commit.map_or("", part).into();
        let cells: [Cow<str>; 22] = [
            finding.fingerprint.to_string().into(),
            (&*rule.id).into(),
            (&*rule.provider).into(),
            (&*rule.description).into(),
            finding.severity.name().into(),
            finding.confidence.name().into(),
            location.origin.as_str().into(),
            start.line.to_string().into(),
            start.column.to_string().into(),
            end.line.to_string().into(),
            end.column.to_string().into(),
            start.offset.to_string().into(),
            end.offset.to_string().into(),
            (&*finding.masked).into(),
            (&*location.snippet).into(),
            finding.reasons.join("; ").into(),
            (&*rule.rotate).into(),
            (&*rule.replace).into(),
            location
                .accepted
                .as_ref()
                .map_or("", acceptance_kind)
                .into(),
            of(|commit| &commit.id),
            of(|commit| &commit.author),
            of(|commit| &commit.date),
        ];
        let cells = cells.into_iter().chain(secret.map(Cow::from)).map(guarded);
        let cells = cells.map(|cell| cell.into_owned());
        self.to.write_record(cells).map_err(system)
    }
}

/// The system's own error out of the writer's, so that a closed pipe is known as one.
fn system(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like it gets a quote in front, as spreadsheets
/// themselves mark text.
fn guarded(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}").into(),
        false => cell,
    }
}

impl Report for Csv<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.begin()?;
        match event {
            Event::Found(finding) => finding
                .locations
                .iter()
                .try_for_each(|l| self.row(finding, l)),
            Event::Dropped(_) | Event::Skipped(_) => Ok(()),
        }
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        self.begin()?;
        self.to.flush()
    }
}
