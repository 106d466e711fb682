//! `keysieve agent test`: plants a canary and drives each installed hook, as it is configured, with recorded events.

use std::env::consts::OS;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use clap::Args;
use keysieve::agent::event::{Agent, Answer};
use keysieve::agent::rehearsal::{self, Scene};
use keysieve::engine::example::expand;
use serde_json::{Value, json};

use super::super::{Exit, Failure};
use super::install::{installed, places, say};

/// The rule that finds the canary.
const RULE: &str = "github-pat";
/// The variable that the canary stands in while a wrapped command runs.
const VARIABLE: &str = "KEYSIEVE_AGENT_TEST";
/// What a wrapped command says beside the canary.
const CONTROL: &str = "keysieve-agent-test-control";

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Only this agent. Repeatable. Default: every one whose hooks are installed.
    #[arg(long, value_name = "AGENT")]
    pub agent: Vec<String>,
}

/// Tries all of them.
pub fn run(args: &TestArgs) -> Result<Exit, Failure> {
    let places = places()?;
    let named: Vec<Agent> = args
        .agent
        .iter()
        .map(|name| super::agent(name))
        .collect::<Result<_, _>>()?;
    let canary = canary()?;
    let (mut tried, mut failed) = (0, 0);
    for agent in Agent::ALL {
        if !named.is_empty() && !named.contains(&agent) {
            continue;
        }
        let hooks = installed(agent, &places)?;
        if hooks.is_empty() {
            if named.contains(&agent) {
                return Err(Failure(format!("{agent}: no hook is installed")));
            }
            continue;
        }
        let mut results = Vec::new();
        for scene in rehearsal::scenes(agent) {
            let event = scene.event_name(agent);
            for (_, hook) in hooks.iter().filter(|(_, hook)| hook.event == event) {
                results.push((
                    format!("{event} ({})", scene.name),
                    play(&scene, &hook.line, &canary),
                ));
            }
        }
        let shell = hooks.iter().find(|(_, hook)| hook.event == "preToolUse");
        if let (Agent::Cursor, Some((_, hook))) = (agent, shell) {
            results.push(("a wrapped command".to_owned(), wrapped(&hook.line, &canary)));
        }
        if agent == Agent::OpenCode {
            say("opencode: the command that the plugin runs is tried, not the plugin itself")?;
        }
        for (what, result) in results {
            tried += 1;
            match result {
                Ok(()) => say(&format!("{agent}: {what}: kept back"))?,
                Err(why) => {
                    failed += 1;
                    say(&format!(
                        "{agent}: {what}: FAILED: {}",
                        why.replace(&canary, "(the canary)")
                    ))?;
                }
            }
        }
    }
    if tried == 0 {
        return Err(Failure(
            "no hook is installed: keysieve agent install".to_owned(),
        ));
    }
    let events = super::count(tried, "event", "events");
    say(&format!("{events}, {failed} failed"))?;
    Ok(if failed == 0 {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// A token of the right form that nobody has issued.
fn canary() -> Result<String, Failure> {
    let seed = getrandom::u64().map_err(|e| Failure(format!("no random numbers: {e}")))?;
    Ok(expand("<crc32-base62:ghp_>", seed))
}

/// Plays a scene to a configured command line.
fn play(scene: &Scene, line: &str, canary: &str) -> Result<(), String> {
    let output = shell(line, &scene.with(canary), None)?;
    if holds(&output, canary) {
        return Err("the canary comes through".to_owned());
    }
    let answer = answer(&output)?;
    match rehearsal::mismatch(&scene.secret, &answer, canary, RULE) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}

/// Has a command that prints the canary wrapped, and runs it as the agent would.
fn wrapped(line: &str, canary: &str) -> Result<(), String> {
    if line.contains("--wrap never") {
        return Err("commands are not wrapped (--wrap never)".to_owned());
    }
    let scenes = rehearsal::scenes(Agent::Cursor);
    let mut scene = scenes
        .into_iter()
        .find(|scene| scene.name == "pre-shell")
        .ok_or("no scene")?;
    let command = format!("printenv {VARIABLE}; echo {CONTROL}");
    scene.event["tool_input"] = json!({ "command": command });
    let output = shell(line, &scene.event.to_string(), None)?;
    let answer = answer(&output)?;
    let new = answer
        .stdout
        .as_ref()
        .and_then(|out| out["updated_input"]["command"].as_str());
    let new = new.ok_or("the command was not wrapped")?;
    let output = shell(new, "", Some(canary))?;
    if holds(&output, canary) {
        return Err("the canary comes through".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    match said.contains(CONTROL) {
        true => Ok(()),
        false => Err("the wrapped command did not run".to_owned()),
    }
}

fn holds(output: &Output, canary: &str) -> bool {
    let said = [&output.stdout, &output.stderr];
    said.iter()
        .any(|bytes| String::from_utf8_lossy(bytes).contains(canary))
}

fn answer(output: &Output) -> Result<Answer, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let stdout = match text.trim() {
        "" => None,
        text => Some(serde_json::from_str::<Value>(text).map_err(|_| "its answer is not JSON")?),
    };
    let code = output
        .status
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(Answer {
        stdout,
        stderr: String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned(),
        code: code.ok_or("a signal ended it")?,
    })
}

/// Runs a command line as agents do, in a shell.
fn shell(line: &str, input: &str, canary: Option<&str>) -> Result<Output, String> {
    let mut command = match OS {
        "windows" => Command::new("cmd"),
        _ => Command::new("sh"),
    };
    command
        .arg(if OS == "windows" { "/C" } else { "-c" })
        .arg(line);
    if let Some(canary) = canary {
        command.env(VARIABLE, canary);
    }
    let failed = |e: std::io::Error| format!("it could not be run: {e}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends without reading says why by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output().map_err(failed)
}
