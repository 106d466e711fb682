//! Gathers what the threads find: one finding a credential, with its places, in an order that does not depend on the
//! threads.

mod assemble;
mod prose;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::{Scan, alarm, veil};
use crate::canary::Planted;
use crate::engine::{Emission, Kept, Reason, Scratch, Verdict};
use crate::model::{
    Dropped, Event, Finding, Fingerprint, GitHistory, Location, Named, Origin, RuleInfo, Salt,
    Secret, Severity, Skip, SkipKind, Summary, identity, mask,
};
use crate::rule::Rule;
use crate::suppress::Sighting;

/// Skips of one kind, and dropped candidates, that are listed; those beyond are counted.
const LISTED: usize = 10_000;

/// Takes what all threads find.
pub struct Collector<'s> {
    scan: &'s Scan<'s>,
    salt: Salt,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    findings: HashMap<Fingerprint, Entry>,
    /// What is reported only as a part of a finding.
    identifiers: HashMap<Fingerprint, Entry>,
    /// Findings in the order in which they were found, that have not been handed out; only where that is wanted.
    new: Vec<Fingerprint>,
    rules: HashMap<u16, Arc<RuleInfo>>,
    /// Secrets in names that have been told of: whose name, and where in it.
    names: HashSet<(Origin, u64)>,
    histories: HashMap<Fingerprint, GitHistory>,
    notes: Vec<String>,
    below: u64,
    examples: u64,
    /// Places of credentials beyond the limit, and the input of the first.
    beyond: Option<(Origin, u64)>,
    skips: BTreeMap<SkipKind, (u64, Vec<Skip>)>,
    dropped: Vec<Dropped>,
    /// Dropped candidates beyond those.
    unlisted: u64,
}

/// One credential so far.
#[derive(Clone)]
struct Entry {
    rule: u16,
    secret: Secret,
    /// The judgement of the place that was judged most severely, and that place.
    kept: Kept,
    best: Key,
    locations: BTreeMap<Key, Location>,
    count: u64,
    accepted: u64,
    /// Whether it has been handed out.
    told: bool,
}

/// Places that are not accepted come first, so that the limit takes others before them.
type Key = (bool, Origin, u64);

/// One place, judged.
struct Place<'a> {
    rule: u16,
    secret: &'a [u8],
    kept: &'a Kept,
    fingerprint: Fingerprint,
    location: Location,
}

impl<'s> Collector<'s> {
    /// Nothing yet.
    pub fn new(scan: &'s Scan<'s>) -> Collector<'s> {
        Collector {
            scan,
            salt: Salt::default(),
            inner: Mutex::default(),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A thread that panicked with the lock left a finding out at worst.
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Takes an input that is not scanned.
    pub fn skip(&self, skip: Skip) {
        let mut inner = self.inner();
        let (count, listed) = inner.skips.entry(skip.kind).or_default();
        *count += 1;
        if listed.len() < LISTED {
            listed.push(skip);
        }
    }

    /// Takes a candidate found in `origin`. Tells which credential it is if it is one that is reported.
    pub fn take(&self, origin: &Origin, emission: &Emission<'_>) -> Option<Fingerprint> {
        match &emission.candidate.verdict {
            Verdict::Keep(kept) => {
                let secret = || identity(emission.secret);
                let canary = self
                    .scan
                    .canaries
                    .and_then(|known| known.matches(&secret()));
                let rule = self.rule(emission.candidate.rule);
                let alone = rule.alone;
                let kept = &*prose::judged(rule, origin, kept);
                match canary {
                    Some(canary) => {
                        let raised = alarm::raised(kept, canary);
                        Some(self.keep(origin, emission, &raised, Some(canary)))
                    }
                    None if kept.example && !self.scan.engine.shows_examples() => {
                        self.inner().examples += 1;
                        None
                    }
                    None if kept.confidence < self.scan.options.min_confidence && alone => {
                        self.inner().below += 1;
                        None
                    }
                    None => Some(self.keep(origin, emission, kept, None)),
                }
            }
            Verdict::Drop(reason) => {
                self.drop(origin, emission, reason);
                None
            }
        }
    }

    /// Looks at the name of something. A secret in it is told of the shortest path that holds it.
    pub fn name(&self, what: Named, name: &str, scratch: &mut Scratch) {
        let engine = self.scan.engine;
        engine.examine("", name.as_bytes(), scratch, &mut |emission| {
            let end = emission.candidate.secret.end as usize;
            let folder = name.as_bytes()[end..].iter().position(|&byte| byte == b'/');
            let origin = match folder {
                Some(more) if what == Named::File => {
                    let folder = String::from_utf8_lossy(&name.as_bytes()[..end + more]);
                    Origin::name_of(Named::Directory, &folder)
                }
                _ => Origin::name_of(what, name),
            };
            let place = (origin.clone(), emission.start.offset);
            // A directory is met with each of its files.
            if !emission.candidate.kept() || self.inner().names.insert(place) {
                self.take(&origin, &emission);
            }
        });
    }

    /// Takes something that people are to be told.
    pub fn note(&self, note: String) {
        self.inner().notes.push(note);
    }

    /// Takes what is known of how credentials stand in a repository's history.
    pub fn add_histories(&self, histories: HashMap<Fingerprint, GitHistory>) {
        self.inner().histories.extend(histories);
    }

    fn rule(&self, index: u16) -> &'s Rule {
        &self.scan.engine.rules().rules()[index as usize]
    }

