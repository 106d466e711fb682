//! One JSON object a line, each flushed at once: for pipes, and for streams without an end.

use std::io::{self, Write};

use serde::Serialize;

use super::record::{self, Dropped, Finding, SCHEMA_VERSION, Skipped, Summary, TOOL, Tool};
use super::{Out, Report};
use crate::model;

/// The report as lines.
pub struct Jsonl<'w> {
    to: Out<'w>,
    show_secrets: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'m> {
    Finding(Finding<'m>),
    Skipped(Skipped<'m>),
    Dropped(Dropped<'m>),
    Summary(Last<'m>),
}

/// The last line; without it the report is not whole.
#[derive(Serialize)]
struct Last<'m> {
    schema_version: u32,
    tool: Tool,
    #[serde(flatten)]
    summary: Summary<'m>,
}

impl<'w> Jsonl<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, show_secrets: bool) -> Self {
        Jsonl { to, show_secrets }
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        record::write(&mut self.to, line)?;
        writeln!(self.to)?;
        self.to.flush()
    }
}

impl Report for Jsonl<'_> {
    fn event(&mut self, event: &model::Event) -> io::Result<()> {
        self.line(&match event {
            model::Event::Found(finding) => Line::Finding(Finding::new(finding, self.show_secrets)),
            model::Event::Skipped(skip) => Line::Skipped(Skipped::new(skip)),
            model::Event::Dropped(dropped) => Line::Dropped(Dropped::new(dropped)),
        })
    }

    fn finish(&mut self, summary: &model::Summary) -> io::Result<()> {
        self.line(&Line::Summary(Last {
            schema_version: SCHEMA_VERSION,
            tool: TOOL,
            summary: Summary::new(summary),
        }))
    }
}
