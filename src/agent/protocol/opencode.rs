//! OpenCode, through the plugin that `keysieve agent install` writes: `@opencode-ai/plugin` 1.18.33, `dist/index.d.ts`.
//!
//! OpenCode has no hook commands; a plugin runs in its process. Ours hands `{hook, tool, sessionID, callID, args |
//! output | parts}` to `keysieve agent hook` and does what the answer says: throws, or puts the answer's `args`,
//! `output` or `parts` in their places.

use serde_json::{Value, json};

use super::{pass, warn};
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let name = text(whole, &["hook"])?;
    let (phase, body) = match &name[..] {
        "tool.execute.before" => (Phase::BeforeTool, whole.get("args")?),
        "tool.execute.after" => (Phase::AfterTool, whole.get("output")?),
        "chat.message" => (Phase::Prompt, whole.get("parts")?),
        _ => return None,
    };
    let tool = text(whole, &["tool"]);
    Some(Event {
        agent: Some(Agent::OpenCode),
        phase,
        session: text(whole, &["sessionID"]),
        call: text(whole, &["callID"]),
        cwd: text(whole, &["cwd"]),
        kind: tool.as_deref().map_or(Kind::Other, Kind::of),
        tool,
        input: whole.get("args").cloned().unwrap_or_default(),
        body: body.clone(),
        known: true,
        can: Abilities {
            block: phase.is_blocking(),
            ask: false,
            replace: phase != Phase::BeforeTool,
            rewrite: phase == Phase::BeforeTool,
            replace_shell: true,
            replace_read: true,
        },
        name,
    })
}

/// Writes the answer.
pub fn answer(event: &Event, decision: &Decision) -> Answer {
    match (&decision.verdict, event.phase) {
        (Verdict::Deny | Verdict::Ask, _) => Answer::json(json!({ "deny": decision.reason })),
        (Verdict::Rewrite(args), _) => Answer::json(json!({ "args": args })),
        (Verdict::Replace(parts), Phase::Prompt) => Answer::json(json!({ "parts": parts })),
        (Verdict::Replace(output), _) => Answer::json(json!({ "output": output })),
        (Verdict::Warn, _) => warn(Agent::OpenCode, &decision.reason),
        (Verdict::Pass, _) => pass(Agent::OpenCode),
    }
}
