//! Windsurf's Cascade: <https://docs.windsurf.com/windsurf/cascade/hooks>.
//!
//! A hook before an action blocks with exit code 2, and standard error says why. Nothing can be replaced or asked, so a
//! file is looked at before it is read.

use serde_json::{Map, Value};

use super::pass;
use crate::agent::event::{Abilities, Agent, Answer, Event, Kind, Phase, Verdict, text};
use crate::agent::guard::Decision;

/// Reads an event.
pub fn read(whole: &Value) -> Option<Event> {
    let name = text(whole, &["agent_action_name"])?;
    let info = whole
        .get("tool_info")
        .cloned()
        .unwrap_or(Value::Object(Map::new()));
    let get = |key: &str| info.get(key).cloned();
    let (phase, kind, body) = match &name[..] {
        "pre_read_code" => (Phase::BeforeTool, Kind::Read, info.clone()),
        "pre_write_code" => (Phase::BeforeTool, Kind::Edit, info.clone()),
        "pre_run_command" => (Phase::BeforeTool, Kind::Shell, info.clone()),
        "pre_mcp_tool_use" => (Phase::BeforeTool, Kind::Mcp, get("mcp_tool_arguments")?),
        "pre_user_prompt" => (Phase::Prompt, Kind::Other, get("user_prompt")?),
        "post_mcp_tool_use" => (Phase::Reply, Kind::Mcp, get("mcp_result")?),
        "post_cascade_response" => (Phase::Reply, Kind::Other, get("response")?),
        "post_read_code" | "post_write_code" | "post_run_command" | "post_setup_worktree" => {
            (Phase::Other, Kind::Other, Value::Null)
        }
        _ => return None,
    };
    let tool = match kind {
        Kind::Mcp => text(&info, &["mcp_tool_name"]),
        _ => Some(name.trim_start_matches("pre_").to_owned()),
    };
    Some(Event {
        agent: Some(Agent::Windsurf),
        phase,
        session: text(whole, &["trajectory_id"]),
        call: text(whole, &["execution_id"]),
        cwd: text(&info, &["cwd"]),
        kind,
        tool,
        input: body.clone(),
        body,
        known: true,
        can: Abilities {
            block: phase.is_blocking(),
            ..Abilities::default()
        },
        name,
    })
}

/// Writes the answer.
pub fn answer(_event: &Event, decision: &Decision) -> Answer {
    match decision.verdict {
        Verdict::Deny | Verdict::Ask => Answer::refusal(&decision.reason),
        Verdict::Warn => Answer::note(&decision.reason),
        Verdict::Pass | Verdict::Replace(_) | Verdict::Rewrite(_) => pass(Agent::Windsurf),
    }
}
