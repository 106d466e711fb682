//! What was decided about an event: the seam to whoever keeps a record of it.

use serde_json::Value;

use super::event::{Event, Verdict};
use super::guard::Decision;
use crate::model::Fingerprint;

/// One decision. Holds no secret: names that the agent gives, rules, keyed hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The agent's name; `unknown` where no protocol fits.
    pub agent: &'static str,
    /// The agent's session.
    pub session: Option<String>,
    /// The tool call, as the agent counts.
    pub call: Option<String>,
    /// The tool, as the agent calls it.
    pub tool: Option<String>,
    /// The directory the agent works in.
    pub cwd: Option<String>,
    /// The event, as the agent calls it.
    pub event: String,
    /// When it came: `before-tool`, `after-tool`, `tool-failed`, `prompt`, `reply`, `other`.
    pub phase: &'static str,
    /// What was decided: `allow`, `deny`, `ask`, `redact`, `wrap`, `warn`, `withhold`.
    pub decision: &'static str,
    /// What was found: the rule's id and the credential's keyed identity.
    pub found: Vec<(String, Fingerprint)>,
    /// Why, as the agent was told; where it was withheld, what went wrong.
    pub reason: String,
    /// Whether the event's shape was known.
    pub known: bool,
}

impl Record {
    /// The record of a judgement.
    pub fn of(event: &Event, decision: &Decision) -> Record {
        let found = &decision.found;
        Record {
            decision: decision.verdict.name(),
            found: found
                .iter()
                .map(|found| (found.rule.clone(), found.fingerprint))
                .collect(),
            reason: decision.reason.clone(),
            ..Record::new(Some(event))
        }
    }

    /// The record of an event that could not be judged. Its names have not been cleaned: see [`Record::cleaned`].
    pub fn withheld(event: Option<&Event>, why: &str, fail_open: bool) -> Record {
        Record {
            decision: match fail_open {
                true => Verdict::Pass.name(),
                false => "withhold",
            },
            reason: why.to_owned(),
            ..Record::new(event)
        }
    }

    /// The record with what `clean` leaves of each name: an agent may name anything anyhow.
    pub fn cleaned(mut self, clean: &mut dyn FnMut(&str) -> Option<String>) -> Record {
        let names = [
            &mut self.session,
            &mut self.call,
            &mut self.tool,
            &mut self.cwd,
        ];
        let names = names.into_iter().filter_map(Option::as_mut);
        for name in names.chain([&mut self.event]) {
            if let Some(clean) = clean(name) {
                *name = clean;
            }
        }
        self
    }

    fn new(event: Option<&Event>) -> Record {
        let unknown = Event::unknown(None, String::new(), Value::Null);
        let event = event.unwrap_or(&unknown);
        Record {
            agent: event.agent.map_or("unknown", |agent| agent.name()),
            session: event.session.clone(),
            call: event.call.clone(),
            tool: event.tool.clone(),
            cwd: event.cwd.clone(),
            event: event.name.clone(),
            phase: event.phase.name(),
            decision: Verdict::Pass.name(),
            found: Vec::new(),
            reason: String::new(),
            known: event.known,
        }
    }
}
