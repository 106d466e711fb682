//! Whether Codex will run a hook: it has to be trusted, and Codex keeps that in its own settings.

use std::path::Path;

use serde_json::Value;

use super::edit;

/// The events of our hooks in `file` that Codex skips, since nobody has trusted them there or somebody has switched them
/// off; `config` is what its `config.toml` says. Codex keeps a hash of each hook's definition, by file, event and place. Whether
/// the hash is still the right one only Codex knows.
pub fn untrusted(file: &Path, text: &str, config: &Value) -> Vec<String> {
    let state = config.pointer("/hooks/state");
    let whole = edit::value_of(file, text).unwrap_or_default();
    let mut events = Vec::new();
    for (event, group, at) in edit::places(&whole) {
        let of = |file: &Path| {
            let key = format!("{}:{}:{group}:{at}", file.display(), snake(event));
            state?.get(key)
        };
        let entry = of(file).or_else(|| of(&file.canonicalize().ok()?));
        let runs = entry.is_some_and(|entry| {
            entry.get("trusted_hash").is_some() && entry.get("enabled") != Some(&Value::Bool(false))
        });
        if !runs && !events.iter().any(|known| known == event) {
            events.push(event.to_owned());
        }
    }
    events
}

/// `PreToolUse` as `pre_tool_use`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_runs_once_it_is_trusted_where_it_stands() {
        let file = Path::new("/h/.codex/hooks.json");
        let text = r#"{"hooks": {
            "PreToolUse": [{"hooks": [{"type": "command", "command": "mine"}]},
                           {"hooks": [{"type": "command", "command": "/a/keysieve agent hook"}]}],
            "UserPromptSubmit": [{"hooks": [{"type": "command", "command": "/a/keysieve agent hook"}]}],
            "Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}"#;
        let config = |text: &str| edit::value_of(Path::new("config.toml"), text).expect("TOML");
        let both = ["PreToolUse", "UserPromptSubmit"];
        assert_eq!(untrusted(file, text, &config("")), both);
        assert_eq!(untrusted(file, text, &Value::Null), both);
        let trusted = |event: &str, group: usize, more: &str| {
            format!(
                "[hooks.state.\"/h/.codex/hooks.json:{event}:{group}:0\"]\ntrusted_hash = \"sha256:0\"\n{more}\n"
            )
        };
        let one = trusted("pre_tool_use", 1, "");
        assert_eq!(untrusted(file, text, &config(&one)), both[1..]);
        let elsewhere = trusted("pre_tool_use", 0, "");
        assert_eq!(untrusted(file, text, &config(&elsewhere)), both);
        let all = one.clone() + &trusted("user_prompt_submit", 0, "enabled = true");
        assert_eq!(untrusted(file, text, &config(&all)), [""; 0]);
        let off = one + &trusted("user_prompt_submit", 0, "enabled = false");
        assert_eq!(untrusted(file, text, &config(&off)), both[1..]);
    }
}
