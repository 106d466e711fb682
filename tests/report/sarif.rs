//! SARIF, against the official schema and against what code scanning services make of it.

use std::sync::Arc;

use keysieve::model::{
    Acceptance, Confidence, Event, Finding, Location, Origin, RuleInfo, Severity, SkipKind, Summary,
};
use keysieve::report::{Format, Options};
use serde_json::{Value, json};

use crate::make::{
    Case, Change, accepted, cases, finding, located, print, rule, secret, skip, with_part,
};
use crate::{assert_valid, schema};

fn run(events: &[Event], summary: &Summary) -> Value {
    let printed = print(Format::Sarif, &Options::default(), events, summary);
    serde_json::from_str::<Value>(&printed).unwrap()["runs"][0].take()
}

fn run_of(findings: Vec<Finding>) -> Value {
    let events: Vec<Event> = findings.into_iter().map(Event::Found).collect();
    run(&events, &Summary::default())
}

fn array(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no array: {value}"))
}

#[test]
fn follows_the_official_schema() {
    let (_, validator) = schema(include_str!("../../fixtures/sarif/sarif-schema-2.1.0.json"));
    let options = Options {
        root: Some("/home/user/my tree".to_owned()),
        ..Options::default()
    };
    for Case {
        name,
        events,
        summary,
    } in cases()
    {
        let printed = print(Format::Sarif, &options, &events, &summary);
        let mut log: Value = serde_json::from_str(&printed).unwrap();
        assert_valid(&validator, &log, name);
        // The schema is in force: it refuses what it does not know.
        log["runs"][0]["tool"]["driver"]["surprise"] = json!(1);
        assert!(!validator.is_valid(&log), "{name}");
    }
}

#[test]
fn points_exactly_at_the_secret() {
    let before = "x\r\nübergrößé 😀 = \"".as_bytes();
    let run = run_of(vec![finding(
        &secret(),
        vec![located("a", before, &secret())],
    )]);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let result = &run["results"][0];
    let physical = &result["locations"][0]["physicalLocation"];
    let want = json!({
        "startLine": 2, "startColumn": 16, "endLine": 2, "endColumn": 40,
        "byteOffset": before.len(), "byteLength": secret().len(), "snippet": {"text": "demo********a4"},
    });
    assert_eq!(physical["region"], want);
    let context = &physical["contextRegion"]["snippet"]["text"];
    assert_eq!(context, "übergrößé 😀 = \"demo********a4\"");
    assert_eq!(result["level"], "error");
    let message = "Demo API key: demo********a4 (high confidence; the prefix demo_, random)";
    assert_eq!(result["message"]["text"], message);
}

#[test]
fn correlates_the_places_of_a_secret_and_survives_moves() {
    let other: Vec<u8> = secret().iter().rev().copied().collect();
    let place = |path: &str, before: &[u8]| located(path, before, &secret());
    let before = run_of(vec![
        finding(&secret(), vec![place("a", b"k="), place("b", b"k=")]),
        finding(&other, vec![located("a", b"k=", &other)]),
    ]);
    let after = run_of(vec![finding(
        &secret(),
        vec![place("moved", b"\n\n\n    key: ")],
    )]);
    let identity = |result: &Value| {
        (
            result["correlationGuid"].clone(),
            result["partialFingerprints"].clone(),
        )
    };
    let results = array(&before["results"]);
    assert_eq!(identity(&results[0]), identity(&results[1]));
    assert_eq!(identity(&results[0]), identity(&after["results"][0]));
    assert_ne!(identity(&results[0]), identity(&results[2]));
    let fingerprint = finding(&secret(), Vec::new()).fingerprint.to_string();
    assert_eq!(identity(&results[0]).1, json!({"keysieve/v1": fingerprint}));
}

