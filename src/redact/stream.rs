//! Redaction of a stream, chunk by chunk.

use std::sync::Arc;

use super::cover::{Cluster, Cover, What, take_first};
use super::known::Watcher;
use super::{Covered, Found, KNOWN, Redacted, Redactor};
use crate::engine::{Candidate, Scratch, Sighting, Watch};
use crate::model::{Fingerprint, Salt, Secret, Severity, identity, mask};

/// The most bytes of an echo that are shown although they may begin a secret.
const ECHO: usize = 8;

/// A stream that is being redacted.
///
/// What is fed comes out as soon as it can no longer be a secret. One that is dropped without [`RedactStream::finish`]
/// keeps what it holds back to itself.
#[derive(Debug)]
pub struct RedactStream<'r> {
    redactor: &'r Redactor<'r>,
    scratch: Scratch,
    watch: Watch<'r>,
    known: Option<Watcher<'r>>,
    /// What has come and not gone, from `gone` on.
    held: Vec<u8>,
    gone: u64,
    /// What is to be covered there.
    covers: Vec<Cover>,
    /// What stands before this offset was shown because it had been typed.
    shown: u64,
    /// Whether the placeholder of the first of it stands, and the rest is dropped as it comes.
    swallowing: bool,
}

impl<'r> RedactStream<'r> {
    pub(super) fn new(redactor: &'r Redactor<'_>) -> RedactStream<'r> {
        RedactStream {
            redactor,
            scratch: redactor.ahead.engine().scratch(),
            watch: Watch::new(&redactor.ahead),
            known: redactor.known.watcher(),
            held: Vec::new(),
            gone: 0,
            covers: Vec::new(),
            shown: 0,
            swallowing: false,
        }
    }

    /// Takes the next chunk, and appends to `out` what can be let go.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Redacted) {
        self.take(chunk, false, out);
    }

    /// The stream has ended: appends the rest to `out`.
    pub fn finish(mut self, out: &mut Redacted) {
        self.take(&[], true, out);
    }

    /// Lets go what is held back if it is short and a piece of `typed`, what was typed at a terminal of late: whoever
    /// typed it waits for its echo, and knows it. What it turns out to be the beginning of is covered from there on.
    pub fn echo(&mut self, typed: &[u8], out: &mut Redacted) {
        let held = &self.held[..];
        let is_typed = memchr::memmem::find(typed, held).is_some();
        if self.swallowing || held.is_empty() || held.len() > ECHO || !is_typed {
            return;
        }
        out.text.extend_from_slice(held);
        self.forget(self.held.len());
        self.shown = self.gone;
    }

    /// How many bytes have come and not gone.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The last chunk of the stream.
    pub(super) fn last(mut self, chunk: &[u8], out: &mut Redacted) {
        self.take(chunk, true, out);
    }

    /// What rules that know a file by its name find in it.
    pub(super) fn expect(&mut self, name: &str, text: &[u8]) {
        for candidate in self.redactor.ahead.engine().of_file(name, text) {
            let range = candidate.secret.start as usize..candidate.secret.end as usize;
            let secret = Secret::new(&text[range]);
            self.covers.push(Cover {
                range: candidate.secret.clone(),
                what: What::Rule(candidate, secret),
            });
        }
    }

    fn take(&mut self, chunk: &[u8], finish: bool, out: &mut Redacted) {
        self.held.extend_from_slice(chunk);
        let covers = &mut self.covers;
        let mut sight = |sighting: Sighting<'_>| see(covers, &sighting);
        match finish {
            false => self.watch.feed(chunk, &mut self.scratch, &mut sight),
            true => self.watch.finish(chunk, &mut self.scratch, &mut sight),
        }
        let mut safe = self.watch.safe();
        if let Some(known) = &mut self.known {
            known.feed(chunk, &mut |range, value| {
                covers.push(Cover {
                    range,
                    what: What::Known(value),
                });
            });
            if !finish {
                safe = safe.min(known.safe());
            }
        }
        self.let_go(safe, out);
    }

    /// Lets everything before `safe` go, with placeholders.
    fn let_go(&mut self, safe: u64, out: &mut Redacted) {
        let mut covers = std::mem::take(&mut self.covers);
        if !self.swallowing {
            covers.retain(|cover| cover.range.end > self.shown);
            for cover in &mut covers {
                cover.range.start = cover.range.start.max(self.shown);
            }
        }
        covers.sort_by_key(|cover| cover.range.start);
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
                out.text.extend_from_slice(&self.held[used..from]);
                used = from;
                let placeholder = self.placeholder(&cluster);
                out.text.extend_from_slice(placeholder.as_bytes());
            }
            if over {
                used = (cluster.range.end - self.gone) as usize;
                self.report(cluster, out);
                continue;
            }
            // It goes on. Once its placeholder stands, what comes of it is dropped.
            match begins || begun {
                true => used = until.max(used),
                false => until = until.min((cluster.range.start - self.gone) as usize),
            }
            self.swallowing = begins || begun;
            cluster.forget_hidden(self.redactor.ahead.engine(), safe);
            self.covers.extend(cluster.covers);
            break;
        }
        self.covers.extend(covers);
        let until = until.max(used);
        out.text.extend_from_slice(&self.held[used..until]);
        self.forget(until);
    }

    fn forget(&mut self, length: usize) {
        self.held.drain(..length);
        self.gone += length as u64;
    }

    fn placeholder(&self, cluster: &Cluster) -> String {
        let engine = self.redactor.ahead.engine();
        let placeholders = &self.redactor.placeholders;
        match cluster.named(engine) {
            What::Rule(candidate, secret) => {
                let rule = &engine.rules().rules()[candidate.rule as usize];
                placeholders.of(&rule.id, &identity(secret.expose()))
            }
            What::Known(value) => {
                let (_, secret) = self.redactor.known.value(*value);
                placeholders.of(KNOWN, secret.expose())
            }
        }
    }

    /// Reports what was found in a cluster that is over.
    fn report(&self, cluster: Cluster, out: &mut Redacted) {
        let engine = self.redactor.ahead.engine();
        out.covered.push(Covered {
            range: cluster.range.clone(),
            placeholder: self.placeholder(&cluster),
        });
        let (mut plain, mut views, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = Vec::new();
        let cluster = cluster.without_hidden(engine);
        for cover in cluster.covers {
            match cover.what {
                What::Known(value) => found.push(self.found_known(value, cover.range)),
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
                found.push(self.found_rule(&winner, secret));
            }
        }
        found.sort_by_key(|found| (found.span.start, found.span.end));
        found.dedup();
        out.found.append(&mut found);
    }

    fn found_rule(&self, candidate: &Candidate, secret: &Secret) -> Found {
        let rule = &self.redactor.ahead.engine().rules().rules()[candidate.rule as usize];
        let severity = match &candidate.verdict {
            crate::engine::Verdict::Keep(kept) => kept.severity,
            crate::engine::Verdict::Drop(_) => rule.severity,
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

    fn found_known(&self, value: usize, span: std::ops::Range<u64>) -> Found {
        let (origin, secret) = self.redactor.known.value(value);
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
}

/// Takes down what the engine has seen; the end of what went on takes its beginning's place.
fn see(covers: &mut Vec<Cover>, sighting: &Sighting<'_>) {
    let candidate = sighting.candidate;
    let begun = covers.iter_mut().find_map(|cover| match &mut cover.what {
        What::Rule(open, _) if open.open && open.rule == candidate.rule => {
            (open.secret.start == candidate.secret.start).then_some((&mut cover.range, open))
        }
        _ => None,
    });
    match begun {
        Some((range, open)) if !candidate.open => {
            range.end = sighting.cover.end;
            let decoded = open.decoded.take();
            *open = Candidate {
                decoded,
                ..candidate.clone()
            };
        }
        Some(_) => {}
        None => {
            covers.push(Cover {
                range: sighting.cover.clone(),
                what: What::Rule(candidate.clone(), Secret::new(sighting.secret)),
            });
        }
    }
}
