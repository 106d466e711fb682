//! One JSON object, written as events come: findings go straight out, one a line.

use std::io::{self, Write};

use serde::Serialize;

use super::record::{self, Dropped, Finding, SCHEMA_VERSION, Skipped, Summary, TOOL};
use super::{Out, Report};
use crate::model;

/// The report as one object.
pub struct Json<'w> {
    to: Out<'w>,
    show_secrets: bool,
    /// Whether the findings' array is open, and holds anything.
    findings: Option<bool>,
    /// Skips and drops stand in arrays of their own behind the findings; until then they wait here, serialized. A
    /// stream without an end is for JSON lines.
    skipped: Vec<u8>,
    dropped: Vec<u8>,
}

impl<'w> Json<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, show_secrets: bool) -> Self {
        Json {
            to,
            show_secrets,
            findings: None,
            skipped: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Opens the object unless it is, and says whether the array of findings holds any.
    fn begun(&mut self) -> io::Result<bool> {
        if let Some(any) = self.findings {
            return Ok(any);
        }
        write!(self.to, "{{\"schema_version\":{SCHEMA_VERSION},\"tool\":")?;
        record::write(&mut self.to, &TOOL)?;
        write!(self.to, ",\"findings\":[")?;
        self.findings = Some(false);
        Ok(false)
    }
}

/// Adds an element to an array's inside.
fn push(array: &mut Vec<u8>, element: &impl Serialize) -> io::Result<()> {
    array.extend_from_slice(if array.is_empty() { b"\n" } else { b",\n" });
    record::write(array, element)
}

impl Report for Json<'_> {
    fn event(&mut self, event: &model::Event) -> io::Result<()> {
        let any = self.begun()?;
        match event {
            model::Event::Found(finding) => {
                self.to.write_all(if any { b",\n" } else { b"\n" })?;
                self.findings = Some(true);
                record::write(&mut self.to, &Finding::new(finding, self.show_secrets))
            }
            model::Event::Skipped(skip) => push(&mut self.skipped, &Skipped::new(skip)),
            model::Event::Dropped(dropped) => push(&mut self.dropped, &Dropped::new(dropped)),
        }
    }

    fn finish(&mut self, summary: &model::Summary) -> io::Result<()> {
        self.begun()?;
        write!(self.to, "],\n\"skipped\":[")?;
        self.to.write_all(&self.skipped)?;
        if !self.dropped.is_empty() {
            write!(self.to, "],\n\"dropped\":[")?;
            self.to.write_all(&self.dropped)?;
        }
        write!(self.to, "],\n\"summary\":")?;
        record::write(&mut self.to, &Summary::new(summary))?;
        writeln!(self.to, "}}")?;
        self.to.flush()
    }
}
