//! `keysieve agent hook`: on every tool call of every agent, so nothing is done here that need not be.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use clap::Args;
use keysieve::agent::guard::{Policy, Wrap};
use keysieve::agent::hook::{self, Equipment, Settings};
use keysieve::agent::secret_file::FilePolicy;
use keysieve::engine::Engine;
use keysieve::model::Confidence;

use super::super::audit::{AuditArgs, whole};
use super::super::canary;
use super::super::scan::keep_content_out_of_panics;
use super::super::{Exit, Failure};
use super::keep::keeper;

#[derive(Debug, Args)]
pub struct HookArgs {
    /// Whose events they are, where an event does not tell: claude-code, codex, cursor, gemini, copilot, vscode,
    /// windsurf, opencode.
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,
    /// What becomes of a read of a file that is nothing but secrets (`.env`, private keys): deny, redact or ask. Where
    /// an agent cannot do it, it is denied.
    #[arg(long, value_name = "POLICY", default_value = "deny")]
    pub secret_files: String,
    /// Which shell commands run through `keysieve exec`: auto (those whose output the agent does not let us replace),
    /// always, never.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub wrap: String,
    /// Also use the rules of this file or of the `.toml` files of this directory. Repeatable. Configuration files play
    /// no part here.
    #[arg(long, value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,
    /// Do not take the secret values of environment variables out of what tools say.
    #[arg(long)]
    pub no_known_env: bool,
    /// Let pass what cannot be judged, rather than withhold it.
    #[arg(long)]
    pub fail_open: bool,
    /// Withhold what is not judged after so many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub timeout: u64,
    /// Find what is at least as sure: low, medium, high.
    #[arg(long, value_name = "LEVEL", default_value = "medium")]
    pub min_confidence: String,
    /// Raise an alarm for the canaries of this register. Default: KEYSIEVE_CANARIES, or that of `keysieve canary`.
    #[arg(long, value_name = "FILE")]
    pub canaries: Option<PathBuf>,
    #[command(flatten)]
    pub audit: AuditArgs,
}

impl HookArgs {
    fn settings(&self) -> Result<Settings, Failure> {
        let unknown = |flag: &str, value: &str, names: &str| {
            Failure(format!(
                "{flag}: unknown `{value}`; expected one of {names}"
            ))
        };
        let secret_files = FilePolicy::parse(&self.secret_files).ok_or_else(|| {
            let names = FilePolicy::NAMES.join(", ");
            unknown("--secret-files", &self.secret_files, &names)
        })?;
        let wrap = Wrap::parse(&self.wrap)
            .ok_or_else(|| unknown("--wrap", &self.wrap, &Wrap::NAMES.join(", ")))?;
        let min_confidence = Confidence::parse(&self.min_confidence).ok_or_else(|| {
            unknown(
                "--min-confidence",
                &self.min_confidence,
                "low, medium, high",
            )
        })?;
        let exec = match wrap {
            Wrap::Never => Vec::new(),
            _ => self.exec()?,
        };
        Ok(Settings {
            agent: self.agent.as_deref().map(super::agent).transpose()?,
            policy: Policy {
                secret_files,
                wrap,
                program: std::env::current_exe().ok(),
                exec,
                min_confidence,
                variables: match self.no_known_env {
                    true => Vec::new(),
                    false => variables(),
                },
            },
            fail_open: self.fail_open,
            timeout: Duration::from_millis(self.timeout),
            keep: None,
        })
    }
}

impl HookArgs {
    /// What a command that is wrapped is redacted by, and where that is written down.
    fn exec(&self) -> Result<Vec<String>, Failure> {
        let rules = self.rules.iter().map(|path| ("--rules", path));
        let canaries = self.canaries.iter().map(|path| ("--canaries", path));
        let mut words = Vec::new();
        for (flag, path) in rules.chain(canaries) {
            words.extend([flag.to_owned(), whole(flag, path)?]);
        }
        words.extend(self.audit.words()?);
        Ok(words)
    }
}

fn variables() -> Vec<(String, Vec<u8>)> {
    let pair = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        (
            name.to_string_lossy().into_owned(),
            value.into_encoded_bytes(),
        )
    };
    std::env::vars_os().map(pair).collect()
}

/// Answers one event. The exit code is the protocol's.
pub fn run(args: &HookArgs) -> Result<Exit, Failure> {
    let mut settings = args.settings()?;
    keep_content_out_of_panics();
    let rules = super::rules(&args.rules)?;
    // One for the judgement and for what is written down about it.
    let shared = Arc::new(LazyLock::new(move || Arc::new(Engine::new(rules))));
    let engine = {
        let shared = Arc::clone(&shared);
        move || Arc::clone(LazyLock::force(&shared))
    };
    if args.audit.is_wanted() {
        settings.keep = Some(keeper(args.audit.clone(), engine.clone()));
    }
    let named = args.canaries.clone();
    let equipment = move || {
        let canaries = canary::register(named.as_deref());
        Ok(Equipment {
            engine: engine(),
            canaries: canaries
                .map_err(|Failure(why)| format!("of the register of canaries: {why}"))?,
        })
    };
    let outcome = hook::run(io::stdin(), equipment, &settings);
    let answer = outcome.answer;
    if !answer.stderr.is_empty() {
        // An agent that does not listen is none of our business.
        let _ = writeln!(io::stderr(), "{}", answer.stderr);
    }
    if let Some(value) = answer.stdout {
        let mut text = value.to_string();
        text.push('\n');
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Failure::io("standard output", &e))?;
    }
    Ok(Exit::Command(i32::from(answer.code)))
}
