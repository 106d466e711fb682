//! Summing a log up: by agent, by rule, by day.

use std::collections::{BTreeMap, BTreeSet};

use super::unusual::{History, Unusual, seconds};
use super::{Record, Verdict};

/// What stands for records without an agent.
const NO_AGENT: &str = "-";

/// Records of one agent, one rule or one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub records: u64,
    /// Those that were denied.
    pub denied: u64,
    /// Those out of which a credential was taken.
    pub redacted: u64,
    /// Different credentials.
    pub credentials: u64,
    /// The time of the first.
    pub first: String,
    /// The time of the last.
    pub last: String,
}

/// A log, summed up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// All records since the time that was asked for.
    pub all: Count,
    /// By agent; `-` for those without one.
    pub agents: BTreeMap<String, Count>,
    /// By rule.
    pub rules: BTreeMap<String, Count>,
    /// By day, UTC.
    pub days: BTreeMap<String, Count>,
    /// By hour of the day, UTC.
    pub hours: [u64; 24],
    /// What is unusual, in the order of the log.
    pub unusual: Vec<Unusual>,
}

/// Sums up record by record.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Seconds since 1970 from which on records are counted; those before are history.
    since: u64,
    summary: Summary,
    history: History,
    /// The credentials of each count: of all, of agents, of rules, of days.
    seen: BTreeSet<(u8, String, String)>,
}

impl Analysis {
    /// Counts records from `since` on, in seconds since 1970. What was before is only what later records are held
    /// against.
    pub fn new(since: u64) -> Analysis {
        Analysis {
            since,
            ..Analysis::default()
        }
    }

    /// Takes the record at `line` in.
    pub fn take(&mut self, line: u64, record: &Record) {
        let agent = record.agent.as_deref().unwrap_or(NO_AGENT);
        let unusual = self.history.take(line, agent, record);
        let now = seconds(record);
        if now < self.since {
            return;
        }
        self.summary.unusual.extend(unusual);
        self.summary.hours[(now / 3600 % 24) as usize] += 1;
        let day = record.time.get(..10).unwrap_or_default();
        let Summary {
            all,
            agents,
            rules,
            days,
            ..
        } = &mut self.summary;
        let mut counts = vec![
            (0, "", all),
            (1, agent, agents.entry(agent.to_owned()).or_default()),
            (2, day, days.entry(day.to_owned()).or_default()),
        ];
        if let Some(rule) = &record.rule {
            counts.push((3, rule, rules.entry(rule.clone()).or_default()));
        }
        for (kind, name, count) in counts {
            let credential = record.credential.as_ref();
            let new = credential.is_some_and(|credential| {
                self.seen
                    .insert((kind, name.to_owned(), credential.clone()))
            });
            count.add(record, new);
        }
    }

    /// What it comes to.
    pub fn finish(self) -> Summary {
        self.summary
    }
}

impl Count {
    fn add(&mut self, record: &Record, new_credential: bool) {
        let is = |verdict: Verdict| u64::from(record.decision == verdict.name());
        self.records += 1;
        self.denied += is(Verdict::Deny);
        self.redacted += is(Verdict::Redact);
        self.credentials += u64::from(new_credential);
        if self.records == 1 {
            self.first.clone_from(&record.time);
        }
        self.last.clone_from(&record.time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_agent_rule_and_day_from_a_time_on() {
        let record =
            |day: u32, agent: &str, rule: &str, credential: &str, decision: Verdict| Record {
                time: format!("2026-11-{day:02}T09:30:00.000Z"),
                agent: (!agent.is_empty()).then(|| agent.to_owned()),
                rule: (!rule.is_empty()).then(|| rule.to_owned()),
                credential: (!credential.is_empty()).then(|| credential.to_owned()),
                decision: decision.name().to_owned(),
                ..Record::default()
            };
        let records = [
            record(1, "a", "r", "x", Verdict::Deny),
            record(2, "a", "r", "x", Verdict::Redact),
            record(2, "b", "r", "y", Verdict::Deny),
            record(3, "b", "q", "x", Verdict::Deny),
            record(3, "", "", "", Verdict::Allow),
        ];
        let since = seconds(&records[1]);
        let mut analysis = Analysis::new(since);
        for (at, record) in records.iter().enumerate() {
            analysis.take(at as u64 + 1, record);
        }
        let summary = analysis.finish();
        let short = |(name, count): (&String, &Count)| {
            let Count {
                records,
                denied,
                redacted,
                credentials,
                ..
            } = count;
            format!("{name} {records} {denied} {redacted} {credentials}")
        };
        let all = |counts: &BTreeMap<String, Count>| -> Vec<String> {
            counts.iter().map(short).collect()
        };
        assert_eq!(short((&"all".to_owned(), &summary.all)), "all 4 2 1 2");
        assert_eq!(
            all(&summary.agents),
            ["- 1 0 0 0", "a 1 0 1 1", "b 2 2 0 2"]
        );
        assert_eq!(all(&summary.rules), ["q 1 1 0 1", "r 2 1 1 2"]);
        assert_eq!(
            all(&summary.days),
            ["2026-11-02 2 1 1 2", "2026-11-03 2 1 0 1"]
        );
        assert_eq!(summary.hours[9], 4);
        // The record before is history: `b` meets what `a` met on the first day.
        assert_eq!(summary.unusual.len(), 1);
        assert_eq!(summary.unusual[0].line, 4);
    }
}
