//! The protocols: one file an agent. Each reads its agent's events and writes its answers; none judges.

mod claude;
mod codex;
mod copilot;
mod cursor;
mod gemini;
mod opencode;
mod vscode;
mod windsurf;

use serde_json::{Value, json};

use super::event::{Agent, Answer, Event, text};
use super::guard::Decision;

/// Reads an event. The agent is known by fields that only it has; `agent` says whose it is where they do not.
pub fn read(whole: &Value, agent: Option<Agent>) -> Event {
    let recognised = recognise(whole).or(agent);
    let event = recognised.and_then(|agent| match agent {
        Agent::ClaudeCode => claude::read(whole),
        Agent::Codex => codex::read(whole),
        Agent::Cursor => cursor::read(whole),
        Agent::Gemini => gemini::read(whole),
        Agent::Copilot => copilot::read(whole),
        Agent::VsCode => vscode::read(whole),
        Agent::Windsurf => windsurf::read(whole),
        Agent::OpenCode => opencode::read(whole),
    });
    event.unwrap_or_else(|| {
        let names = [
            "hook_event_name",
            "hookEventName",
            "agent_action_name",
            "hook",
        ];
        let name = text(whole, &names).unwrap_or_default();
        // A name is for people to read; what is no name is not repeated.
        let is_name = name.len() <= 48
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        let name = if is_name { name } else { String::new() };
        Event::unknown(recognised, name, whole.clone())
    })
}

/// Whose event it is, by its fields.
///
/// Cursor runs Claude Code's hooks too, and VS Code and Copilot CLI have forms of their events that look like Claude
/// Code's: the more particular field decides.
fn recognise(whole: &Value) -> Option<Agent> {
    let has = |key: &str| whole.get(key).is_some_and(|value| !value.is_null());
    let name = whole.get("hook_event_name").and_then(Value::as_str);
    match name {
        _ if has("cursor_version") => Some(Agent::Cursor),
        _ if has("agent_action_name") => Some(Agent::Windsurf),
        _ if has("hook") && has("sessionID") => Some(Agent::OpenCode),
        _ if has("hookEventName") => Some(Agent::VsCode),
        Some(name) if gemini::EVENTS.contains(&name) => Some(Agent::Gemini),
        Some(_) if has("tool_result") => Some(Agent::Copilot),
        // Claude Code and Codex say how they ask for permission, and no time.
        Some(_) if has("timestamp") && !has("permission_mode") => Some(Agent::VsCode),
        Some(_) if has("turn_id") && has("model") => Some(Agent::Codex),
        Some(_) if has("session_id") => Some(Agent::ClaudeCode),
        None if has("sessionId") => Some(Agent::Copilot),
        _ => None,
    }
}

/// The answer in the agent's protocol.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    if !event.known {
        return match decision.found.is_empty() {
            true => Answer {
                stdout: event.agent.and_then(consent),
                ..Answer::note(&decision.reason)
            },
            false => Answer::refusal(&decision.reason),
        };
    }
    match event.agent {
        Some(Agent::ClaudeCode) => claude::answer(event, decision),
        Some(Agent::Codex) => codex::answer(event, decision),
        Some(Agent::Cursor) => cursor::answer(event, decision),
        Some(Agent::Gemini) => gemini::answer(event, decision),
        Some(Agent::Copilot) => copilot::answer(event, decision),
        Some(Agent::VsCode) => vscode::answer(event, decision),
        Some(Agent::Windsurf) => windsurf::answer(event, decision),
        Some(Agent::OpenCode) => opencode::answer(event, decision),
        None => Answer::refusal(&decision.reason),
    }
}

/// What says to an agent that nothing stands in the way.
pub fn consent(agent: Agent) -> Option<Value> {
    match agent {
        // Cursor takes silence for a failure where a hook has to answer; the others read any JSON object.
        Agent::Cursor | Agent::Gemini | Agent::Copilot | Agent::VsCode | Agent::OpenCode => {
            Some(json!({}))
        }
        Agent::ClaudeCode | Agent::Codex | Agent::Windsurf => None,
    }
}

/// The answer that lets things go on, in `agent`'s protocol.
fn pass(agent: Agent) -> Answer {
    Answer {
        stdout: consent(agent),
        ..Answer::default()
    }
}

/// The answer that lets things go on and tells people why they should look.
fn warn(agent: Agent, reason: &str) -> Answer {
    Answer {
        stdout: consent(agent),
        ..Answer::note(reason)
    }
}

/// What a model would read of a tool's output, as one text: the output itself, the text parts of an MCP result, or its
/// JSON.
fn readable(output: &Value) -> String {
    let parts = match output {
        Value::String(text) => return text.clone(),
        Value::Array(parts) => Some(parts),
        Value::Object(fields) => fields.get("content").and_then(Value::as_array),
        _ => None,
    };
    let texts: Option<Vec<&str>> = parts.and_then(|parts| {
        parts
            .iter()
            .map(|part| part.as_str().or_else(|| part.get("text")?.as_str()))
            .collect()
    });
    match texts {
        Some(texts) if !texts.is_empty() => texts.join("\n"),
        _ => output.to_string(),
    }
}

