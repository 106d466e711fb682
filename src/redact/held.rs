//! What one pass holds back of its text, and lets go.

use std::ops::Range;
use std::sync::Arc;

use super::cover::{Cluster, Cover, What, take_first};
use super::pass::Onward;
use super::{Covered, Found, KNOWN, Redactor};
use crate::engine::{Candidate, Verdict};
use crate::model::{Fingerprint, Salt, Secret, Severity, identity, mask};

/// What has come and not gone, and what is to be covered of it.
#[derive(Debug, Default)]
pub struct Held {
    /// What is held back, from `gone` on.
    bytes: Vec<u8>,
    gone: u64,
    /// What is to be covered there.
    pub covers: Vec<Cover>,
    /// What stands before this offset was shown because it had been typed.
    shown: u64,
    /// Whether the placeholder of the first of it stands, and the rest is dropped as it comes.
    swallowing: bool,
}

/// What stands in a stretch's place, and what was found in it.
#[derive(Debug)]
pub struct Report {
    /// The stretch.
    pub covered: Covered,
    /// By position.
    pub found: Vec<Found>,
}

impl Held {
    /// What is held back.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the rest of a secret is dropped as it comes.
    pub fn is_swallowing(&self) -> bool {
        self.swallowing
    }

    /// Takes more text.
    pub fn extend(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Passes over what is no text, or was let go elsewhere; nothing is held back.
    pub fn resume(&mut self, at: u64) {
        self.gone = at;
    }

    /// Lets go all of it, whatever it may become; what it turns out to begin is covered from there on.
    pub fn show(&mut self, onward: &mut Onward<'_, '_>) {
        onward.text(&self.bytes);
        self.forget(self.bytes.len());
        self.shown = self.gone;
    }

    /// Lets everything before `safe` go, with placeholders.
    pub fn let_go(&mut self, by: &Redactor<'_>, safe: u64, onward: &mut Onward<'_, '_>) {
        let engine = by.ahead.engine();
        let mut covers = std::mem::take(&mut self.covers);
        if !self.swallowing {
            covers.retain(|cover| cover.range.end > self.shown);
            for cover in &mut covers {
                cover.range.start = cover.range.start.max(self.shown);
            }
        }
        covers.sort_by_key(|cover| cover.range.start);
        let end = self.gone + self.bytes.len() as u64;
        onward.open = safe < end || !covers.is_empty();
        let mut covers = covers.into_iter().peekable();
        let mut used = 0;
        let mut until = (safe.max(self.gone) - self.gone) as usize;
        while let Some(mut cluster) = take_first(&mut covers) {
            let begun = std::mem::take(&mut self.swallowing);
            assert!(
                begun || cluster.range.start >= self.gone,
                "a secret was found behind what has been let go"
            );
            let over = cluster.range.end <= safe;
            let begins = over || cluster.is_long() && cluster.range.start < safe;
            if begins && !begun {
                let from = (cluster.range.start - self.gone) as usize;
                onward.text(&self.bytes[used..from]);
                used = from;
                onward.cover(placeholder(by, &cluster).as_bytes(), true);
            }
            if over {
                used = (cluster.range.end - self.gone) as usize;
                let at = cluster.range.end;
                onward.over(at, Some(report(by, cluster)));
                continue;
            }
            // It goes on. Once its placeholder stands, what comes of it is dropped.
            match begins || begun {
                true => used = until.max(used),
                false => until = until.min((cluster.range.start - self.gone) as usize),
            }
            self.swallowing = begins || begun;
            cluster.forget_hidden(engine, safe);
            self.covers.extend(cluster.covers);
            break;
        }
        self.covers.extend(covers);
        let until = until.max(used);
        onward.text(&self.bytes[used..until]);
        self.forget(until);
    }

    fn forget(&mut self, length: usize) {
        self.bytes.drain(..length);
        self.gone += length as u64;
    }
}

fn placeholder(by: &Redactor<'_>, cluster: &Cluster) -> String {
    let engine = by.ahead.engine();
    match cluster.named(engine) {
        What::Rule(candidate, secret) => {
            let rule = &engine.rules().rules()[candidate.rule as usize];
            by.placeholders.of(&rule.id, &identity(secret.expose()))
        }
        What::Known(value) => {
            let (_, secret) = by.known.value(*value);
            by.placeholders.of(KNOWN, secret.expose())
        }
    }
}

/// What was found in a cluster that is over.
fn report(by: &Redactor<'_>, cluster: Cluster) -> Report {
    let engine = by.ahead.engine();
    let covered = Covered {
        range: cluster.range.clone(),
        placeholder: placeholder(by, &cluster),
    };
    let (mut plain, mut views, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = Vec::new();
    let cluster = cluster.without_hidden(engine);
    for cover in cluster.covers {
        match cover.what {
            What::Known(value) => found.push(found_known(by, value, cover.range)),
            What::Rule(candidate, secret) => {
                secrets.push((candidate.rule, candidate.secret.clone(), secret));
                let kind = match candidate.decoded {
                    None => &mut plain,
                    Some(_) => &mut views,
                };
                kind.push(candidate);
            }
        }
    }
    let mut winners = engine.winners(plain);
    winners.extend(engine.winners(views));
    for winner in winners {
        let same = secrets
            .iter()
            .find(|(rule, range, _)| *rule == winner.rule && *range == winner.secret);
        if let Some((.., secret)) = same {
            found.push(found_rule(by, &winner, secret));
        }
    }
    found.sort_by_key(|found| (found.span.start, found.span.end));
    found.dedup();
    Report { covered, found }
}

fn found_rule(by: &Redactor<'_>, candidate: &Candidate, secret: &Secret) -> Found {
    let rule = &by.ahead.engine().rules().rules()[candidate.rule as usize];
    let severity = match &candidate.verdict {
        Verdict::Keep(kept) => kept.severity,
        Verdict::Drop(_) => rule.severity,
    };
    Found {
        rule: Arc::from(&*rule.id),
        description: Arc::from(&*rule.description),
        severity,
        span: candidate.secret.clone(),
        fingerprint: Fingerprint::new(&Salt::default(), &rule.id, &identity(secret.expose())),
        masked: mask(secret.expose()),
        secret: Secret::new(&identity(secret.expose())),
    }
}

fn found_known(by: &Redactor<'_>, value: usize, span: Range<u64>) -> Found {
    let (origin, secret) = by.known.value(value);
    Found {
        rule: Arc::from(KNOWN),
        description: Arc::clone(origin),
        severity: Severity::High,
        span,
        fingerprint: Fingerprint::new(&Salt::default(), KNOWN, secret.expose()),
        masked: mask(secret.expose()),
        secret: secret.clone(),
    }
}
