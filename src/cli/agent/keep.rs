//! The record of what hooks decide.

use std::sync::Arc;

use keysieve::agent::event::Phase;
use keysieve::agent::hook::Keep;
use keysieve::agent::record::Record;
use keysieve::agent::text::Found;
use keysieve::audit::{Action, Decision, Log, LogError, Verdict};
use keysieve::engine::Engine;

use super::super::Failure;
use super::super::audit::AuditArgs;

/// Credentials of one decision that have a record of their own.
const LISTED: usize = 32;

/// Writes decisions into the record of `args`, with what the rules of `engine` find taken out of every text.
pub fn keeper(args: AuditArgs, engine: impl Fn() -> Arc<Engine> + Send + Sync + 'static) -> Keep {
    Arc::new(move |record| {
        let engine = engine();
        let mask = |text: &str| keysieve::scan::masked(&engine, text);
        let kept = args.open_quickly(&mask).and_then(|log| {
            let kept = log.map(|mut log| keep(&mut log, record));
            Ok(kept.transpose()?)
        });
        kept.map(|_| ()).map_err(|Failure(why)| why)
    })
}

/// One record for each credential that was found, and one where there was none.
fn keep(log: &mut Log<'_>, record: &Record) -> Result<(), LogError> {
    let (verdict, result) = outcome(record);
    let common = Decision {
        agent: Some(record.agent.to_owned()),
        session: record.session.clone(),
        action: action(record),
        tool: record.tool.clone(),
        call: record.call.clone(),
        context: record.context.clone(),
        verdict,
        result: result.clone(),
        ..Decision::default()
    };
    let mut distinct: Vec<&Found> = Vec::new();
    for found in &record.found {
        let is_same = |other: &&Found| other.fingerprint == found.fingerprint;
        if !distinct.iter().any(is_same) {
            distinct.push(found);
        }
    }
    // A canary is never one of those that are only counted.
    distinct.sort_by_key(|found| found.canary.is_none());
    for found in distinct.iter().take(LISTED) {
        let canary = found
            .canary
            .as_ref()
            .map(|canary| format!("alarm: {canary}; "));
        log.append(&Decision {
            rule: Some(found.rule.clone()),
            severity: Some(found.severity),
            credential: Some(log.fingerprint(&found.rule, found.secret.expose())),
            result: format!(
                "{}{result} at {}",
                canary.unwrap_or_default(),
                found.place()
            ),
            ..common.clone()
        })?;
    }
    if distinct.len() > LISTED {
        let more = distinct.len() - LISTED;
        let result = format!("{result}, and {more} more credentials");
        log.append(&Decision { result, ..common })?;
    } else if distinct.is_empty() {
        log.append(&common)?;
    }
    Ok(())
}

fn action(record: &Record) -> Action {
    match record.phase {
        _ if !record.known => Action::Event,
        Phase::BeforeTool => Action::ToolBefore,
        Phase::AfterTool | Phase::ToolFailed => Action::ToolAfter,
        Phase::Prompt => Action::Prompt,
        Phase::Reply => Action::Reply,
        Phase::Other => Action::Event,
    }
}

/// What was decided, and what came of it.
fn outcome(record: &Record) -> (Verdict, String) {
    let (verdict, result) = match record.decision {
        "deny" => (Verdict::Deny, "stopped"),
        "ask" => (Verdict::Ask, "left to a person"),
        "redact" => (Verdict::Redact, "redacted"),
        "wrap" => (Verdict::Allow, "wrapped in keysieve exec"),
        "warn" => (Verdict::Report, "seen, and could not be redacted"),
        "withhold" => (Verdict::Deny, "withheld"),
        _ => (Verdict::Allow, "passed"),
    };
    // Of what was found its place is said.
    let why = match record.found.is_empty() && !record.reason.is_empty() {
        true => format!("{result}: {}", record.reason),
        false => result.to_owned(),
    };
    (verdict, why)
}
