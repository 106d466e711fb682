//! What was decided about an event: the seam to whoever keeps a record of it.

use serde_json::Value;

use super::event::{Event, Phase, Verdict};
use super::guard::Decision;
use super::text::Found;

/// One decision. Its texts hold no secret where they were [cleaned](Record::cleaned).
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
    /// When it came.
    pub phase: Phase,
    /// What the tool was about: its command line, or the files that it names.
    pub context: Option<String>,
    /// What was decided: `allow`, `deny`, `ask`, `redact`, `wrap`, `warn`, `withhold`.
    pub decision: &'static str,
    /// What was found.
    pub found: Vec<Found>,
    /// Why, as the agent was told; where it was withheld, what went wrong.
    pub reason: String,
    /// Whether the event's shape was known.
    pub known: bool,
}

impl Record {
    /// The record of a judgement.
    pub fn of(event: &Event, decision: &Decision) -> Record {
        Record {
            decision: decision.verdict.name(),
            found: decision.found.clone(),
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
            &mut self.context,
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
            phase: event.phase,
            context: context(event),
            decision: Verdict::Pass.name(),
            found: Vec::new(),
            reason: String::new(),
            known: event.known,
        }
    }
}

/// What a tool was about, as its input says; none of a prompt, which says more about a person than a record should.
fn context(event: &Event) -> Option<String> {
    let paths = || {
        let paths = event.paths().join(" ");
        (!paths.is_empty()).then_some(paths)
    };
    event.command().map(|(_, line)| line).or_else(paths)
}
