//! Gemini CLI: `docs/hooks/reference.md` of google-gemini/gemini-cli.
//!
//! - Nothing but one JSON value may stand on standard output; exit code 2 blocks, other failures do not.
//! - After a tool `decision: deny` hides the output and its reason stands in its place.
//! - `BeforeAgent` with `deny` discards the prompt. `AfterModel` comes for each chunk and replaces that chunk alone: a
//!   secret that is cut by two chunks passes.

use serde_json::{Value, json};

use super::{in_place_of, pass, readable, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Events that no other agent has.
pub const EVENTS: [&str; 8] = [
    "BeforeTool",
    "AfterTool",
    "BeforeAgent",
    "AfterAgent",
    "BeforeModel",
    "AfterModel",
    "BeforeToolSelection",
    "PreCompress",
];

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let name = text(whole, &["hook_event_name"])?;
    let (phase, body) = match &name[..] {
        "BeforeTool" => (Phase::BeforeTool, whole.get("tool_input")?.clone()),
        "AfterTool" => (Phase::AfterTool, output(whole.get("tool_response")?)?),
        "BeforeAgent" => (Phase::Prompt, whole.get("prompt")?.clone()),
        "AfterAgent" => (Phase::Reply, whole.get("prompt_response")?.clone()),
        "AfterModel" => (Phase::Reply, whole.get("llm_response")?.clone()),
        "SessionStart"
        | "SessionEnd"
        | "Notification"
        | "PreCompress"
        | "BeforeModel"
        | "BeforeToolSelection" => (Phase::Other, Value::Null),
        _ => return None,
    };
    let tool = text(whole, &["tool_name"]);
    if matches!(phase, Phase::BeforeTool | Phase::AfterTool) && tool.is_none() {
        return None;
    }
    Some(Event {
        agent: Some(Agent::Gemini),
        phase,
        session: text(whole, &["session_id"]),
        call: None,
        cwd: text(whole, &["cwd"]),
        kind: tool.as_deref().map_or(Kind::Other, Kind::of),
        tool,
        input: whole.get("tool_input").cloned().unwrap_or_default(),
        body,
        known: true,
        can: Abilities {
            block: phase.is_blocking(),
            ask: false,
            replace: phase == Phase::AfterTool || name == "AfterModel",
            rewrite: phase == Phase::BeforeTool,
            replace_shell: true,
            replace_read: true,
        },
        name,
    })
}

/// What the model sees of a tool's response: `llmContent`, and `error` where there is one. What only the user's screen
/// shows is left out.
fn output(response: &Value) -> Option<Value> {
    let content = response.get("llmContent")?;
    Some(match response.get("error") {
        None | Some(Value::Null) => content.clone(),
        Some(error) => json!([readable(content), readable(error)]),
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    match (&decision.verdict, event.phase) {
        (Verdict::Deny | Verdict::Ask, _) => {
            Answer::json(json!({ "decision": "deny", "reason": reason }))
        }
        (Verdict::Rewrite(input), _) => {
            Answer::json(json!({ "hookSpecificOutput": { "tool_input": input } }))
        }
        (Verdict::Replace(chunk), Phase::Reply) => {
            Answer::json(json!({ "hookSpecificOutput": { "llm_response": chunk } }))
        }
        (Verdict::Replace(output), _) => {
            Answer::json(json!({ "decision": "deny", "reason": in_place_of(output, reason) }))
        }
        (Verdict::Warn, _) => Answer::json(json!({ "systemMessage": reason })),
        (Verdict::Pass, _) => match reason.is_empty() {
            true => pass(Agent::Gemini),
            false => warn(Agent::Gemini, reason),
        },
    }
}