    fn keep(
        &self,
        origin: &Origin,
        emission: &Emission<'_>,
        kept: &Kept,
        canary: Option<&Planted>,
    ) -> Fingerprint {
        let secret = identity(emission.secret);
        let rule = self.rule(emission.candidate.rule);
        let fingerprint = Fingerprint::new(&self.salt, &rule.id, &secret);
        let accepted = match canary {
            // Nobody can allow a canary but whoever planted it, and only there.
            Some(canary) => alarm::at_home(canary, origin, self.scan.root),
            None => self.scan.policy.accept(&Sighting {
                rule: &rule.id,
                path: &self.scan.root.path(origin.path()),
                secret: &secret,
                line: &emission.around[emission.line()],
                previous_line: emission.previous_line(),
                fingerprint,
            }),
        };
        if accepted.is_none() && rule.alone {
            self.scan.progress.found.fetch_add(1, Ordering::Relaxed);
        }
        let place = (accepted.is_some(), origin, emission.start.offset);
        if canary.is_none() && rule.alone && self.only_counts(fingerprint, kept, place) {
            return fingerprint;
        }
        let location = Location {
            origin: origin.clone(),
            start: emission.start,
            end: emission.end,
            encoding: emission.candidate.coded.as_ref().map(|c| c.encoding),
            snippet: veil::snippet(emission),
            accepted,
            parts: Vec::new(),
        };
        let rule = emission.candidate.rule;
        self.add(Place {
            rule,
            secret: &secret,
            kept: &alarm::foreign(veil::judgement(kept, emission), &secret),
            fingerprint,
            location,
        });
        fingerprint
    }

    /// Counts a place of a credential that is known and has as many places before this one as are listed: nothing else
    /// need be known of it.
    fn only_counts(
        &self,
        fingerprint: Fingerprint,
        kept: &Kept,
        place: (bool, &Origin, u64),
    ) -> bool {
        let mut inner = self.inner();
        let Some(entry) = inner.findings.get_mut(&fingerprint) else {
            return false;
        };
        let full = entry.locations.len() >= self.scan.options.max_locations.max(1);
        let last = entry.locations.last_key_value().map(|(key, _)| key);
        let behind = last.is_some_and(|last| place > (last.0, &last.1, last.2));
        let known =
            (kept.severity, kept.confidence) <= (entry.kept.severity, entry.kept.confidence);
        if !(full && behind && known) || self.scan.options.live {
            return false;
        }
        entry.count += 1;
        entry.accepted += u64::from(place.0);
        true
    }

