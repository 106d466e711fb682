//! Codex CLI: Claude Code's events, and schemas of its own (`codex-rs/hooks/schema/generated`) that refuse unknown
//! properties.
//!
//! - After a tool `decision: block` with a reason that is not empty replaces what the model sees. In code mode, where the
//!   model's program calls the tools, the reason is an error there, and the program ends with it.
//! - What a command that still runs has said so far comes without an event; only one that has ended has one. So commands
//!   can be wrapped.
//! - `updatedInput` works only together with `allow`. That is no approval here: the user is asked as without it, and shown
//!   the new command.
//! - `ask` is not supported.

use serde_json::{Value, json};

use super::{claude, in_place_of, pass, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Phase, Verdict};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let event = claude::read(whole)?;
    Some(Event {
        agent: Some(Agent::Codex),
        can: Abilities {
            ask: false,
            replace: event.phase == Phase::AfterTool,
            ..event.can
        },
        ..event
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    match (&decision.verdict, event.phase) {
        (Verdict::Deny | Verdict::Ask, Phase::BeforeTool) => Answer::json(json!({
            "hookSpecificOutput": {
                "hookEventName": event.name,
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            },
        })),
        (Verdict::Deny, Phase::Prompt) => {
            Answer::json(json!({ "decision": "block", "reason": reason }))
        }
        (Verdict::Replace(output), _) => {
            Answer::json(json!({ "decision": "block", "reason": in_place_of(output, reason) }))
        }
        (Verdict::Rewrite(input), _) => Answer::json(json!({
            "hookSpecificOutput": {
                "hookEventName": event.name,
                "permissionDecision": "allow",
                "updatedInput": input,
            },
        })),
        (Verdict::Deny | Verdict::Ask, _) => Answer::refusal(reason),
        (Verdict::Warn, _) => warn(Agent::Codex, reason),
        (Verdict::Pass, _) => pass(Agent::Codex),
    }
}