/// The text that stands in the place of a tool's output where the answer has room for a text alone. An empty one is
/// taken for none, and the original would pass: then it is `reason`.
fn in_place_of(output: &Value, reason: &str) -> String {
    let text = readable(output);
    match text.trim().is_empty() {
        true => reason.to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::guard::{Guard, Policy};
    use crate::agent::record::Record;
    use crate::agent::rehearsal::scenes;
    use crate::engine::example::expand;
    use crate::engine::{Engine, RuleSet};
    use proptest::prelude::*;
    use serde_json::Map;

    /// Fields that some agent's events have.
    const FIELDS: [&str; 34] = [
        "hook_event_name",
        "hookEventName",
        "agent_action_name",
        "hook",
        "session_id",
        "sessionId",
        "sessionID",
        "cursor_version",
        "timestamp",
        "permission_mode",
        "turn_id",
        "model",
        "cwd",
        "tool_name",
        "toolName",
        "tool",
        "tool_input",
        "toolArgs",
        "args",
        "tool_response",
        "toolResult",
        "tool_result",
        "tool_output",
        "output",
        "tool_info",
        "prompt",
        "transformedPrompt",
        "response",
        "error",
        "parts",
        "edits",
        "content",
        "file_path",
        "command",
    ];
    /// Names that they have, and values of every shape, some with a secret (`§`).
    const VALUES: [&str; 38] = [
        "\"PreToolUse\"",
        "\"PostToolUse\"",
        "\"UserPromptSubmit\"",
        "\"PostToolUseFailure\"",
        "\"Stop\"",
        "\"preToolUse\"",
        "\"postToolUse\"",
        "\"beforeReadFile\"",
        "\"beforeShellExecution\"",
        "\"beforeSubmitPrompt\"",
        "\"BeforeTool\"",
        "\"AfterTool\"",
        "\"AfterModel\"",
        "\"BeforeAgent\"",
        "\"pre_run_command\"",
        "\"pre_user_prompt\"",
        "\"tool.execute.before\"",
        "\"tool.execute.after\"",
        "\"chat.message\"",
        "\"Bash\"",
        "\"Read\"",
        "\"Edit\"",
        "\"MCP:x\"",
        "\"§\"",
        "\"x § y\"",
        "null",
        "7",
        "true",
        "[]",
        "{}",
        "[\"§\"]",
        "{\"command\": \"cat §\"}",
        "{\"content\": [{\"text\": \"§\"}]}",
        "{\"§\": {\"§\": [\"§\", null]}}",
        "\"{\\\"a\\\": \\\"§\\\"}\"",
        "{\"llmContent\": \"§\"}",
        "{\"textResultForLlm\": \"§\"}",
        "{\"user_prompt\": \"§\", \"file_path\": \"§\"}",
    ];

    /// A recorded event with some of its fields gone and others put in or changed; or nothing but such fields.
    fn event() -> impl Strategy<Value = Value> {
        let scene = prop::option::weighted(0.8, (0..Agent::ALL.len(), any::<usize>()));
        let gone = prop::collection::vec(any::<usize>(), 0..3);
        let more = prop::collection::vec((0..FIELDS.len(), 0..VALUES.len()), 0..4);
        (scene, gone, more).prop_map(|(scene, gone, more)| {
            let mut fields = scene.map_or_else(Map::new, |(agent, number)| {
                let scenes = scenes(Agent::ALL[agent]);
                let text = scenes[number % scenes.len()].with("§");
                serde_json::from_str(&text).expect("a recorded event")
            });
            for number in gone {
                let key = fields.keys().nth(number % fields.len().max(1)).cloned();
                key.and_then(|key| fields.shift_remove(&key));
            }
            for (field, value) in more {
                let value = serde_json::from_str(VALUES[value]).expect("JSON");
                fields.insert(FIELDS[field].to_owned(), value);
            }
            Value::Object(fields)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Whatever an event looks like, it is answered, and the answer and the record hold no secret.
        #[test]
        fn every_shape_is_answered(event in event(), agent in prop::option::of(0..Agent::ALL.len())) {
            let secret = expand("<crc32-base62:ghp_>", 9);
            let text = event.to_string().replace('§', &secret);
            let whole: Value = serde_json::from_str(&text).expect("JSON");
            let engine = Engine::new(RuleSet::embedded());
            let policy = Policy { program: Some("/bin/keysieve".into()), ..Policy::default() };
            let event = read(&whole, agent.map(|agent| Agent::ALL[agent]));
            let mut guard = Guard::new(&engine, &policy);
            let decision = guard.judge(&event);
            let answer = answer(&event, &decision);
            prop_assert!(matches!(answer.code, 0 | 2));
            let said = answer.stdout.map(|value| value.to_string()).unwrap_or_default();
            prop_assert!(!said.contains(&secret), "{}", said.replace(&secret, "§"));
            // Only Codex's is no approval.
            let is_codex = event.agent == Some(Agent::Codex);
            prop_assert!(is_codex || !said.contains("\"allow\""));
            prop_assert!(!answer.stderr.contains(&secret));
            let record = Record::of(&event, &decision).cleaned(&mut |text| guard.clean(text));
            let record = format!("{record:?}");
            prop_assert!(!record.contains(&secret), "{}", record.replace(&secret, "§"));
        }
    }
}
