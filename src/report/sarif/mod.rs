//! SARIF 2.1.0, through the types of `serde-sarif`.
//!
//! Every place of a secret is a result; the results of one secret share a `correlationGuid` and a partial fingerprint,
//! both made from its content, so that neither moves with lines or files. The raw secret is never in it: these files are
//! made to be uploaded.

mod notification;
mod result;
mod rule;
mod taxa;
mod uri;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Run,
    Sarif as Log, Tool, ToolComponent, Version,
};

use super::{Out, Report};
use crate::model::{Confidence, Event, Finding, MASK, Origin, RuleInfo, Secret, Skip, Summary};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name under which `originalUriBaseIds` tells the scan's root. GitHub takes an unnamed base for the checkout.
const BASE: &str = "SRCROOT";

/// The report as a SARIF log. It is written at the end: results point into a sorted list of the rules that have any.
pub struct Sarif<'w> {
    to: Out<'w>,
    root: Option<String>,
    findings: Vec<Finding>,
    skips: Vec<Skip>,
}

/// A rule that has results, with the least confidence among them: what a reader may rely on.
struct Used {
    rule: Arc<RuleInfo>,
    confidence: Confidence,
}

impl<'w> Sarif<'w> {
    /// Begins the report.
    pub fn new(to: Out<'w>, root: Option<String>) -> Self {
        Sarif {
            to,
            root: root.and_then(|path| uri::of_root(&path, cfg!(windows))),
            findings: Vec::new(),
            skips: Vec::new(),
        }
    }

    fn used(&self) -> Vec<Used> {
        let mut used: BTreeMap<&str, Used> = BTreeMap::new();
        for finding in &self.findings {
            let entry = used.entry(&finding.rule.id).or_insert_with(|| Used {
                rule: Arc::clone(&finding.rule),
                confidence: finding.confidence,
            });
            entry.confidence = entry.confidence.min(finding.confidence);
        }
        used.into_values().collect()
    }

    fn run(&self, summary: &Summary) -> Run {
        let used = self.used();
        let index = |finding: &Finding| {
            used.binary_search_by(|used| used.rule.id.cmp(&finding.rule.id))
                .expect("because every finding's rule is in the list")
        };
        let results = self.findings.iter().flat_map(|finding| {
            let rule = index(finding);
            finding
                .locations
                .iter()
                .map(move |location| result::result(finding, location, rule))
        });
        let mut run = Run::builder()
            .tool(Tool::builder().driver(driver(&used)).build())
            .column_kind(json!("unicodeCodePoints"))
            .redaction_tokens([MASK.to_owned()])
            .taxonomies(taxa::taxonomies())
            .invocations([notification::invocation(&self.skips, summary)])
            .results(results.collect::<Vec<_>>())
            .build();
        run.original_uri_base_ids = self.root.as_ref().map(|root| {
            let base = ArtifactLocation::builder().uri(root).build();
            BTreeMap::from([(BASE.to_owned(), base)])
        });
        run
    }
}

fn text(text: impl Into<String>) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn driver(used: &[Used]) -> ToolComponent {
    ToolComponent::builder()
        .name("keysieve")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .rules(used.iter().map(rule::descriptor).collect::<Vec<_>>())
        .notifications(notification::descriptors())
        .supported_taxonomies(taxa::supported())
        .build()
}

/// Where an input is. Standard input has no file, yet GitHub refuses results without a physical location: it gets a
/// name without a base, so that nobody takes it for a file of the root.
fn physical(origin: &Origin) -> PhysicalLocation {
    let artifact = match origin {
        Origin::File(path) => match uri::of_path(path, cfg!(windows)) {
            uri::Uri::Relative(uri) => ArtifactLocation::builder()
                .uri(uri)
                .uri_base_id(BASE)
                .build(),
            uri::Uri::Absolute(uri) => ArtifactLocation::builder().uri(uri).build(),
        },
        // A path in the repository is one in its checkout.
        Origin::Git(place) => {
            let uri = match uri::of_path(&place.path, false) {
                uri::Uri::Relative(uri) | uri::Uri::Absolute(uri) => uri,
            };
            match place.is_file {
                true => ArtifactLocation::builder()
                    .uri(uri)
                    .uri_base_id(BASE)
                    .build(),
                false => ArtifactLocation::builder().uri(uri).build(),
            }
        }
        // Nothing that can be opened.
        Origin::Name(name) => {
            let uri = match uri::of_path(name, false) {
                uri::Uri::Relative(uri) | uri::Uri::Absolute(uri) => uri,
            };
            ArtifactLocation::builder().uri(uri).build()
        }
        Origin::Stdin => ArtifactLocation::builder()
            .uri("stdin")
            .description(Message::from("Standard input"))
            .build(),
    };
    PhysicalLocation::builder()
        .artifact_location(artifact)
        .build()
}

fn place(physical: PhysicalLocation) -> Location {
    Location::builder().physical_location(physical).build()
}

impl Report for Sarif<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.findings.push(Finding {
                secret: Secret::new(b""),
                ..finding.clone()
            }),
            Event::Skipped(skip) => self.skips.push(skip.clone()),
            Event::Dropped(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let log = Log::builder()
            .schema(SCHEMA)
            .version(json!(Version::V2_1_0))
            .runs([self.run(summary)])
            .build();
        serde_json::to_writer_pretty(&mut self.to, &log)?;
        writeln!(self.to)?;
        self.to.flush()
    }
}
