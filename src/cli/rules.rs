//! `keysieve rules`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use keysieve::engine::example::failures;
use keysieve::engine::{Engine, RuleSet};
use keysieve::rule::{Matcher, Rule};
use rayon::prelude::*;
use serde_json::json;

use super::args::RulesCommand;
use super::settings::{read_rules, with_embedded};
use super::{Exit, Failure};

/// Lists, shows or tests rules.
pub fn run(command: &RulesCommand) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    let exit = match command {
        RulesCommand::List { rules, json } => {
            let rules = with_embedded(read_rules(rules)?)?;
            if *json {
                list_json(&mut out, &rules)
            } else {
                list(&mut out, &rules)
            }
            Exit::Clean
        }
        RulesCommand::Show { id, rules } => {
            let rules = with_embedded(read_rules(rules)?)?;
            let rule = rules.get(id).ok_or_else(|| unknown(id, &rules))?;
            show(&mut out, rule);
            Exit::Clean
        }
        RulesCommand::Test { files } => test(&mut out, files)?,
    };
    match io::stdout().write_all(&out) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io("standard output", &e)),
        _ => Ok(exit),
    }
}

fn unknown(id: &str, rules: &RuleSet) -> Failure {
    let near: Vec<&str> = rules
        .rules()
        .iter()
        .map(|rule| &rule.id[..])
        .filter(|known| known.contains(id) || strsim::osa_distance(known, id) <= 2)
        .take(5)
        .collect();
    match near.is_empty() {
        true => Failure(format!("no rule `{id}`; `keysieve rules list` shows them")),
        false => Failure(format!("no rule `{id}`; did you mean {}?", near.join(", "))),
    }
}

fn list(out: &mut Vec<u8>, rules: &RuleSet) {
    let width = |text: fn(&Rule) -> &str| {
        rules
            .rules()
            .iter()
            .map(|rule| text(rule).len())
            .max()
            .unwrap_or(0)
    };
    let (id, provider) = (width(|rule| &rule.id), width(|rule| &rule.provider));
    for rule in rules.rules() {
        let _ = writeln!(
            out,
            "{:id$}  {:8}  {:6}  {:provider$}  {}",
            rule.id, rule.severity, rule.confidence, rule.provider, rule.description
        );
    }
    let providers: BTreeSet<&str> = rules
        .rules()
        .iter()
        .map(|rule| &rule.provider_id[..])
        .collect();
    let _ = writeln!(
        out,
        "{} rules of {} providers",
        rules.rules().len(),
        providers.len()
    );
}

fn list_json(out: &mut Vec<u8>, rules: &RuleSet) {
    let all: Vec<_> = rules
        .rules()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "provider": rule.provider,
                "description": rule.description,
                "severity": rule.severity.name(),
                "confidence": rule.confidence.name(),
                "kind": kind(rule),
                "tags": rule.tags,
            })
        })
        .collect();
    let _ = serde_json::to_writer_pretty(&mut *out, &all);
    out.push(b'\n');
}

fn kind(rule: &Rule) -> &'static str {
    match rule.matcher {
        Matcher::Pattern(..) => "pattern",
        Matcher::Assignment(_) => "assignment",
        Matcher::Run(_) => "run",
        Matcher::Block(_) => "block",
        Matcher::File(_) => "file",
    }
}

fn show(out: &mut Vec<u8>, rule: &Rule) {
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:12} {value}");
        }
    };
    line("id", &rule.id);
    line("provider", &rule.provider);
    line("description", &rule.description);
    line("severity", rule.severity.name());
    line("confidence", rule.confidence.name());
    line("kind", kind(rule));
    for keyword in rule.keywords.iter() {
        line("keyword", &keyword.text);
    }
    match &rule.matcher {
        Matcher::Pattern(pattern, _) => line("pattern", &pattern.source),
        Matcher::Assignment(assignment) => line(
            "value",
            assignment.value.as_ref().map_or("any", |v| &v.source),
        ),
        Matcher::Run(run) => line("head", &run.head.source),
        Matcher::Block(block) => {
            line("begin", &block.begin.source);
            line("end", &block.end.source);
        }
        Matcher::File(file) => line("files", &file.files.join(", ")),
    }
    line(
        "check",
        rule.structure.map_or("", |structure| structure.name()),
    );
    line("rotate", &rule.rotate);
    line("replace", &rule.replace);
    rule.references
        .iter()
        .for_each(|reference| line("see", reference));
    line("tags", &rule.tags.join(", "));
    rule.examples
        .iter()
        .for_each(|example| line("example", example));
    rule.counter_examples
        .iter()
        .for_each(|example| line("not", example));
    line("defined in", &rule.source);
}

/// Each rule must report in its examples and be silent in its counter-examples, beside all other rules.
fn test(out: &mut Vec<u8>, files: &[PathBuf]) -> Result<Exit, Failure> {
    let mine = read_rules(files)?;
    let ids: BTreeSet<String> = mine.iter().map(|rule| rule.id.to_string()).collect();
    let engine = Engine::new(with_embedded(mine)?).with_dropped();
    let rules = engine.rules().rules();
    let mine: Vec<&Rule> = rules
        .iter()
        .filter(|rule| ids.contains(&rule.id[..]))
        .collect();
    // Each example is tried with a dozen generated values: worth all the processors there are.
    let results: Vec<(&Rule, Vec<String>)> = mine
        .par_iter()
        .map(|rule| (*rule, failures(&engine, rule)))
        .collect();
    for (rule, wrong) in &results {
        let verdict = if wrong.is_empty() { "ok    " } else { "FAILED" };
        let _ = writeln!(out, "{verdict}  {}", rule.id);
        wrong
            .iter()
            .for_each(|failure| _ = writeln!(out, "        {failure}"));
    }
    let failed = results
        .iter()
        .filter(|(_, wrong)| !wrong.is_empty())
        .count();
    let rules = if ids.len() == 1 { "rule" } else { "rules" };
    let _ = writeln!(out, "{} {rules}, {failed} failed", ids.len());
    Ok(if failed == 0 {
        Exit::Clean
    } else {
        Exit::Findings
    })
}
