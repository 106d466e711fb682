//! JUnit XML, for the test reports of CI systems: a place of a secret is a failed test of its file.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Xml};

use super::shown::{Place, count, harmless};
use super::{Out, Report};
use crate::model::{Event, Finding, Location, Summary};

/// The report as a test suite. It is written at the end, since a suite begins with its counts.
pub struct Junit<'w> {
    to: Out<'w>,
    cases: Vec<Case>,
    skips: Vec<String>,
}

/// A test case, sorted by where it stands. Every text is harmless, and so legal in XML.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    class: String,
    line: u64,
    column: u64,
    name: String,
    outcome: Outcome,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Failed {
        kind: String,
        message: String,
        body: String,
    },
    Accepted(String),
    Error(String),
}

impl<'w> Junit<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>) -> Self {
        Junit {
            to,
            cases: Vec::new(),
            skips: Vec::new(),
        }
    }

    /// Cases that stand for the run and not for a place in a file.
    fn conclude(&mut self, summary: &Summary) {
        let interrupted = summary.interrupted.then_some("interrupted before its end");
        let reasons = summary.incomplete.iter().map(String::as_str);
        let errors = reasons.chain(interrupted).map(|why| {
            let outcome = Outcome::Error(harmless(why).into_owned());
            Case::of_run("the scan is complete".to_owned(), outcome)
        });
        self.cases.extend(errors);
        if self.cases.is_empty() {
            let scanned = count(summary.files, "file", "files");
            let name = format!("no secrets in {scanned}");
            self.cases.push(Case::of_run(name, Outcome::Passed));
        }
    }
}

impl Case {
    fn of_run(name: String, outcome: Outcome) -> Self {
        Case {
            class: "keysieve".to_owned(),
            line: 0,
            column: 0,
            name,
            outcome,
        }
    }

    fn of_place(finding: &Finding, location: &Location) -> Self {
        let rule = &finding.rule;
        let (line, column) = (location.start.line, location.start.column);
        let outcome = match &location.accepted {
            Some(accepted) => Outcome::Accepted(harmless(&accepted.describe()).into_owned()),
            None => Outcome::Failed {
                kind: harmless(&rule.id).into_owned(),
                message: harmless(&format!("{}: {}", rule.description, finding.masked))
                    .into_owned(),
                body: body(finding, location),
            },
        };
        Case {
            class: harmless(location.origin.as_str()).into_owned(),
            line,
            column,
            name: format!("{} at {line}:{column}", harmless(&rule.id)),
            outcome,
        }
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let case = xml
            .create_element("testcase")
            .with_attribute(("classname", &*self.class))
            .with_attribute(("name", &*self.name));
        let line = self.line.to_string();
        let case = match self.line {
            0 => case,
            _ => case.with_attributes([("file", &*self.class), ("line", &*line)]),
        };
        match &self.outcome {
            Outcome::Passed => case.write_empty()?,
            Outcome::Failed {
                kind,
                message,
                body,
            } => case.write_inner_content(|xml| {
                xml.create_element("failure")
                    .with_attributes([("type", &**kind), ("message", &**message)])
                    .write_text_content(BytesText::new(body))?;
                Ok(())
            })?,
            Outcome::Accepted(why) => case.write_inner_content(|xml| {
                let skipped = xml.create_element("skipped");
                skipped.with_attribute(("message", &**why)).write_empty()?;
                Ok(())
            })?,
            Outcome::Error(why) => case.write_inner_content(|xml| {
                xml.create_element("error")
                    .with_attributes([("type", "incomplete"), ("message", &**why)])
                    .write_empty()?;
                Ok(())
            })?,
        };
        Ok(())
    }
}

fn body(finding: &Finding, location: &Location) -> String {
    let rule = &finding.rule;
    let lines = [
        ("at", Place(location).to_string()),
        ("line", location.snippet.clone()),
        ("severity", finding.severity.to_string()),
        ("confidence", finding.confidence.to_string()),
        ("why", finding.reasons.join(", ")),
        ("rotate", rule.rotate.clone()),
        ("replace", rule.replace.clone()),
        ("fingerprint", finding.fingerprint.to_string()),
    ];
    let lines = lines.iter().filter(|(_, text)| !text.is_empty());
    lines
        .map(|(label, text)| format!("{label}: {}\n", harmless(text)))
        .collect()
}

impl Report for Junit<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Found(finding) => {
                let cases = finding.locations.iter().map(|l| Case::of_place(finding, l));
                self.cases.extend(cases);
            }
            Event::Skipped(skip) => {
                let (path, why) = (harmless(skip.origin.as_str()), harmless(&skip.detail));
                let kind = skip.kind.name();
                self.skips
                    .push(format!("skipped ({kind}): {path}: {why}\n"));
            }
            Event::Dropped(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.conclude(summary);
        self.cases.sort();
        let number = |of: fn(&Outcome) -> bool| {
            self.cases
                .iter()
                .filter(|case| of(&case.outcome))
                .count()
                .to_string()
        };
        let counts = [
            ("tests", self.cases.len().to_string()),
            ("failures", number(|o| matches!(o, Outcome::Failed { .. }))),
            ("errors", number(|o| matches!(o, Outcome::Error(_)))),
            ("skipped", number(|o| matches!(o, Outcome::Accepted(_)))),
            ("time", format!("{:.3}", summary.elapsed.as_secs_f64())),
        ];
        let counts = || counts.iter().map(|(name, value)| (*name, &**value));
        let mut xml = Writer::new_with_indent(&mut self.to, b' ', 2);
        xml.write_event(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let suites = xml.create_element("testsuites").with_attributes(counts());
        suites.write_inner_content(|xml| {
            let suite = xml
                .create_element("testsuite")
                .with_attribute(("name", "keysieve"));
            suite.with_attributes(counts()).write_inner_content(|xml| {
                self.cases.iter().try_for_each(|case| case.write(xml))?;
                if !self.skips.is_empty() {
                    let told = self.skips.concat();
                    let err = xml.create_element("system-err");
                    err.write_text_content(BytesText::new(&told))?;
                }
                Ok(())
            })?;
            Ok(())
        })?;
        writeln!(self.to)?;
        self.to.flush()
    }
}
