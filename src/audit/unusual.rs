//! What is unusual in a log, by the log's own history: the same log gives the same answer, whenever it is asked.
//!
//! | kind | said when |
//! |---|---|
//! | volume | an agent's records of a day are more than 20 and more than 3 times its median day, after 5 days |
//! | hour | an agent is active in an hour of the day (UTC) in which it never was, after 50 records on 7 days |
//! | host | an agent's tool call names a host that none of its calls named before, after 10 calls that named one |
//! | credential | an agent meets a credential that the log knows from others and not from it |
//! | burst | 5 credentials that the log never knew within 10 minutes |
//!
//! Each is said once: of an agent and a day, an agent and an hour, an agent and a host, an agent and a credential, and of
//! a burst until 10 minutes without one have passed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::Record;

/// A day's records below which nothing is said of its volume.
const VOLUME_LEAST: u64 = 20;
/// How many times the median day is too many.
const VOLUME_TIMES: u64 = 3;
/// Days that make a history of volume.
const VOLUME_DAYS: usize = 5;
/// Records that make a history of hours.
const HOUR_RECORDS: u64 = 50;
/// Days that make one.
const HOUR_DAYS: usize = 7;
/// Calls with a host that make a history of hosts.
const HOST_CALLS: u64 = 10;
/// New credentials that make a burst.
const BURST_CREDENTIALS: usize = 5;
/// Within so many seconds.
const BURST_SECONDS: u64 = 600;

/// In what way a record is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// More records on a day than the agent has otherwise.
    Volume,
    /// At an hour at which the agent was never active.
    Hour,
    /// A host that the agent never named.
    Host,
    /// A credential that others met before, and this agent never.
    Credential,
    /// Many credentials at once that nobody met before.
    Burst,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Volume => "volume",
            Kind::Hour => "hour",
            Kind::Host => "host",
            Kind::Credential => "credential",
            Kind::Burst => "burst",
        }
    }
}

/// Something unusual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusual {
    /// In what way.
    pub kind: Kind,
    /// The line of the record with which it became so.
    pub line: u64,
    /// The record's time.
    pub time: String,
    /// The agent.
    pub agent: String,
    /// What it is, for people.
    pub detail: String,
}

/// The history of a log, which grows record by record.
#[derive(Debug, Default)]
pub struct History {
    agents: HashMap<String, Agent>,
    /// Every credential that was met.
    credentials: HashSet<String>,
    /// When new ones were met lately, in seconds.
    fresh: VecDeque<u64>,
    /// When the last record of a burst was written.
    burst: Option<u64>,
}

#[derive(Debug, Default)]
struct Agent {
    records: u64,
    /// Records by day.
    days: BTreeMap<u64, u64>,
    /// The day of which too much was said already.
    loud: Option<u64>,
    hours: BTreeSet<u64>,
    calls: u64,
    hosts: HashSet<String>,
    credentials: HashSet<String>,
}