    fn add(&self, place: Place<'_>) {
        let options = self.scan.options;
        let mut guard = self.inner();
        let inner = &mut *guard;
        let alone = self.rule(place.rule).alone;
        let findings = match alone {
            true => &mut inner.findings,
            false => &mut inner.identifiers,
        };
        let full = findings.len() >= options.max_findings;
        let accepted = place.location.accepted.is_some();
        let key = (
            accepted,
            place.location.origin.clone(),
            place.location.start.offset,
        );
        let entry = match findings.get_mut(&place.fingerprint) {
            Some(entry) => entry,
            None if full && !alone => return,
            None if full => {
                let beyond = inner.beyond.get_or_insert((place.location.origin, 0));
                beyond.1 += 1;
                return;
            }
            None => findings.entry(place.fingerprint).or_insert_with(|| Entry {
                rule: place.rule,
                secret: Secret::new(place.secret),
                kept: place.kept.clone(),
                best: key.clone(),
                locations: BTreeMap::new(),
                count: 0,
                accepted: 0,
                told: false,
            }),
        };
        let rank = |kept: &Kept| (kept.severity, kept.confidence);
        let (mine, best) = (rank(place.kept), rank(&entry.kept));
        if mine > best || mine == best && key < entry.best {
            (entry.kept, entry.best) = (place.kept.clone(), key.clone());
        }
        if options.live && alone && !accepted && entry.count == entry.accepted {
            inner.new.push(place.fingerprint);
        }
        entry.count += 1;
        entry.accepted += u64::from(accepted);
        entry.locations.insert(key, place.location);
        if entry.locations.len() > options.max_locations.max(1) {
            entry.locations.pop_last();
        }
    }

    fn drop(&self, origin: &Origin, emission: &Emission<'_>, reason: &Reason) {
        let rule = self.rule(emission.candidate.rule);
        let mut inner = self.inner();
        if inner.dropped.len() == LISTED {
            inner.unlisted += 1;
            return;
        }
        let rule = info(&mut inner.rules, emission.candidate.rule, rule);
        inner.dropped.push(Dropped {
            rule,
            origin: origin.clone(),
            start: emission.start,
            masked: mask(emission.secret),
            reason: reason.to_string(),
        });
    }

    /// Hands out what was found since the last time, except for what is accepted.
    pub fn hand_out_new(&self, sink: &mut dyn FnMut(Event)) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        for fingerprint in inner.new.drain(..) {
            let Some(entry) = inner.findings.get_mut(&fingerprint) else {
                continue;
            };
            entry.told = true;
            let rule = info(&mut inner.rules, entry.rule, self.rule(entry.rule));
            sink(Event::Found(entry.clone().finding(fingerprint, rule)));
        }
    }

    /// Hands everything out in order, except for what has been handed out, and sums it up.
    pub fn finish(self, sink: &mut dyn FnMut(Event)) -> Summary {
        let mut paths = veil::Paths::new(self.scan);
        let mut inner = self
            .inner
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(skip) = inner.beyond_limit(self.scan.options.max_findings) {
            inner.skips.insert(skip.kind, (1, vec![skip]));
        }
        assemble::assemble(&mut inner.findings, &inner.identifiers, |index| {
            &self.scan.engine.rules().rules()[index as usize]
        });
        let mut summary = Summary {
            below_confidence: inner.below,
            notes: std::mem::take(&mut inner.notes),
            ..Summary::default()
        };
        if inner.unlisted > 0 {
            let text = format!("{} more dropped candidates are not listed", inner.unlisted);
            summary.notes.push(text);
        }
        if inner.examples > 0 {
            let text = match inner.examples {
                1 => "1 example that a provider publishes is not reported (--show-examples)"
                    .to_owned(),
                n => format!(
                    "{n} examples that providers publish are not reported (--show-examples)"
                ),
            };
            summary.notes.push(text);
        }
        inner.dropped.sort_by(|a, b| {
            (&a.origin, a.start, &a.rule.id).cmp(&(&b.origin, b.start, &b.rule.id))
        });
        inner.dropped.into_iter().for_each(|mut dropped| {
            paths.veil(&mut dropped.origin);
            sink(Event::Dropped(dropped));
        });
        let mut rules = inner.rules;
        let mut findings: Vec<(bool, Finding)> = inner
            .findings
            .into_iter()
            .map(|(fingerprint, entry)| {
                let rule = &self.scan.engine.rules().rules()[entry.rule as usize];
                let rule = info(&mut rules, entry.rule, rule);
                let told = entry.told;
                let mut finding = entry.finding(fingerprint, rule);
                let places = finding.locations.iter_mut();
                places.for_each(|place| paths.veil(&mut place.origin));
                finding.history = inner.histories.remove(&fingerprint);
                (told, finding)
            })
            .collect();
        findings.sort_by(|(_, a), (_, b)| order(a).cmp(&order(b)));
        count(&findings, &mut summary);
        let untold = findings.into_iter().filter(|(told, _)| !told);
        untold.for_each(|(_, finding)| sink(Event::Found(finding)));
        for (kind, (count, mut skips)) in inner.skips {
            if !kind.is_policy() && !self.scan.options.allow_incomplete.contains(&kind) {
                summary.incomplete.push(phrase(kind, count));
            }
            summary.skipped.push((kind, count));
            skips.sort_by(|a, b| a.origin.cmp(&b.origin));
            skips.into_iter().for_each(|mut skip| {
                paths.veil(&mut skip.origin);
                sink(Event::Skipped(skip));
            });
        }
        summary
    }
}

