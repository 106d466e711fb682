//! The OCSF export, held to the schema: every attribute is one of its class or object, those that are required are there,
//! and numbers are of their enumeration.
//!
//! The tables are ours, of what the export may use: ocsf/ocsf-schema, version 1.9.0-dev as of commit a5cfc68e (22 July
//! 2026). What is not in them is refused here, whether or not the schema has it.

use keysieve::audit::{Action, Ocsf, Record, Verdict};
use serde_json::Value;

/// What a value has to be.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Number,
    Flag,
    /// One of these numbers.
    Of(&'static [u64]),
    Object(&'static Object),
    Any,
    Many(&'static Type),
}

use Type::{Any, Flag, Many, Number, Object as Obj, Of, Text};

/// An object of the schema, or a class.
struct Object {
    attributes: &'static [(&'static str, Type)],
    required: &'static [&'static str],
    /// One of these has to be there; none where the schema does not ask for it.
    one_of: &'static [&'static str],
}

/// An object without required attributes that has to have one of its `one_of`.
const fn any_of(
    attributes: &'static [(&'static str, Type)],
    one_of: &'static [&'static str],
) -> Object {
    Object {
        attributes,
        required: &[],
        one_of,
    }
}

static NAMED: Object = any_of(&[("name", Text), ("uid", Text)], &["name", "uid"]);
static USER: Object = any_of(&[("name", Text)], &["account", "name", "uid"]);
static SESSION: Object = any_of(&[("uid", Text)], &[]);
static ACTOR: Object = any_of(
    &[
        ("app_name", Text),
        ("session", Obj(&SESSION)),
        ("user", Obj(&USER)),
    ],
    &["user", "session", "app_name"],
);
static AI_AGENT: Object = any_of(
    &[("name", Text), ("uid", Text), ("instance_uid", Text)],
    &["name", "uid"],
);
static MESSAGE_CONTEXT: Object = any_of(
    &[
        ("uid", Text),
        ("ai_role_id", Of(&[0, 1, 2, 3, 4, 5, 6, 99])),
        ("application", Obj(&NAMED)),
        ("service", Obj(&NAMED)),
    ],
    &["application", "service"],
);
static FINGERPRINT: Object = Object {
    attributes: &[
        ("algorithm", Text),
        // SHA-256, in hexadecimal, over RFC 8785: no other is written.
        ("algorithm_id", Of(&[3])),
        ("encoding_id", Of(&[1])),
        ("serialization_id", Of(&[2])),
        ("value", Text),
    ],
    required: &["algorithm_id", "value"],
    one_of: &[],
};
static PREV_EVENT: Object = Object {
    attributes: &[("uid", Text), ("fingerprint", Obj(&FINGERPRINT))],
    required: &["uid"],
    one_of: &[],
};
static ATTESTATION: Object = any_of(
    &[
        ("uid", Text),
        ("chain_uid", Text),
        ("fingerprint", Obj(&FINGERPRINT)),
        ("prev_event", Obj(&PREV_EVENT)),
    ],
    &["fingerprint", "signatures"],
);
static PRODUCT: Object = any_of(
    &[("name", Text), ("vendor_name", Text), ("version", Text)],
    &["name", "uid"],
);
static METADATA: Object = Object {
    attributes: &[
        ("version", Text),
        ("product", Obj(&PRODUCT)),
        ("profiles", Many(&Text)),
        ("uid", Text),
        ("original_event_uid", Text),
        ("original_time", Text),
        ("log_name", Text),
    ],
    required: &["version", "product"],
    one_of: &[],
};
static ANALYTIC: Object = Object {
    attributes: &[("name", Text), ("uid", Text), ("type_id", Of(&[1]))],
    required: &["type_id"],
    one_of: &["name", "uid"],
};
static FINDING_INFO: Object = Object {
    attributes: &[
        ("uid", Text),
        ("title", Text),
        ("types", Many(&Text)),
        ("analytic", Obj(&ANALYTIC)),
    ],
    required: &["uid"],
    one_of: &[],
};
static EVIDENCE: Object = any_of(
    &[("ai_agent", Obj(&AI_AGENT)), ("data", Any)],
    &["actor", "api", "data", "device", "file", "process", "user"],
);
static REQUEST: Object = Object {
    attributes: &[("uid", Text)],
    required: &["uid"],
    one_of: &[],
};
static API: Object = Object {
    attributes: &[("operation", Text), ("request", Obj(&REQUEST))],
    required: &["operation"],
    one_of: &[],
};
static ENDPOINT: Object = any_of(
    &[("name", Text), ("hostname", Text)],
    &["ip", "uid", "name", "hostname", "svc_name"],
);

