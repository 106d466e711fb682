//! Records as events of the Open Cybersecurity Schema Framework, for a SIEM.
//!
//! A record with a credential is a Detection Finding (class 2004), any other an API Activity (class 6003), both with the
//! profiles `host`, `security_control` and `record_integrity` (ocsf/ocsf-schema, in the state of July 2026; the last is in
//! its drafts). `ai_operation` is a profile of activities and not of findings: there the agent is a part of the evidence.
//! An attestation's fingerprint is, as that profile demands, over the event itself in the canonical form of RFC 8785,
//! with the fingerprint of the event before it and without its own. The record's own hash is `metadata.original_event_uid`,
//! which leads back to the log.

use serde_json::{Map, Value, json};

use super::unusual::seconds;
use super::{Record, Verdict, chain};
use crate::model::Severity;

/// The version of the schema that the events are written for.
const VERSION: &str = "1.9.0-dev";
/// The profiles that both classes have.
const PROFILES: [&str; 3] = ["host", "security_control", "record_integrity"];

/// Writes events, each with the fingerprint of the one before.
#[derive(Debug, Default)]
pub struct Ocsf {
    previous: Option<(String, String)>,
}

impl Ocsf {
    /// The event of a record, as one line of canonical JSON.
    pub fn event(&mut self, record: &Record) -> String {
        let mut event = match &record.credential {
            Some(credential) => finding(record, credential),
            None => activity(record),
        };
        let uid = format!("{}-{}", record.chain, record.seq);
        let mut attestation = json!({ "uid": uid, "chain_uid": record.chain });
        if let Some((uid, fingerprint)) = &self.previous {
            attestation["prev_event"] =
                json!({ "uid": uid, "fingerprint": sha256_fingerprint(fingerprint) });
        }
        event["attestation_list"] = json!([attestation]);
        let fingerprint = chain::sha256(canonical(&event).as_bytes());
        event["attestation_list"][0]["fingerprint"] = sha256_fingerprint(&fingerprint);
        self.previous = Some((uid, fingerprint));
        canonical(&event)
    }
}

/// SHA-256, in hexadecimal, over an event in the canonical form of RFC 8785.
fn sha256_fingerprint(value: &str) -> Value {
    json!({
        "algorithm": "SHA-256",
        "algorithm_id": 3,
        "encoding_id": 1,
        "serialization_id": 2,
        "value": value,
    })
}

/// What both classes have.
fn base(record: &Record, class: u32, activity: u32) -> Value {
    let (action, disposition) = outcome(record);
    let milliseconds = humantime::parse_rfc3339(&record.time)
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(seconds(record) * 1000, |since| since.as_millis() as u64);
    let mut event = json!({
        "category_uid": class / 1000,
        "class_uid": class,
        "activity_id": activity,
        "type_uid": class * 100 + activity,
        "time": milliseconds,
        "severity_id": severity(record),
        "action_id": action,
        "disposition_id": disposition,
        "status_detail": record.result,
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "keysieve",
                "vendor_name": "keysieve",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "profiles": PROFILES,
            "uid": format!("{}-{}", record.chain, record.seq),
            "original_event_uid": record.hash,
            "original_time": record.time,
            "log_name": record.chain,
        },
    });
    let mut actor = Map::new();
    if let Some(user) = &record.authorizer {
        actor.insert("user".to_owned(), json!({ "name": user }));
    }
    if let Some(session) = &record.session {
        actor.insert("session".to_owned(), json!({ "uid": session }));
    }
    if let Some(agent) = &record.agent {
        actor.insert("app_name".to_owned(), json!(agent));
    }
    if actor.is_empty() {
        actor.insert("app_name".to_owned(), json!("keysieve"));
    }
    event["actor"] = Value::Object(actor);
    if let Some(context) = &record.context {
        event["message"] = json!(context);
    }
    event
}

/// From 1, informational, to 5, critical.
fn severity(record: &Record) -> u32 {
    let severity = record.severity.as_deref().and_then(Severity::parse);
    severity.map_or(1, |severity| severity as u32 + 1)
}

/// What was done, and how: `security_control`'s numbers.
fn outcome(record: &Record) -> (u32, u32) {
    let is = |verdict: Verdict| record.decision == verdict.name();
    match () {
        // Denied; blocked.
        () if is(Verdict::Deny) => (2, 2),
        // Modified; corrected.
        () if is(Verdict::Redact) => (4, 11),
        // Allowed; allowed.
        () if is(Verdict::Allow) => (1, 1),
        // Observed; detected, or logged where there was nothing to detect.
        () if is(Verdict::Report) => (3, if record.credential.is_some() { 15 } else { 17 }),
        // Left to a person, whose answer is not known here.
        () => (0, 0),
    }
}

/// The agent, as what it is and as this run of it.
fn ai_agent(record: &Record) -> Option<Value> {
    let agent = record.agent.as_ref()?;
    let mut value = json!({ "uid": agent, "name": agent });
    if let Some(session) = &record.session {
        value["instance_uid"] = json!(session);
    }
    Some(value)
}

fn message_context(record: &Record, agent: &str) -> Value {
    let is_tool = record.tool.is_some();
    let mut context = json!({
        "ai_role_id": if is_tool { 3 } else { 4 },
        "application": { "name": agent },
    });
    if let Some(session) = &record.session {
        context["uid"] = json!(session);
    }
    if let Some(tool) = &record.tool {
        context["service"] = json!({ "name": tool });
    }
    context
}

