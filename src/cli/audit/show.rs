//! What `keysieve audit` prints.

use std::collections::BTreeMap;

use keysieve::audit::{self, Count, Summary, Verification};
use keysieve::model::mask_line;
use serde_json::{Value, json};

/// A log may hold whatever somebody wrote into it: nothing of it acts on a terminal.
pub fn printable(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| mask_line(line.as_bytes(), &[]) + "\n");
    lines.collect()
}

/// What was found, for people.
pub fn verification_text(name: &str, found: &Verification) -> String {
    let mut text = String::new();
    for finding in &found.findings {
        let kind = finding.kind.name();
        text.push_str(&format!(
            "{name}:{}: {kind}: {}\n",
            finding.line, finding.detail
        ));
    }
    for note in &found.notes {
        text.push_str(&format!("{name}:{}: note: {}\n", note.line, note.detail));
    }
    let heads = match (found.heads, found.signed) {
        (0, _) => String::new(),
        (1, true) => ", as its signed head says".to_owned(),
        (1, false) => ", as its head says".to_owned(),
        (count, true) => format!(", as {count} signed heads say"),
        (count, false) => format!(", as {count} heads say"),
    };
    let records = found.records;
    let count = found.findings.len() as u64 + found.unlisted;
    let records = counted(records, "record");
    text.push_str(&match count {
        0 => format!("{name}: {records}, intact{heads}\n"),
        _ => format!(
            "{name}: {records}, not intact: {}\n",
            counted(count, "finding")
        ),
    });
    text
}

fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// What was found, for machines.
pub fn verification_json(name: &str, found: &Verification) -> Value {
    let finding =
        |f: &audit::Finding| json!({ "line": f.line, "kind": f.kind.name(), "detail": f.detail });
    let note = |n: &audit::Note| json!({ "line": n.line, "detail": n.detail });
    json!({
        "file": name,
        "intact": found.is_intact(),
        "records": found.records,
        "chain": found.chain,
        "last": found.last,
        "heads": found.heads,
        "signed": found.signed,
        "findings": found.findings.iter().map(finding).collect::<Vec<_>>(),
        "unlisted": found.unlisted,
        "notes": found.notes.iter().map(note).collect::<Vec<_>>(),
    })
}

/// A log summed up, for people.
pub fn report_text(name: &str, found: &Verification, summary: &Summary) -> String {
    let all = &summary.all;
    let state = match found.is_intact() {
        true => "intact",
        false => "NOT INTACT: see `keysieve audit verify`",
    };
    let span = match all.records {
        0 => String::new(),
        _ => format!(" from {} to {}", all.first, all.last),
    };
    let mut text = format!(
        "{name}: {}{span}, {state}\n",
        counted(all.records, "record")
    );
    table(&mut text, "agent", &summary.agents);
    table(&mut text, "rule", &summary.rules);
    table(&mut text, "day", &summary.days);
    if !summary.unusual.is_empty() {
        text.push_str("\nunusual\n");
    }
    for unusual in &summary.unusual {
        text.push_str(&format!(
            "  {name}:{}: {} {}: {}: {}\n",
            unusual.line,
            unusual.time,
            unusual.agent,
            unusual.kind.name(),
            unusual.detail
        ));
    }
    text
}

fn table(text: &mut String, title: &str, counts: &BTreeMap<String, Count>) {
    if counts.is_empty() {
        return;
    }
    let shown = |name: &String| mask_line(name.as_bytes(), &[]);
    let width = counts
        .keys()
        .map(|name| shown(name).chars().count())
        .max()
        .unwrap_or(0)
        .max(12);
    text.push_str(&format!(
        "\n{title:<width$}  records   denied  redacted  credentials\n"
    ));
    for (name, count) in counts {
        text.push_str(&format!(
            "{:<width$}  {:>7}  {:>7}  {:>8}  {:>11}\n",
            shown(name),
            count.records,
            count.denied,
            count.redacted,
            count.credentials
        ));
    }
}

/// A log summed up, for machines.
pub fn report_json(name: &str, found: &Verification, summary: &Summary) -> Value {
    let count = |c: &Count| {
        json!({
            "records": c.records, "denied": c.denied, "redacted": c.redacted,
            "credentials": c.credentials, "first": c.first, "last": c.last,
        })
    };
    let all = |counts: &BTreeMap<String, Count>| -> Value {
        counts
            .iter()
            .map(|(name, c)| (name.clone(), count(c)))
            .collect()
    };
    let unusual = |u: &audit::Unusual| {
        json!({
            "line": u.line, "time": u.time, "agent": u.agent, "kind": u.kind.name(), "detail": u.detail,
        })
    };
    json!({
        "file": name,
        "intact": found.is_intact(),
        "all": count(&summary.all),
        "agents": all(&summary.agents),
        "rules": all(&summary.rules),
        "days": all(&summary.days),
        "hours": summary.hours,
        "unusual": summary.unusual.iter().map(unusual).collect::<Vec<_>>(),
    })
}