/// Every reference from a rule to a control leads there, and tags decide which there are.
#[test]
fn relates_rules_to_controls() {
    let tagged = |tags: &[&str]| {
        let mut info = (*rule("demo-key", Severity::High)).clone();
        info.tags = tags.iter().map(ToString::to_string).collect();
        let run = run_of(vec![of_rule(Arc::new(info), Confidence::High)]);
        let of_rule = array(&run["tool"]["driver"]["rules"][0]["relationships"]).to_vec();
        let ids = of_rule.iter().map(|relationship| {
            let target = &relationship["target"];
            let component = &target["toolComponent"];
            let taxonomy = &run["taxonomies"][component["index"].as_u64().unwrap() as usize];
            let taxon = &taxonomy["taxa"][target["index"].as_u64().unwrap() as usize];
            assert_eq!(taxonomy["name"], component["name"]);
            assert_eq!(taxon["id"], target["id"]);
            format!("{} {}", taxonomy["name"], taxon["id"]).replace('"', "")
        });
        ids.collect::<Vec<String>>()
    };
    let every = [
        "CWE CWE-798",
        "SOC 2 CC6.1",
        "HIPAA 164.308(a)(5)(ii)(D)",
        "HIPAA 164.312(d)",
        "PCI DSS 8.3.2",
        "PCI DSS 8.6.2",
        "GDPR Art. 32(1)(b)",
    ];
    assert_eq!(tagged(&["ai"]), every);
    for (tag, id) in [
        ("database", "GDPR Art. 5(1)(f)"),
        ("ci", "SOC 2 CC8.1"),
        ("key", "PCI DSS 3.6.1"),
        ("payments", "PCI DSS 7.2.5"),
        ("mail", "HIPAA 164.312(e)(1)"),
    ] {
        assert!(tagged(&[tag]).iter().any(|own| own == id), "{tag} {id}");
    }
}

#[test]
fn tells_where_the_other_parts_stand() {
    let place = with_part(located("a b", b"\n\nkey = ", &secret()));
    let run = run_of(vec![finding(&secret(), vec![place])]);
    let want = json!([{
        "message": {"text": "demo id: DEMO********7"},
        "physicalLocation": {
            "artifactLocation": {"uri": "a%20b", "uriBaseId": "SRCROOT"},
            "region": {
                "startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 18,
                "byteOffset": 7, "byteLength": 12, "snippet": {"text": "DEMO********7"},
            },
        },
    }]);
    assert_eq!(run["results"][0]["relatedLocations"], want);
}

fn of_rule(rule: Arc<RuleInfo>, confidence: Confidence) -> Finding {
    Finding {
        severity: rule.severity,
        rule,
        confidence,
        ..finding(&secret(), vec![located("a", b"", &secret())])
    }
}

#[test]
fn lists_each_rule_once_in_order() {
    let (zeta, alpha) = (
        rule("zeta", Severity::Critical),
        rule("alpha", Severity::Medium),
    );
    let run = run_of(vec![
        of_rule(Arc::clone(&zeta), Confidence::High),
        of_rule(Arc::clone(&alpha), Confidence::High),
        of_rule(zeta, Confidence::Medium),
    ]);
    let rules = array(&run["tool"]["driver"]["rules"]);
    let ids: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, ["alpha", "zeta"]);
    for result in array(&run["results"]) {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    // What holds for every result of the rule, not for its best.
    assert_eq!(rules[1]["properties"]["precision"], "medium");
    assert_eq!(rules[0]["properties"]["precision"], "high");
}

#[test]
fn describes_rules_for_people_and_services() {
    let run = run_of(vec![of_rule(
        rule("demo-key", Severity::Critical),
        Confidence::High,
    )]);
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["name"], "DemoKey");
    assert_eq!(rule["helpUri"], "https://demo.example/docs");
    assert_eq!(
        rule["properties"]["tags"],
        json!(["security", "external/cwe/cwe-798", "cloud"])
    );
    assert_eq!(
        rule["relationships"][0]["target"]["id"],
        run["taxonomies"][0]["taxa"][0]["id"]
    );
    for form in ["text", "markdown"] {
        let help = rule["help"][form].as_str().unwrap();
        let said = [
            "Demo API key",
            "Revoke it at",
            "A token of the job's own",
            "demo.example/docs",
        ];
        assert!(said.iter().all(|words| help.contains(words)), "{help}");
    }
}

