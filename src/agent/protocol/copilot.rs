//! GitHub Copilot CLI: <https://docs.github.com/en/copilot/reference/hooks-reference>.
//!
//! - An event does not say its name: its fields do. PascalCase names in the configuration give snake_case fields.
//! - Before a tool any failure of the hook denies, but a timeout lets pass.
//! - What a hook says to a prompt is dropped: it cannot be blocked. What the model is given of it can be replaced
//!   (`userPromptTransformed`).

use serde_json::{Value, json};

use super::{pass, readable, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Copilot cuts an answer of more than 10 MiB, and lets the original pass where it then cannot read it.
const LONGEST: usize = 9 * 1024 * 1024;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let get = |keys: [&str; 2]| whole.get(keys[0]).or_else(|| whole.get(keys[1]));
    let tool = text(whole, &["toolName", "tool_name"]);
    let result = get(["toolResult", "tool_result"]);
    let (name, phase, body) = if let Some(result) = result {
        ("postToolUse", Phase::AfterTool, result)
    } else if let (Some(_), Some(error)) = (&tool, whole.get("error")) {
        ("postToolUseFailure", Phase::ToolFailed, error)
    } else if tool.is_some() {
        (
            "preToolUse",
            Phase::BeforeTool,
            get(["toolArgs", "tool_input"])?,
        )
    } else if let Some(prompt) = whole.get("transformedPrompt") {
        ("userPromptTransformed", Phase::Prompt, prompt)
    } else if let Some(prompt) = whole.get("prompt") {
        ("userPromptSubmitted", Phase::Prompt, prompt)
    } else if let Some(response) = get(["response", "last_assistant_message"]) {
        ("subagentStop", Phase::Reply, response)
    } else if get(["source", "stopReason"])
        .or(get(["reason", "trigger"]))
        .is_some()
    {
        ("session", Phase::Other, &Value::Null)
    } else {
        return None;
    };
    let changes = matches!(
        name,
        "postToolUse" | "userPromptTransformed" | "subagentStop"
    );
    // Older versions give the arguments as JSON in a string.
    let input = match get(["toolArgs", "tool_input"]) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(input) => input.clone(),
        None => Value::Null,
    };
    Some(Event {
        agent: Some(Agent::Copilot),
        phase,
        session: text(whole, &["sessionId", "session_id"]),
        call: None,
        cwd: text(whole, &["cwd"]),
        kind: tool.as_deref().map_or(Kind::Other, Kind::of),
        tool,
        body: match phase {
            Phase::BeforeTool if !input.is_null() => input.clone(),
            _ => body.clone(),
        },
        input: match (phase, input) {
            // What cannot be read is looked at as the text it is.
            (Phase::BeforeTool, Value::Null) => body.clone(),
            (_, input) => input,
        },
        known: true,
        can: Abilities {
            block: matches!(phase, Phase::BeforeTool),
            ask: phase == Phase::BeforeTool,
            replace: changes,
            rewrite: phase == Phase::BeforeTool,
            replace_shell: true,
            replace_read: true,
        },
        name: name.to_owned(),
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    let reason = &decision.reason;
    let permission = |word: &str| {
        Answer::json(json!({
            "permissionDecision": word,
            "permissionDecisionReason": reason,
        }))
    };
    match (&decision.verdict, event.phase) {
        (Verdict::Deny, _) => permission("deny"),
        (Verdict::Ask, _) => permission("ask"),
        (Verdict::Rewrite(args), _) => Answer::json(json!({ "modifiedArgs": args })),
        (Verdict::Replace(prompt), Phase::Prompt) => {
            Answer::json(json!({ "modifiedTransformedPrompt": readable(prompt) }))
        }
        (Verdict::Replace(reply), Phase::Reply) => {
            Answer::json(json!({ "modifiedResponse": readable(reply) }))
        }
        (Verdict::Replace(result), _) => {
            let mut result = camel(result);
            if result.to_string().len() > LONGEST {
                result["textResultForLlm"] =
                    json!(format!("{reason}; withheld, as it is too long"));
            }
            Answer::json(json!({ "modifiedResult": result }))
        }
        (Verdict::Warn, _) => warn(Agent::Copilot, reason),
        (Verdict::Pass, _) => pass(Agent::Copilot),
    }
}

/// The result with the names that an answer has, whichever the event had.
fn camel(result: &Value) -> Value {
    let Value::Object(fields) = result else {
        return json!({ "resultType": "success", "textResultForLlm": readable(result) });
    };
    let name = |key: &str| match key {
        "result_type" => "resultType".to_owned(),
        "text_result_for_llm" => "textResultForLlm".to_owned(),
        other => other.to_owned(),
    };
    let fields = fields.iter().map(|(key, value)| (name(key), value.clone()));
    Value::Object(fields.collect())
}