/// What every event has: the base event, with the profiles host, security_control and record_integrity.
const BASE: &[(&str, Type)] = &[
    ("activity_name", Text),
    ("time", Number),
    ("severity_id", Of(&[0, 1, 2, 3, 4, 5, 6, 99])),
    ("message", Text),
    ("status_detail", Text),
    ("metadata", Obj(&METADATA)),
    ("actor", Obj(&ACTOR)),
    ("action_id", Of(&[0, 1, 2, 3, 4, 99])),
    ("disposition_id", Of(&[0, 1, 2, 11, 15, 17])),
    ("attestation_list", Many(&Obj(&ATTESTATION))),
];
const REQUIRED: &[&str] = &[
    "activity_id",
    "category_uid",
    "class_uid",
    "metadata",
    "severity_id",
    "time",
    "type_uid",
];

static DETECTION_FINDING: Object = Object {
    attributes: &[
        ("activity_id", Of(&[0, 1, 2, 3, 99])),
        ("category_uid", Of(&[2])),
        ("class_uid", Of(&[2004])),
        (
            "type_uid",
            Of(&[200_400, 200_401, 200_402, 200_403, 200_499]),
        ),
        ("finding_info", Obj(&FINDING_INFO)),
        ("is_alert", Flag),
        ("evidences", Many(&Obj(&EVIDENCE))),
    ],
    required: &["finding_info"],
    one_of: &[],
};
static API_ACTIVITY: Object = Object {
    attributes: &[
        ("activity_id", Of(&[0, 1, 2, 3, 4, 99])),
        ("category_uid", Of(&[6])),
        ("class_uid", Of(&[6003])),
        (
            "type_uid",
            Of(&[600_300, 600_301, 600_302, 600_303, 600_304, 600_399]),
        ),
        ("api", Obj(&API)),
        ("src_endpoint", Obj(&ENDPOINT)),
        ("dst_endpoint", Obj(&ENDPOINT)),
    ],
    required: &["actor", "api", "src_endpoint"],
    one_of: &[],
};
/// What the profile ai_operation brings in, where an event declares it.
const AI_OPERATION: &[(&str, Type)] = &[
    ("ai_agent", Obj(&AI_AGENT)),
    ("message_context", Obj(&MESSAGE_CONTEXT)),
];

/// What is wrong with a value.
fn check(value: &Value, wanted: Type, place: &str, wrong: &mut Vec<String>) {
    let fits = match wanted {
        Any => true,
        Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Number => value.is_u64(),
        Flag => value.is_boolean(),
        Of(numbers) => value
            .as_u64()
            .is_some_and(|number| numbers.contains(&number)),
        Many(each) => value.as_array().is_some_and(|all| {
            all.iter().for_each(|one| check(one, *each, place, wrong));
            !all.is_empty()
        }),
        Obj(object) => {
            fields(value, object, &[], place, wrong);
            value.is_object()
        }
    };
    if !fits {
        wrong.push(format!("{place}: {value}"));
    }
}

/// What is wrong with an object's attributes, of which it may have `more` than its own.
fn fields(
    value: &Value,
    object: &Object,
    more: &[&'static [(&'static str, Type)]],
    place: &str,
    wrong: &mut Vec<String>,
) {
    let Some(map) = value.as_object() else {
        return;
    };
    let known = || {
        object
            .attributes
            .iter()
            .chain(more.iter().copied().flatten())
    };
    for (name, inner) in map {
        match known().find(|(known, _)| known == name) {
            Some((_, wanted)) => check(inner, *wanted, &format!("{place}.{name}"), wrong),
            None => wrong.push(format!("{place}: {name} is none of its attributes")),
        }
    }
    let missing = object
        .required
        .iter()
        .filter(|name| !map.contains_key(**name));
    wrong.extend(missing.map(|name| format!("{place}: no {name}")));
    let one_of = object.one_of;
    if !one_of.is_empty() && !one_of.iter().any(|name| map.contains_key(*name)) {
        wrong.push(format!("{place}: none of {one_of:?}"));
    }
}