#[test]
fn maps_severities() {
    let cases = [
        (Severity::Critical, "error", "9.5"),
        (Severity::High, "error", "8.0"),
        (Severity::Medium, "warning", "5.5"),
        (Severity::Low, "note", "3.0"),
        (Severity::Info, "note", "1.0"),
    ];
    for (severity, level, score) in cases {
        let run = run_of(vec![of_rule(rule("r", severity), Confidence::High)]);
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!(run["results"][0]["level"], level);
        assert_eq!(rule["defaultConfiguration"]["level"], level);
        assert_eq!(rule["properties"]["security-severity"], score);
    }
    // A finding that was lowered keeps its rule's own level there and has its own here.
    let lowered = Finding {
        severity: Severity::Low,
        ..of_rule(rule("r", Severity::High), Confidence::High)
    };
    let run = run_of(vec![lowered]);
    assert_eq!(run["results"][0]["level"], "note");
    assert_eq!(
        run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"],
        "error"
    );
}

#[test]
fn accepted_places_are_suppressed() {
    let place = || located("a", b"", &secret());
    let cases = [
        (None, json!([])),
        (
            Some(Acceptance::Inline("keysieve:allow".to_owned())),
            json!([{"kind": "inSource", "status": "accepted", "justification": "accepted inline by `keysieve:allow`"}]),
        ),
        (
            Some(Acceptance::Baseline),
            json!([{"kind": "external", "status": "accepted", "justification": "accepted in the baseline"}]),
        ),
    ];
    let places = cases.iter().map(|(why, _)| match why {
        Some(why) => accepted(place(), why.clone()),
        None => place(),
    });
    let run = run_of(vec![finding(&secret(), places.collect())]);
    for (result, (_, want)) in array(&run["results"]).iter().zip(&cases) {
        assert_eq!(&result["suppressions"], want);
    }
}

#[test]
fn names_artifacts_by_uri() {
    let stdin = Location {
        origin: Origin::Stdin,
        ..located("", b"", &secret())
    };
    let cases = [
        (
            located("src/a b%.rs", b"", &secret()),
            json!({"uri": "src/a%20b%25.rs", "uriBaseId": "SRCROOT"}),
        ),
        (
            located("/etc/x", b"", &secret()),
            json!({"uri": "file:///etc/x"}),
        ),
        (
            stdin,
            json!({"uri": "stdin", "description": {"text": "Standard input"}}),
        ),
    ];
    for (place, want) in cases {
        let run = run_of(vec![finding(&secret(), vec![place])]);
        let physical = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"], want);
        assert_eq!(run.get("originalUriBaseIds"), None);
    }
    let rooted = Options {
        root: Some("/home/user/my tree".to_owned()),
        ..Options::default()
    };
    let printed = print(Format::Sarif, &rooted, &[], &Summary::default());
    let log: Value = serde_json::from_str(&printed).unwrap();
    let root = &log["runs"][0]["originalUriBaseIds"]["SRCROOT"]["uri"];
    assert_eq!(root, "file:///home/user/my%20tree/");
}

#[test]
fn skips_are_notifications() {
    let events = SkipKind::ALL.map(|kind| skip("dir/f", kind));
    let run = run(&events, &Summary::default());
    let told = array(&run["invocations"][0]["toolExecutionNotifications"]);
    let known = array(&run["tool"]["driver"]["notifications"]);
    assert_eq!(told.len(), SkipKind::ALL.len());
    for (told, kind) in told.iter().zip(SkipKind::ALL) {
        let level = if kind.is_policy() { "warning" } else { "error" };
        assert_eq!(told["level"], level, "{kind:?}");
        assert_eq!(told["descriptor"]["id"], kind.name());
        let index = told["descriptor"]["index"].as_u64().unwrap() as usize;
        assert_eq!(known[index]["id"], kind.name());
        let artifact = &told["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(artifact["uri"], "dir/f");
    }
}

#[test]
fn execution_is_successful_only_if_complete() {
    let with = |change: Change| {
        let mut told = Summary::default();
        change(&mut told);
        run(&[], &told)["invocations"][0].take()
    };
    let cases: [(Change, bool, usize); 3] = [
        (|_| {}, true, 0),
        (|s| s.interrupted = true, false, 1),
        (
            |s| s.incomplete = vec!["a".to_owned(), "b".to_owned()],
            false,
            2,
        ),
    ];
    for (change, successful, told) in cases {
        let invocation = with(change);
        assert_eq!(invocation["executionSuccessful"], successful);
        assert_eq!(array(&invocation["toolExecutionNotifications"]).len(), told);
    }
}
