//! `keysieve agent config`.

use std::path::PathBuf;

use clap::Args;
use keysieve::agent::settings;
use keysieve::agent::text::Scanner;
use keysieve::engine::{Engine, RuleSet};
use keysieve::model::Confidence;
use serde_json::json;

use super::super::{Exit, Failure};
use super::install::{places, read, say};

#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// These files rather than the settings of every agent.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// Lists static credentials.
pub fn run(args: &ConfigArgs) -> Result<Exit, Failure> {
    let files = match args.files.is_empty() {
        true => settings::files(&places()?),
        false => args.files.clone(),
    };
    let engine = Engine::new(RuleSet::embedded());
    let mut scanner = Scanner::new(&engine, Confidence::Medium);
    let (mut count, mut failed) = (0, Vec::new());
    for file in &files {
        let name = file.display();
        let text = match read(file) {
            Ok(Some(text)) => text,
            Ok(None) => {
                failed.push(format!("{name}: it is not there"));
                continue;
            }
            Err(Failure(why)) => {
                failed.push(why);
                continue;
            }
        };
        let Some(found) = settings::find(file, &text, &mut scanner) else {
            failed.push(format!("{name}: it is neither JSON nor TOML"));
            continue;
        };
        for one in found {
            count += 1;
            let rule = one.rule.as_deref();
            if args.json {
                let line = json!({
                    "file": keysieve::source::shown(&one.file),
                    "path": one.path,
                    "masked": one.masked,
                    "rule": rule,
                    "fingerprint": one.fingerprint.to_string(),
                    "instead": one.instead,
                });
                say(&line.to_string())?;
                continue;
            }
            say(&format!(
                "{name}: {}: {} ({})",
                one.path,
                one.masked,
                rule.unwrap_or("by its name")
            ))?;
            say(&format!("  instead: {}", one.instead))?;
        }
    }
    if !args.json {
        let files = super::count(files.len(), "file", "files");
        let found = super::count(count, "static credential", "static credentials");
        say(&format!("{files}, {found}"))?;
    }
    match failed.is_empty() {
        false => Err(Failure(failed.join("\n"))),
        true if count > 0 => Ok(Exit::Findings),
        true => Ok(Exit::Clean),
    }
}