/// What is wrong with an event.
fn problems(event: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let (class, has_ai) = match event["class_uid"].as_u64() {
        Some(2004) => (&DETECTION_FINDING, false),
        Some(6003) => (&API_ACTIVITY, true),
        _ => return vec![format!("an unknown class: {event}")],
    };
    let profiles = event["metadata"]["profiles"].as_array();
    let profiles: Vec<&str> = profiles
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut more = vec![BASE];
    for profile in profiles {
        match profile {
            "host" | "security_control" | "record_integrity" => {}
            "ai_operation" if has_ai => more.push(AI_OPERATION),
            _ => wrong.push(format!("the class has no profile {profile}")),
        }
    }
    fields(event, class, &more, "event", &mut wrong);
    let missing = REQUIRED.iter().filter(|name| event.get(**name).is_none());
    wrong.extend(missing.map(|name| format!("event: no {name}")));
    let number = |name: &str| event[name].as_u64().unwrap_or_default();
    if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
        wrong.push("event: type_uid is not of its class and activity".to_owned());
    }
    if number("activity_id") == 99 && event.get("activity_name").is_none() {
        wrong.push("event: another activity, without its name".to_owned());
    }
    wrong
}

/// Records with and without each thing that a record can lack, one for each action and verdict.
fn records() -> Vec<Record> {
    let text = |wanted: bool, text: &str| wanted.then(|| text.to_owned());
    let mut all = Vec::new();
    for (at, action) in Action::ALL.into_iter().enumerate() {
        for (of, verdict) in Verdict::ALL.into_iter().enumerate() {
            for lacks in 0..8 {
                let has = |bit: u32| lacks & (1 << bit) == 0;
                all.push(Record {
                    v: 1,
                    seq: all.len() as u64 + 1,
                    chain: "c".repeat(32),
                    time: "2026-11-27T00:10:00.250Z".to_owned(),
                    agent: text(has(0), "claude-code"),
                    session: text(has(1), "s1"),
                    authorizer: text(has(2), "Jane"),
                    action: action.name().to_owned(),
                    tool: text(has(1), "Bash"),
                    call: text(has(2), "t1"),
                    context: text(has(0), "curl"),
                    hosts: text(has(1), "a.example").into_iter().collect(),
                    rule: text((at + of) % 2 == 0, "github-pat"),
                    severity: text((at + of) % 2 == 0, "high"),
                    credential: text((at + of) % 2 == 0, "f"),
                    decision: verdict.name().to_owned(),
                    result: "done".to_owned(),
                    hash: "h".repeat(64),
                    ..Record::default()
                });
            }
        }
    }
    all
}

#[test]
fn every_event_is_one_of_the_schema() {
    let mut ocsf = Ocsf::default();
    for record in records() {
        let line = ocsf.event(&record);
        let event: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(problems(&event), [""; 0], "{line}");
    }
}

#[test]
fn what_is_none_of_the_schema_is_seen() {
    let mut ocsf = Ocsf::default();
    let records = records();
    let of = |credential: bool| {
        let found = records
            .iter()
            .find(|one| one.credential.is_some() == credential);
        found.expect("there are both")
    };
    for credential in [true, false] {
        let good: Value = serde_json::from_str(&ocsf.event(of(credential))).expect("it is JSON");
        let spoiled = [
            ("/severity_id", Value::from(7)),
            ("/action_id", Value::from(5)),
            ("/actor", Value::Object(serde_json::Map::new())),
            ("/metadata/product", Value::from("keysieve")),
            ("/metadata/profiles", serde_json::json!(["cloud"])),
            (
                "/attestation_list/0/fingerprint/algorithm_id",
                Value::from("3"),
            ),
        ];
        for (pointer, value) in spoiled {
            let mut event = good.clone();
            *event.pointer_mut(pointer).expect("it is there") = value;
            assert_ne!(problems(&event), [""; 0], "{pointer}");
        }
        for gone in [
            "metadata",
            "time",
            if credential { "finding_info" } else { "api" },
        ] {
            let mut event = good.clone();
            event.as_object_mut().expect("it is one").remove(gone);
            assert_ne!(problems(&event), [""; 0], "{gone}");
        }
        let mut event = good.clone();
        event["ai_model"] = Value::from("m");
        assert_ne!(problems(&event), [""; 0]);
    }
}