impl Inner {
    /// What is to be reported where there are more credentials than `limit`.
    fn beyond_limit(&mut self, limit: usize) -> Option<Skip> {
        let (origin, count) = self.beyond.take()?;
        let (places, are) = if count == 1 {
            ("place", "is")
        } else {
            ("places", "are")
        };
        let detail = format!(
            "more than {limit} different credentials: {count} {places} of others {are} not listed; \
             raise --max-findings"
        );
        Some(Skip {
            origin,
            kind: SkipKind::TooManyFindings,
            detail,
        })
    }
}

fn order(finding: &Finding) -> (&Origin, crate::model::Position, &str) {
    let location = finding.primary();
    (&location.origin, location.start, &finding.rule.id)
}

fn count(findings: &[(bool, Finding)], summary: &mut Summary) {
    for severity in Severity::ALL.into_iter().rev() {
        let counts = |f: &Finding| !f.is_accepted() && f.severity == severity;
        let count = findings
            .iter()
            .filter(|(_, finding)| counts(finding))
            .count();
        if count > 0 {
            summary.findings.push((severity, count as u64));
        }
    }
    let accepted = findings.iter().filter(|(_, finding)| finding.is_accepted());
    summary.accepted = accepted.count() as u64;
}

/// Why the run is not complete, for people.
fn phrase(kind: SkipKind, count: u64) -> String {
    let (one, many) = match kind {
        SkipKind::Unreadable => ("input could not be read", "inputs could not be read"),
        SkipKind::Vanished => (
            "file vanished before it was read",
            "files vanished before they were read",
        ),
        SkipKind::Changed => (
            "file shrank while it was read",
            "files shrank while they were read",
        ),
        SkipKind::Panicked => (
            "file could not be scanned: a defect",
            "files could not be scanned: a defect",
        ),
        SkipKind::Shallow => ("shallow clone", "shallow clones"),
        SkipKind::PartialClone => (
            "object of a partial clone is not here, or several",
            "objects of a partial clone are not here",
        ),
        SkipKind::MissingObject => ("object is missing", "objects are missing"),
        SkipKind::CorruptObject => ("object is broken", "objects are broken"),
        SkipKind::UnreadablePack => (
            "part of the object store could not be read",
            "parts of the object store could not be read",
        ),
        SkipKind::UnknownRevision => ("revision does not exist", "revisions do not exist"),
        SkipKind::ForeignOwner => (
            "repository belongs to another user",
            "repositories belong to another user",
        ),
        _ => return "the list of findings is cut".to_owned(),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Entry {
    fn finding(self, fingerprint: Fingerprint, rule: Arc<RuleInfo>) -> Finding {
        let mut locations: Vec<Location> = self.locations.into_values().collect();
        locations.sort_by(|a, b| (&a.origin, a.start).cmp(&(&b.origin, b.start)));
        Finding {
            rule,
            severity: self.kept.severity,
            confidence: self.kept.confidence,
            fingerprint,
            masked: mask(self.secret.expose()),
            example: self.kept.example,
            secret: self.secret,
            reasons: self.kept.evidence.iter().map(ToString::to_string).collect(),
            locations,
            location_count: self.count,
            accepted_count: self.accepted,
            history: None,
        }
    }
}

fn info(known: &mut HashMap<u16, Arc<RuleInfo>>, index: u16, rule: &Rule) -> Arc<RuleInfo> {
    let info = known.entry(index).or_insert_with(|| Arc::new(rule.info()));
    Arc::clone(info)
}
