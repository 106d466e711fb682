//! Claude Code: `PreToolUse`, `PostToolUse`, `PostToolUseFailure`, `UserPromptSubmit`, `Stop`, `MessageDisplay`.
//!
//! - Exit code 2 blocks with standard error as the reason; any other failure lets things pass.
//! - `decision: block` after a tool withholds nothing: only `updatedToolOutput` does, in the tool's own shape; a bare
//!   string for a built-in tool is ignored and the original passes.
//! - Hooks run side by side on the original and the last one wins, so that an unchanged output is never sent back.
//! - `allow` is never said: it would skip the user's own prompt.
//! - A long output is kept in a file that `persistedOutputPath` names, and that file is what is shown where the name
//!   stays: it is taken out of what replaces the output.

use serde_json::{Value, json};

use super::{pass, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Reads an event; VS Code's are of the same shape.
pub fn read(whole: &Value) -> Option<Event> {
    let name = text(whole, &["hook_event_name", "hookEventName"])?;
    let (phase, body) = match &name[..] {
        "PreToolUse" => (Phase::BeforeTool, whole.get("tool_input")?),
        "PostToolUse" => (Phase::AfterTool, whole.get("tool_response")?),
        "PostToolUseFailure" => (Phase::ToolFailed, whole.get("error")?),
        "UserPromptSubmit" => (Phase::Prompt, whole.get("prompt")?),
        "MessageDisplay" => (Phase::Reply, whole.get("delta")?),
        "Stop" | "SubagentStop" => (
            Phase::Reply,
            whole.get("last_assistant_message").unwrap_or(&Value::Null),
        ),
        "SessionStart" | "SessionEnd" | "Notification" | "PreCompact" | "PostCompact"
        | "SubagentStart" => (Phase::Other, &Value::Null),
        _ => return None,
    };
    let tool = text(whole, &["tool_name"]);
    if matches!(phase, Phase::BeforeTool | Phase::AfterTool) && tool.is_none() {
        return None;
    }
    Some(Event {
        agent: Some(Agent::ClaudeCode),
        phase,
        session: text(whole, &["session_id", "sessionId"]),
        call: text(whole, &["tool_use_id"]),
        cwd: text(whole, &["cwd"]),
        kind: tool.as_deref().map_or(Kind::Other, Kind::of),
        tool,
        input: whole.get("tool_input").cloned().unwrap_or_default(),
        body: body.clone(),
        known: true,
        can: Abilities {
            block: phase.is_blocking(),
            ask: phase == Phase::BeforeTool,
            replace: phase == Phase::AfterTool || name == "MessageDisplay",
            rewrite: phase == Phase::BeforeTool,
            replace_shell: true,
            replace_read: true,
        },
        name,
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    let specific = |fields: Value| {
        let mut fields = fields;
        fields["hookEventName"] = json!(event.name);
        Answer::json(json!({ "hookSpecificOutput": fields }))
    };
    match (&decision.verdict, event.phase) {
        (Verdict::Deny, Phase::Prompt) => Answer::json(json!({
            "decision": "block",
            "reason": reason,
            "hookSpecificOutput": {
                "hookEventName": event.name,
                "suppressOriginalPrompt": true,
            },
        })),
        (Verdict::Deny, _) => specific(json!({
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        })),
        (Verdict::Ask, _) => specific(json!({
            "permissionDecision": "ask",
            "permissionDecisionReason": reason,
        })),
        (Verdict::Rewrite(input), _) => specific(json!({ "updatedInput": input })),
        (Verdict::Replace(text), Phase::Reply) => specific(json!({ "displayContent": text })),
        (Verdict::Replace(output), _) => {
            specific(json!({ "updatedToolOutput": without_kept_copy(output) }))
        }
        // The model reads the error; what it may be told is not to use it.
        (Verdict::Warn, Phase::ToolFailed) => Answer {
            stderr: reason.clone(),
            ..specific(json!({ "additionalContext": reason }))
        },
        (Verdict::Warn, _) => warn(Agent::ClaudeCode, reason),
        (Verdict::Pass, _) => pass(Agent::ClaudeCode),
    }
}

/// The output without the name of the file that holds all of it.
fn without_kept_copy(output: &Value) -> Value {
    let mut output = output.clone();
    if let Value::Object(fields) = &mut output {
        fields.shift_remove("persistedOutputPath");
        fields.shift_remove("persistedOutputSize");
    }
    output
}
