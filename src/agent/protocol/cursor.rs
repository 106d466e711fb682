//! Cursor, the editor and its command line: <https://cursor.com/docs/hooks>.
//!
//! - An empty or wrong answer to a permission event (`preToolUse`, `before*`) blocks where the hook is configured with
//!   `failClosed`; so even consent is a JSON object. `permission: allow` is never said: it would skip the user's prompt.
//! - What a shell command or a read said cannot be replaced. So a command is wrapped before it runs, and a file is
//!   looked at before it is read. Only an MCP tool's output can be replaced.
//! - `postToolUse` holds the output as JSON in a string.

use serde_json::{Value, json};

use super::{pass, readable, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let name = text(whole, &["hook_event_name"])?;
    let (phase, kind, body) = match &name[..] {
        "preToolUse" | "PreToolUse" => (Phase::BeforeTool, None, whole.get("tool_input")?.clone()),
        "beforeShellExecution" => (
            Phase::BeforeTool,
            Some(Kind::Shell),
            of(whole, &["command"])?,
        ),
        "beforeMCPExecution" => (
            Phase::BeforeTool,
            Some(Kind::Mcp),
            whole.get("tool_input")?.clone(),
        ),
        "beforeReadFile" | "beforeTabFileRead" => (
            Phase::BeforeTool,
            Some(Kind::Read),
            of(whole, &["file_path", "content"])?,
        ),
        "postToolUse" | "PostToolUse" => (
            Phase::AfterTool,
            None,
            whole
                .get("tool_output")
                .or_else(|| whole.get("tool_response"))?
                .clone(),
        ),
        "postToolUseFailure" => (Phase::ToolFailed, None, whole.get("error_message")?.clone()),
        "beforeSubmitPrompt" | "UserPromptSubmit" => (Phase::Prompt, None, of(whole, &["prompt"])?),
        "afterShellExecution" => (Phase::Reply, None, whole.get("output")?.clone()),
        "afterMCPExecution" => (Phase::Reply, None, whole.get("result_json")?.clone()),
        "afterFileEdit" | "afterTabFileEdit" => (Phase::Reply, None, whole.get("edits")?.clone()),
        "afterAgentResponse" | "afterAgentThought" => {
            (Phase::Reply, None, whole.get("text")?.clone())
        }
        "sessionStart" | "sessionEnd" | "preCompact" | "stop" | "subagentStart"
        | "subagentStop" | "workspaceOpen" => (Phase::Other, None, Value::Null),
        _ => return None,
    };
    let tool = text(whole, &["tool_name"]);
    let kind = kind.unwrap_or_else(|| tool.as_deref().map_or(Kind::Other, Kind::of));
    let tool = tool.or_else(|| match kind {
        Kind::Shell => Some("Shell".to_owned()),
        Kind::Read => Some("Read".to_owned()),
        _ => None,
    });
    let input = match phase {
        Phase::BeforeTool => body.clone(),
        _ => whole.get("tool_input").cloned().unwrap_or_default(),
    };
    Some(Event {
        agent: Some(Agent::Cursor),
        phase,
        session: text(whole, &["conversation_id", "session_id"]),
        call: text(whole, &["tool_use_id"]),
        cwd: text(whole, &["cwd"]).or_else(|| {
            let root = whole.get("workspace_roots")?.get(0)?;
            root.as_str().map(str::to_owned)
        }),
        kind,
        tool,
        input,
        body,
        known: true,
        can: Abilities {
            block: phase.is_blocking(),
            ask: phase == Phase::BeforeTool
                && name != "beforeReadFile"
                && name != "beforeTabFileRead",
            replace: phase == Phase::AfterTool && kind == Kind::Mcp,
            rewrite: name.eq_ignore_ascii_case("preToolUse"),
            replace_shell: false,
            replace_read: false,
        },
        name,
    })
}

/// The fields of these names, the first of which must be there.
fn of(whole: &Value, keys: &[&str]) -> Option<Value> {
    whole.get(keys[0])?;
    let fields = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), whole.get(*key)?.clone())));
    Some(Value::Object(fields.collect()))
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    let permission = |word: &str| {
        Answer::json(json!({
            "permission": word,
            "user_message": reason,
            "agent_message": reason,
        }))
    };
    match (&decision.verdict, event.phase) {
        (Verdict::Deny, Phase::Prompt) => {
            Answer::json(json!({ "continue": false, "user_message": reason }))
        }
        (Verdict::Deny, _) => permission("deny"),
        (Verdict::Ask, _) => permission("ask"),
        (Verdict::Rewrite(input), _) => Answer::json(json!({ "updated_input": input })),
        (Verdict::Replace(output), _) => {
            Answer::json(json!({ "updated_mcp_tool_output": mcp(output) }))
        }
        (Verdict::Warn, Phase::AfterTool) => Answer {
            stderr: reason.clone(),
            ..Answer::json(json!({ "additional_context": reason }))
        },
        (Verdict::Warn, _) => warn(Agent::Cursor, reason),
        (Verdict::Pass, _) => pass(Agent::Cursor),
    }
}

/// An MCP result: as the tool gave it where it is one, else its text.
fn mcp(output: &Value) -> Value {
    let inner = output
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let inner = inner.as_ref().unwrap_or(output);
    match inner.get("content").is_some_and(Value::is_array) {
        true => inner.clone(),
        false => json!({ "content": [{ "type": "text", "text": readable(inner) }] }),
    }
}
