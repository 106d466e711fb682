//! What `redact` and `exec` have covered: counted, written down, and told where it is a canary.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use keysieve::audit::{Decision, Log, Verdict};
use keysieve::canary::Register;
use keysieve::model::{Fingerprint, Severity};
use keysieve::redact::Found;

use super::audit::{AuditArgs, masked};
use super::{Failure, canary};

/// Credentials that have a record of their own; more are only counted. It bounds the record of a run, and its memory.
const LISTED: usize = 1000;

/// What is told and written down of that which is covered.
#[derive(Debug, Args)]
pub struct TallyArgs {
    /// Raise an alarm for the canaries of this register. Default: KEYSIEVE_CANARIES, or that of `keysieve canary`.
    #[arg(long, value_name = "FILE")]
    pub canaries: Option<PathBuf>,
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// What was covered.
#[derive(Default)]
pub struct Tally {
    by_rule: BTreeMap<Arc<str>, u64>,
    /// The credentials that have a record, by rule and value.
    recorded: HashSet<Fingerprint>,
    /// The canaries that were told, by their ids.
    told: HashSet<String>,
    log: Option<Log<'static>>,
    canaries: Option<Register>,
    common: Decision,
    /// Alarms that wait until the terminal is ours again.
    later: Option<Vec<String>>,
    failure: Option<Failure>,
}

impl Tally {
    /// An empty one. `common` is what all its records have; its context says what is redacted, and holds no secret.
    pub fn new(args: &TallyArgs, common: Decision) -> Result<Tally, Failure> {
        Ok(Tally {
            // An agent's command is done on the same behalf as its hooks say.
            log: match common.agent {
                Some(_) => args.audit.open_quickly(&masked)?,
                None => args.audit.open(&masked)?,
            },
            canaries: canary::register(args.canaries.as_deref())?,
            common: Decision {
                verdict: Verdict::Redact,
                ..common
            },
            ..Tally::default()
        })
    }

    /// Says alarms at the end rather than at once: somebody else has the terminal until then.
    pub fn quiet_until_end(mut self, quiet: bool) -> Tally {
        self.later = quiet.then(Vec::new);
        self
    }

    /// Takes what was found. What goes wrong with the record keeps nothing back: [`Tally::finish`] tells of it.
    pub fn count(&mut self, all: &[Found]) {
        for found in all {
            *self.by_rule.entry(Arc::clone(&found.rule)).or_default() += 1;
            let canary = self.canaries.as_ref();
            let canary = canary.and_then(|known| known.matches(found.secret.expose()));
            let canary = canary.map(|planted| (planted.id.clone(), planted.describe()));
            if let Some((id, what)) = &canary
                && self.told.insert(id.clone())
            {
                self.tell(&found.rule, what);
            }
            self.record(found, canary.map(|(_, what)| what));
        }
    }

    fn tell(&mut self, rule: &str, what: &str) {
        let alarm = format!("alarm: a secret that was redacted ({rule}) {what}");
        match &mut self.later {
            Some(later) => later.push(alarm),
            None => super::complain(&alarm),
        }
    }

    fn record(&mut self, found: &Found, canary: Option<String>) {
        let (Some(log), None) = (&mut self.log, &self.failure) else {
            return;
        };
        // A canary always has one.
        let is_full = self.recorded.len() >= LISTED && canary.is_none();
        if is_full || !self.recorded.insert(found.fingerprint) {
            return;
        }
        let kept = log.append(&Decision {
            rule: Some(found.rule.to_string()),
            severity: Some(match canary {
                Some(_) => Severity::Critical,
                None => found.severity,
            }),
            credential: Some(log.fingerprint(&found.rule, found.secret.expose())),
            result: match canary {
                Some(what) => format!("alarm: {what}; redacted"),
                None => "redacted".to_owned(),
            },
            ..self.common.clone()
        });
        self.failure = kept.err().map(Failure::from);
    }

    /// How many secrets there were.
    pub fn total(&self) -> u64 {
        self.by_rule.values().sum()
    }

    /// The end of the run, which came as `outcome` says: the last record has the counts.
    pub fn finish(&mut self, outcome: &str) -> Result<(), Failure> {
        for alarm in self.later.take().unwrap_or_default() {
            super::complain(&alarm);
        }
        if let (Some(log), None) = (&mut self.log, &self.failure) {
            let verdict = match self.by_rule.is_empty() {
                true => Verdict::Allow,
                false => Verdict::Redact,
            };
            let kept = log.append(&Decision {
                verdict,
                result: format!("{outcome}; redacted {}", said(&self.by_rule)),
                ..self.common.clone()
            });
            self.failure = kept.err().map(Failure::from);
        }
        match self.failure.take() {
            Some(Failure(why)) => Err(Failure(format!("the record could not be kept: {why}"))),
            None => Ok(()),
        }
    }

    /// Says what was redacted.
    pub fn say(&self) {
        // Nobody reads it if it cannot be written.
        let _ = writeln!(io::stderr(), "keysieve: redacted {}", said(&self.by_rule));
    }
}

/// `3 secrets: 2 github-pat, 1 known-value`.
fn said(by_rule: &BTreeMap<Arc<str>, u64>) -> String {
    let rules: Vec<String> = by_rule
        .iter()
        .map(|(rule, count)| format!("{count} {rule}"))
        .collect();
    match by_rule.values().sum::<u64>() {
        0 => "nothing".to_owned(),
        1 => format!("1 secret: {}", rules.join(", ")),
        total => format!("{total} secrets: {}", rules.join(", ")),
    }
}