fn finding(record: &Record, credential: &str) -> Value {
    let mut event = base(record, 2004, 1);
    let rule = record.rule.as_deref().unwrap_or("credential");
    event["finding_info"] = json!({
        "uid": credential,
        "title": format!("Credential met: {rule}"),
        "types": ["credential"],
        "analytic": { "name": rule, "uid": rule, "type_id": 1 },
    });
    event["is_alert"] = json!(record.decision == Verdict::Deny.name());
    event["evidences"] = json!([evidence(record)]);
    event
}

fn evidence(record: &Record) -> Value {
    json!({
        "ai_agent": ai_agent(record),
        "data": {
            "action": record.action,
            "gen_ai.tool.name": record.tool,
            "gen_ai.tool.call.id": record.call,
            "hosts": record.hosts,
        },
    })
}

fn activity(record: &Record) -> Value {
    let mut event = base(record, 6003, 99);
    let operation = record.tool.as_deref().unwrap_or(&record.action);
    event["activity_name"] = json!(record.action);
    event["api"] = json!({ "operation": operation });
    if let Some(call) = &record.call {
        event["api"]["request"] = json!({ "uid": call });
    }
    event["src_endpoint"] = json!({ "name": record.agent.as_deref().unwrap_or("keysieve") });
    if let Some(agent) = &record.agent {
        let profiles = PROFILES.into_iter().chain(["ai_operation"]);
        event["metadata"]["profiles"] = profiles.collect();
        event["ai_agent"] = json!(ai_agent(record));
        event["message_context"] = message_context(record, agent);
    }
    if let [host, ..] = &record.hosts[..] {
        event["dst_endpoint"] = json!({ "hostname": host });
    }
    event
}

/// RFC 8785 for what is written here: names in ASCII, whole numbers, no blanks, names in order. Written out, since
/// whether `serde_json` keeps another order is up to who else is built with it.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<(&String, &Value)> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields: Vec<String> = fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| format!("{}:{}", json!(name), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(canonical).collect();
            format!("[{}]", all.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, credential: Option<&str>) -> Record {
        Record {
            v: 1,
            seq,
            chain: "c".repeat(32),
            time: "2026-11-27T00:10:00.250Z".to_owned(),
            agent: Some("claude-code".to_owned()),
            session: Some("s1".to_owned()),
            authorizer: Some("Jane <jane@example.com>".to_owned()),
            action: "tool.before".to_owned(),
            tool: Some("Bash".to_owned()),
            call: Some("t1".to_owned()),
            context: Some("curl \"https://a.example\"\n".to_owned()),
            hosts: vec!["a.example".to_owned()],
            rule: credential.map(|_| "github-pat".to_owned()),
            severity: credential.map(|_| "critical".to_owned()),
            credential: credential.map(str::to_owned),
            decision: "deny".to_owned(),
            result: "blocked".to_owned(),
            hash: "h".repeat(64),
            ..Record::default()
        }
    }

    #[test]
    fn events_are_of_their_class_and_chained() {
        let mut ocsf = Ocsf::default();
        let lines = [record(1, None), record(2, Some("f")), record(3, None)]
            .map(|record| ocsf.event(&record));
        let events = lines
            .each_ref()
            .map(|line| -> Value { serde_json::from_str(line).expect("it is JSON") });
        let of = |pointer: &str| {
            events
                .each_ref()
                .map(|event| event.pointer(pointer).cloned())
        };
        assert_eq!(
            of("/class_uid"),
            [json!(6003), json!(2004), json!(6003)].map(Some)
        );
        assert_eq!(
            of("/type_uid"),
            [json!(600_399), json!(200_401), json!(600_399)].map(Some)
        );
        assert_eq!(of("/time")[0], Some(json!(1_795_738_200_250_u64)));
        assert_eq!(of("/action_id")[0], Some(json!(2)));
        assert_eq!(of("/severity_id"), [json!(1), json!(5), json!(1)].map(Some));
        assert_eq!(events[1]["finding_info"]["analytic"]["name"], "github-pat");
        assert_eq!(events[0]["api"]["operation"], "Bash");
        assert_eq!(events[0]["ai_agent"]["instance_uid"], "s1");
        assert_eq!(
            events[0]["actor"]["user"]["name"],
            "Jane <jane@example.com>"
        );
        let fingerprints = of("/attestation_list/0/fingerprint/value");
        let previous = of("/attestation_list/0/prev_event/fingerprint/value");
        assert_eq!(
            previous,
            [None, fingerprints[0].clone(), fingerprints[1].clone()]
        );
        for event in &events {
            let stated = event["attestation_list"][0]["fingerprint"]["value"].clone();
            let mut without = event.clone();
            let attestation = without["attestation_list"][0].as_object_mut();
            attestation.expect("it is one").remove("fingerprint");
            assert_eq!(json!(chain::sha256(canonical(&without).as_bytes())), stated);
        }
    }

    #[test]
    fn the_canonical_form_is_that_of_rfc_8785() {
        let value = json!({"b": [3, 1], "a": {"y": "\u{e9}\n\"", "x": true}, "A": 0, "n": null});
        let want = "{\"A\":0,\"a\":{\"x\":true,\"y\":\"\u{e9}\\n\\\"\"},\"b\":[3,1]}";
        assert_eq!(canonical(&value), want);
    }
}
