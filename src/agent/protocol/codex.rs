//! Codex CLI: Claude Code's events, and schemas of its own (`codex-rs/hooks/schema/generated`) that refuse unknown
//! properties.
//!
//! - After a tool `decision: block` with a reason that is not empty replaces what the model sees.
//! - `updatedInput` works only together with `allow`, which would skip the user's own prompt: it is not used.
//! - `ask` is not supported.

use serde_json::{Value, json};

use super::{claude, pass, readable, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Phase, Verdict};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let event = claude::read(whole)?;
    Some(Event {
        agent: Some(Agent::Codex),
        can: Abilities {
            ask: false,
            rewrite: false,
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
            let text = readable(output);
            // An empty reason is none, and the original would pass.
            let text = if text.trim().is_empty() {
                reason
            } else {
                &text
            };
            Answer::json(json!({ "decision": "block", "reason": text }))
        }
        (Verdict::Deny | Verdict::Ask, _) => Answer::refusal(reason),
        (Verdict::Warn, _) => warn(Agent::Codex, reason),
        (Verdict::Pass | Verdict::Rewrite(_), _) => pass(Agent::Codex),
    }
}
