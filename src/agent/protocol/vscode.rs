//! Visual Studio Code: `docs/agent-customization/hooks.md` of microsoft/vscode-docs (a preview).
//!
//! Claude Code's events with `sessionId`, `hookEventName` and a timestamp. It also runs hooks that are configured for
//! Claude Code and for Copilot CLI. That `updatedToolOutput` is honoured is not documented; so the answer blocks as
//! well, which tells the model, and `keysieve agent doctor` says so.

use serde_json::{Value, json};

use super::{claude, pass, warn};
use crate::agent::event::{Agent, Answer, Event, Phase, Verdict};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    Some(Event {
        agent: Some(Agent::VsCode),
        ..claude::read(whole)?
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    match (&decision.verdict, event.phase) {
        (Verdict::Deny, Phase::Prompt) => {
            Answer::json(json!({ "continue": false, "stopReason": reason }))
        }
        // Copilot CLI's own hooks come in the same shape and want the words at the top.
        (Verdict::Deny | Verdict::Ask, _) => {
            let word = if decision.verdict == Verdict::Ask {
                "ask"
            } else {
                "deny"
            };
            Answer::json(json!({
                "permissionDecision": word,
                "permissionDecisionReason": reason,
                "hookSpecificOutput": {
                    "hookEventName": event.name,
                    "permissionDecision": word,
                    "permissionDecisionReason": reason,
                },
            }))
        }
        (Verdict::Replace(output), Phase::AfterTool) => Answer::json(json!({
            "decision": "block",
            "reason": reason,
            "hookSpecificOutput": {
                "hookEventName": event.name,
                "updatedToolOutput": output,
            },
        })),
        (Verdict::Rewrite(_) | Verdict::Replace(_), _) => claude::answer(event, decision),
        (Verdict::Warn, _) => warn(Agent::VsCode, reason),
        (Verdict::Pass, _) => pass(Agent::VsCode),
    }
}
