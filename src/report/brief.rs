//! One line a credential, for hooks: what and where.

use std::io::{self, Write};

use super::shown::{Place, harmless};
use super::{Out, Report};
use crate::model::{Event, Finding, Summary};

/// The report in as few lines as there are findings.
pub struct Brief<'w> {
    to: Out<'w>,
    show_accepted: bool,
}

impl<'w> Brief<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, show_accepted: bool) -> Self {
        Brief { to, show_accepted }
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        if finding.is_accepted() && !self.show_accepted {
            return Ok(());
        }
        let primary = finding.primary();
        let others = match finding.location_count {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        // No line begins with a name from the tree: CI systems act on lines that begin with `::` or `##`.
        writeln!(
            self.to,
            "{}: {}{others}: {} [{}] {}",
            finding.severity,
            Place(primary),
            harmless(&finding.rule.description),
            harmless(&finding.rule.id),
            harmless(&finding.masked),
        )
    }
}

impl Report for Brief<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.finding(finding)?,
            // What policy leaves out is no news to whoever set the policy.
            Event::Skipped(skip) if !skip.kind.is_policy() => {
                let (path, why) = (harmless(skip.origin.as_str()), harmless(&skip.detail));
                writeln!(self.to, "not scanned: {path}: {why}")?;
            }
            Event::Skipped(_) | Event::Dropped(_) => {}
        }
        self.to.flush()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if !summary.went_well() {
            super::summary(&mut self.to, summary, false)?;
        }
        self.to.flush()
    }
}
