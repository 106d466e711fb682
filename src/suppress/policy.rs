//! All suppressions of a run, asked for each place.

use std::collections::BTreeMap;

use super::{Allow, Baseline, FingerprintFile, Sighting, counted, inline};
use crate::model::{Acceptance, UnusedSuppression};

/// What a policy is made of. The default accepts inline comments and nothing else.
#[derive(Debug)]
pub struct Parts {
    /// Whether comments on the line count. Where bytes come from someone who must not decide (the output of an agent
    /// or of a wrapped command) they do not.
    pub inline: bool,
    /// Ignore files.
    pub fingerprints: Vec<FingerprintFile>,
    /// The baseline.
    pub baseline: Option<Baseline>,
    /// Allowlist entries of all layers of the configuration.
    pub allow: Vec<Allow>,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            inline: true,
            fingerprints: Vec::new(),
            baseline: None,
            allow: Vec::new(),
        }
    }
}

/// Decides which places are accepted, and remembers which suppressions were of use. One for all threads.
#[derive(Debug)]
pub struct Policy {
    parts: Parts,
}

impl Policy {
    /// A policy of `parts`.
    pub fn new(parts: Parts) -> Self {
        Policy { parts }
    }

    /// Why this place is accepted: by a comment, its fingerprint, the baseline or an allowlist, in this order.
    ///
    /// All of them are asked, also when the first one accepts: an entry that another one hides still matches, and
    /// must not be reported as unused.
    pub fn accept(&self, sighting: &Sighting<'_>) -> Option<Acceptance> {
        let parts = &self.parts;
        let sighting = &Sighting {
            line: sighting.line.trim_ascii_end(),
            previous_line: sighting.previous_line.trim_ascii_end(),
            ..*sighting
        };
        let comment = parts.inline.then(|| inline::find(sighting)).flatten();
        let files = parts.fingerprints.iter();
        let in_files = first(files.map(|file| file.accept(sighting.fingerprint)));
        let baseline = parts.baseline.as_ref();
        let in_baseline = baseline.is_some_and(|b| b.accepts(sighting.rule, sighting.secret));
        let in_list = first(parts.allow.iter().map(|allow| allow.accept(sighting)));
        comment
            .map(|marker| Acceptance::Inline(marker.to_owned()))
            .or(in_files)
            .or(in_baseline.then_some(Acceptance::Baseline))
            .or(in_list)
    }

    /// Entries that matched nothing so far, by file and line. Only a scan of everything says that they can go.
    pub fn unused(&self) -> Vec<UnusedSuppression> {
        let parts = &self.parts;
        let files = parts.fingerprints.iter().flat_map(FingerprintFile::unused);
        let baseline = parts.baseline.iter().flat_map(Baseline::unused);
        let unused = parts.allow.iter().filter(|allow| allow.uses.count() == 0);
        let allow = unused.map(|allow| UnusedSuppression {
            place: allow.place.clone(),
            entry: allow.title.clone(),
        });
        let mut all: Vec<UnusedSuppression> = files.chain(baseline).chain(allow).collect();
        all.sort_by(|a, b| (key(&a.place), &a.entry).cmp(&(key(&b.place), &b.entry)));
        all
    }

    /// What files of the scanned repository took out, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut by_file: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let mut add = |file, uses: u64| {
            let (places, entries) = by_file.entry(file).or_default();
            *places += uses;
            *entries += u64::from(uses > 0);
        };
        for file in self.parts.fingerprints.iter().filter(|f| f.repository) {
            file.uses().for_each(|uses| add(file.name(), uses));
        }
        for allow in self.parts.allow.iter().filter(|allow| allow.repository) {
            add(key(&allow.place).0, allow.uses.count());
        }
        let used = by_file.into_iter().filter(|(_, (places, _))| *places > 0);
        used.map(|(file, (places, entries))| {
            format!(
                "{file} accepted {} by {} (--no-repo-config ignores it)",
                counted(places, "place", "places"),
                counted(entries, "entry", "entries"),
            )
        })
        .collect()
    }
}

/// The first acceptance of all, asking every one.
fn first(all: impl Iterator<Item = Option<Acceptance>>) -> Option<Acceptance> {
    all.fold(None, Option::or)
}

/// File and line of a place.
fn key(place: &str) -> (&str, u64) {
    let split = place.rsplit_once(':');
    let parsed = split.and_then(|(file, line)| Some((file, line.parse().ok()?)));
    parsed.unwrap_or((place, 0))
}
