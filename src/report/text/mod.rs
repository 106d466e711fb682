//! For people: diagnostics as compilers print them, then a summary.

mod excerpt;
mod history;
mod ink;
mod summary;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::excerpt::{Excerpt, excerpt};
use self::ink::{Brush, Ink};
use super::shown::{Place, exposed, harmless, wrap};
use super::{Options, Out, Report};
use crate::model::{Dropped, Event, Finding, Location, Severity, Skip, SkipKind, Summary};

pub use summary::summary;

/// How many further places of a finding, and skips of a kind, are printed unless all are asked for.
const LISTED: usize = 5;

/// Prose wider than this is hard to read, however wide the terminal.
const PROSE: usize = 100;

/// The report for people.
pub struct Text<'w> {
    to: Out<'w>,
    options: Options,
    ink: Ink,
    /// How many skips of each kind were printed or passed over.
    skips: BTreeMap<SkipKind, usize>,
    /// Whether the last thing printed was a line rather than a block, so that a block needs space before it.
    packed: bool,
}

impl<'w> Text<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, options: Options) -> Self {
        let ink = Ink(options.color);
        Text {
            to,
            options,
            ink,
            skips: BTreeMap::new(),
            packed: false,
        }
    }

    fn width(&self) -> usize {
        self.options.width.unwrap_or(PROSE).max(40)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        if finding.is_accepted() && !self.options.show_accepted {
            return Ok(());
        }
        self.space()?;
        let (rule, severity) = (&finding.rule, self.brush(finding));
        writeln!(
            self.to,
            "{}{}: {}",
            severity.paint(finding.severity),
            severity.paint(format_args!("[{}]", harmless(&rule.id))),
            self.ink.strong().paint(harmless(&rule.description)),
        )?;
        let primary = finding.primary();
        let gutter = primary.start.line.to_string().len();
        self.source(finding, primary, gutter)?;

        for part in &primary.parts {
            let (line, column) = (part.start.line, part.start.column);
            let text = format!("{} {} at {line}:{column}", part.name, part.masked);
            self.bare_note(gutter, "with", &harmless(&text))?;
        }
        self.note(gutter, "why", &finding.reasons.join(", "))?;
        for (label, text) in history::notes(finding) {
            self.note(gutter, label, &text)?;
        }
        if self.options.show_secrets {
            self.bare_note(gutter, "secret", &exposed(&finding.secret))?;
        }
        self.note(gutter, "rotate", &rule.rotate)?;
        self.note(gutter, "replace", &rule.replace)?;
        self.others(finding, gutter)?;
        match primary.accepted.as_ref() {
            Some(accepted) => self.note(gutter, "accepted", &accepted.describe())?,
            None => {
                let hint = format!(
                    "keysieve:allow on the line, or {} in .keysieveignore",
                    finding.fingerprint
                );
                self.note(gutter, "accept", &hint)?;
            }
        }
        writeln!(self.to)
    }

    /// What is accepted does not call for attention.
    fn brush(&self, finding: &Finding) -> Brush {
        match finding.is_accepted() {
            true => self.ink.faint(),
            false => self.ink.severity(finding.severity),
        }
    }

    /// Sets a block apart from the lines before it.
    fn space(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.packed) {
            true => writeln!(self.to),
            false => Ok(()),
        }
    }

    /// The place, the line and what is marked in it.
    fn source(&mut self, finding: &Finding, place: &Location, gutter: usize) -> io::Result<()> {
        let ink = self.ink;
        let (arrow, bar) = (ink.frame().paint("-->"), ink.frame().paint("|"));
        let room = self.width().saturating_sub(gutter + 3);
        let Excerpt { line, mark } = excerpt(place, &finding.masked, room);
        let mark = mark.unwrap_or(0..0);
        let label = format!(
            "{}, {} confidence",
            harmless(&finding.rule.provider),
            finding.confidence
        );
        let number = ink.frame().paint(place.start.line);
        writeln!(self.to, "{:gutter$}{arrow} {}", "", Place(place))?;
        writeln!(self.to, "{:gutter$} {bar}", "")?;
        writeln!(self.to, "{number} {bar} {line}")?;
        let indent = " ".repeat(mark.start);
        let carets = "^".repeat(mark.len());
        let gap = if carets.is_empty() { "" } else { " " };
        let severity = self.brush(finding);
        // A label that would not fit goes below the carets, where the line's end cannot break it.
        if mark.end + gap.len() + label.len() > room && !carets.is_empty() {
            writeln!(
                self.to,
                "{:gutter$} {bar} {indent}{}",
                "",
                severity.paint(carets)
            )?;
            writeln!(self.to, "{:gutter$} {bar} {}", "", severity.paint(label))?;
        } else {
            let marked = severity.paint(format!("{carets}{gap}{label}"));
            writeln!(self.to, "{:gutter$} {bar} {indent}{marked}", "")?;
        }
        writeln!(self.to, "{:gutter$} {bar}", "")
    }

    /// Where else the secret stands.
    fn others(&mut self, finding: &Finding, gutter: usize) -> io::Result<()> {
        let primary = finding.primary();
        let show_accepted = self.options.show_accepted;
        let limit = if self.options.all_locations {
            usize::MAX
        } else {
            LISTED
        };
        let wanted = finding
            .locations
            .iter()
            .filter(|l| !std::ptr::eq(*l, primary) && (show_accepted || l.accepted.is_none()));
        let mut shown = 0;
        for location in wanted.take(limit) {
            let why = location
                .accepted
                .as_ref()
                .map(|a| harmless(&a.describe()).into_owned());
            let why = why.map_or(String::new(), |why| format!(" ({why})"));
            self.bare_note(gutter, "also", &format!("{}{why}", Place(location)))?;
            shown += 1;
        }
        let hidden = if show_accepted {
            0
        } else {
            finding.accepted_count
        };
        let open = finding.location_count.saturating_sub(hidden);
        match open.saturating_sub(shown + 1) {
            0 => Ok(()),
            more => self.bare_note(gutter, "also", &format!("and {more} more")),
        }
    }

    /// `= label: text`, wrapped; nothing where there is no text.
    fn note(&mut self, gutter: usize, label: &str, text: &str) -> io::Result<()> {
        let indent = gutter + " = : ".len() + label.len();
        let width = self.width().min(PROSE).saturating_sub(indent);
        // Wrapped before it is made harmless: a line break in prose is but a space.
        let lines: Vec<String> = wrap(text, width);
        let lines = lines.iter().map(|line| harmless(line)).collect::<Vec<_>>();
        match lines.is_empty() {
            true => Ok(()),
            false => self.bare_note(gutter, label, &lines.join(&format!("\n{:indent$}", ""))),
        }
    }

    /// `= label: text`, as it is.
    fn bare_note(&mut self, gutter: usize, label: &str, text: &str) -> io::Result<()> {
        let sign = self.ink.frame().paint("=");
        let label = self.ink.strong().paint(format!("{label}:"));
        writeln!(self.to, "{:gutter$} {sign} {label} {text}", "")
    }

    /// No line begins with a name from the tree: CI systems act on lines that begin with `::` or `##`.
    fn dropped(&mut self, dropped: &Dropped) -> io::Result<()> {
        self.packed = true;
        writeln!(
            self.to,
            "{} {}:{}:{}: {} {}: {}",
            self.ink.faint().paint("dropped:"),
            harmless(dropped.origin.as_str()),
            dropped.start.line,
            dropped.start.column,
            harmless(&dropped.rule.id),
            harmless(&dropped.masked),
            harmless(&dropped.reason),
        )
    }

    /// What policy excludes is worth a note, and a thousand links are not worth a thousand: the summary counts them.
    fn skipped(&mut self, skip: &Skip) -> io::Result<()> {
        let seen = self.skips.entry(skip.kind).or_default();
        *seen += 1;
        let (policy, seen) = (skip.kind.is_policy(), *seen);
        if policy && seen > LISTED && !self.options.all_locations {
            return Ok(());
        }
        self.packed = true;
        let label = match policy {
            true => self.ink.faint().paint("note:"),
            false => self.ink.severity(Severity::Medium).paint("warning:"),
        };
        let (path, why) = (harmless(skip.origin.as_str()), harmless(&skip.detail));
        writeln!(self.to, "{label} {path}: {why}")
    }
}

impl Report for Text<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.finding(finding)?,
            Event::Dropped(dropped) => self.dropped(dropped)?,
            Event::Skipped(skip) => self.skipped(skip)?,
        }
        self.to.flush()
    }

    fn finish(&mut self, told: &Summary) -> io::Result<()> {
        if !self.options.quiet || !told.went_well() {
            self.space()?;
            summary(&mut self.to, told, self.options.color)?;
        }
        self.to.flush()
    }
}