/// When a record was written, in seconds since 1970; 0 where it does not say so.
pub fn seconds(record: &Record) -> u64 {
    let time = humantime::parse_rfc3339(&record.time).ok();
    let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

impl History {
    /// Takes the record at `line` in and says what is unusual in it, given those before it.
    pub fn take(&mut self, line: u64, agent: &str, record: &Record) -> Vec<Unusual> {
        let now = seconds(record);
        let mut said = Vec::new();
        let mut say = |kind, detail| {
            said.push(Unusual {
                kind,
                line,
                time: record.time.clone(),
                agent: agent.to_owned(),
                detail,
            });
        };
        let known = self.agents.entry(agent.to_owned()).or_default();
        if let Some((today, median)) = known.loud_day(now) {
            say(
                Kind::Volume,
                format!("{today} records on a day; its median day has {median}"),
            );
        }
        if let Some(hour) = known.odd_hour(now) {
            say(
                Kind::Hour,
                format!("active from {hour:02}:00 to {hour:02}:59 UTC for the first time"),
            );
        }
        for host in known.new_hosts(&record.hosts) {
            say(
                Kind::Host,
                format!("a tool call names `{host}` for the first time"),
            );
        }
        if let Some(credential) = &record.credential {
            let new = self.credentials.insert(credential.clone());
            if known.credentials.insert(credential.clone()) && !new {
                let detail =
                    format!("meets {credential} for the first time, which others met before");
                say(Kind::Credential, detail);
            }
            if new && let Some(count) = self.burst(now) {
                let minutes = BURST_SECONDS / 60;
                say(
                    Kind::Burst,
                    format!("{count} new credentials within {minutes} minutes"),
                );
            }
        }
        said
    }

    /// Counts a new credential.
    fn burst(&mut self, now: u64) -> Option<usize> {
        while self
            .fresh
            .front()
            .is_some_and(|then| then + BURST_SECONDS < now)
        {
            self.fresh.pop_front();
        }
        self.fresh.push_back(now);
        if self.fresh.len() < BURST_CREDENTIALS {
            return None;
        }
        let goes_on = self.burst.is_some_and(|then| then + BURST_SECONDS >= now);
        self.burst = Some(now);
        (!goes_on).then_some(self.fresh.len())
    }
}

impl Agent {
    /// Counts a record of the day of `now`; the day's records and the median of the days before, where it is too many.
    fn loud_day(&mut self, now: u64) -> Option<(u64, u64)> {
        let day = now / 86_400;
        self.records += 1;
        *self.days.entry(day).or_default() += 1;
        let today = self.days[&day];
        if today <= VOLUME_LEAST || self.loud == Some(day) {
            return None;
        }
        let mut before: Vec<u64> = self.days.range(..day).map(|(_, count)| *count).collect();
        before.sort_unstable();
        let median = *before.get(before.len() / 2)?;
        if before.len() < VOLUME_DAYS || today <= VOLUME_TIMES * median {
            return None;
        }
        self.loud = Some(day);
        Some((today, median))
    }

    fn odd_hour(&mut self, now: u64) -> Option<u64> {
        let hour = now / 3600 % 24;
        let is_new = self.hours.insert(hour);
        let known = self.records > HOUR_RECORDS && self.days.len() > HOUR_DAYS;
        (is_new && known).then_some(hour)
    }

    fn new_hosts<'r>(&mut self, hosts: &'r [String]) -> Vec<&'r str> {
        if hosts.is_empty() {
            return Vec::new();
        }
        let known = self.calls >= HOST_CALLS;
        self.calls += 1;
        let new = hosts
            .iter()
            .filter(|host| self.hosts.insert((*host).clone()) && known);
        new.map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    /// Noon of a day.
    const NOON: u64 = 20_000 * DAY + 12 * 3600;

    /// One record: seconds, agent, hosts, credential.
    type Event = (u64, &'static str, &'static str, String);

    fn said(events: &[Event]) -> Vec<(usize, Kind)> {
        let mut history = History::default();
        let mut said = Vec::new();
        for (at, (time, agent, host, credential)) in events.iter().enumerate() {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(*time);
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let record = Record {
                time: humantime::format_rfc3339_millis(time).to_string(),
                hosts: some(host).into_iter().collect(),
                credential: some(credential),
                ..Record::default()
            };
            let unusual = history.take(at as u64 + 1, agent, &record);
            said.extend(unusual.iter().map(|unusual| (at, unusual.kind)));
        }
        said
    }

    fn plain(time: u64) -> Event {
        (time, "a", "", String::new())
    }

    /// So many records on each of so many days, at noon.
    fn days(count: u64, each: u64) -> Vec<Event> {
        let on = |day: u64| (0..each).map(move |at| plain(NOON + day * DAY + at));
        (0..count).flat_map(on).collect()
    }

    #[test]
    fn a_loud_day_is_said_once_and_only_with_a_history() {
        for (history, each, today, want) in [
            (5, 10, 31, true),
            (5, 10, 30, false),
            (4, 10, 90, false),
            (5, 2, 20, false),
            (5, 2, 21, true),
        ] {
            let mut events = days(history, each);
            let before = events.len();
            events.extend(
                (0..today + 5 * u64::from(want)).map(|at| plain(NOON + history * DAY + at)),
            );
            let said = said(&events);
            let at = before + today as usize - 1;
            let want: &[_] = if want { &[(at, Kind::Volume)] } else { &[] };
            assert_eq!(said, want, "{history} days of {each}, then {today}");
        }
    }

    #[test]
    fn an_odd_hour_needs_a_history() {
        for (history, each, want) in [(7, 8, true), (7, 7, false), (6, 20, false)] {
            let mut events = days(history, each);
            let night = NOON + history * DAY + 15 * 3600;
            events.extend([plain(night), plain(night + 60)]);
            let at = events.len() - 2;
            let want: &[_] = if want { &[(at, Kind::Hour)] } else { &[] };
            assert_eq!(said(&events), want, "{history} days of {each}");
        }
    }

    #[test]
    fn a_new_host_needs_a_history() {
        let call = |host| (NOON, "a", host, String::new());
        let mut events: Vec<Event> = (0..10).map(|_| call("known.example")).collect();
        events.extend([
            call("new.example"),
            call("new.example"),
            call("known.example"),
        ]);
        assert_eq!(said(&events), [(10, Kind::Host)]);
        assert_eq!(said(&events[1..]), [], "after nine");
    }

    #[test]
    fn a_credential_of_others_is_unusual_and_a_new_one_is_not() {
        let meet = |agent, credential: &str| (NOON, agent, "", credential.to_owned());
        let events = [
            meet("a", "x"),
            meet("a", "x"),
            meet("b", "y"),
            meet("b", "x"),
            meet("b", "x"),
        ];
        assert_eq!(said(&events), [(3, Kind::Credential)]);
    }

    #[test]
    fn a_burst_is_said_until_it_ends() {
        let meet = |time, at: u64| (NOON + time, "a", "", format!("c{at}"));
        let slow: Vec<Event> = (0..20).map(|at| meet(at * 151, at)).collect();
        assert_eq!(said(&slow), [], "one every two and a half minutes");
        let mut fast: Vec<Event> = (0..12).map(|at| meet(at * 60, at)).collect();
        assert_eq!(said(&fast), [(4, Kind::Burst)]);
        fast.extend((0..5).map(|at| meet(3600 + at, 100 + at)));
        assert_eq!(said(&fast), [(4, Kind::Burst), (16, Kind::Burst)]);
    }
}
