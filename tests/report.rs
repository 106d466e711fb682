//! What every format of report promises, seen from outside.

#[path = "report/make.rs"]
mod make;
#[path = "report/markup.rs"]
mod markup;
#[path = "report/sarif.rs"]
mod sarif;
#[path = "report/text.rs"]
mod text;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use keysieve::model::{Event, MASK, Summary};
use keysieve::report::{Format, Options, open};
use make::{Case, cases, finding, located, print, secret, showing_secrets};
use proptest::prelude::*;
use serde_json::{Value, json};

fn schema(text: &str) -> (Value, Validator) {
    let schema: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    (schema, validator)
}

fn report_schema() -> (Value, Validator) {
    schema(include_str!("../schemas/keysieve-report.schema.json"))
}

fn lines_schema() -> (Value, Validator) {
    schema(include_str!("../schemas/keysieve-jsonl.schema.json"))
}

/// Panics with the first thing that is wrong.
fn assert_valid(validator: &Validator, instance: &Value, what: &str) {
    if let Err(error) = validator.validate(instance) {
        panic!("{what}: {}: {error}", error.instance_path());
    }
}

#[test]
fn json_follows_its_schema() {
    let (_, validator) = report_schema();
    for Case {
        name,
        events,
        summary,
    } in cases()
    {
        for options in [Options::default(), showing_secrets()] {
            let printed = print(Format::Json, &options, &events, &summary);
            assert_valid(&validator, &serde_json::from_str(&printed).unwrap(), name);
        }
    }
}

#[test]
fn json_lines_follow_their_schema() {
    let (_, validator) = lines_schema();
    for Case {
        name,
        events,
        summary,
    } in cases()
    {
        let printed = print(Format::Jsonl, &showing_secrets(), &events, &summary);
        let lines: Vec<Value> = printed
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        lines
            .iter()
            .for_each(|line| assert_valid(&validator, line, name));
        let types: Vec<&str> = lines
            .iter()
            .map(|line| line["type"].as_str().unwrap())
            .collect();
        let want = events.iter().map(|event| match event {
            Event::Found(_) => "finding",
            Event::Skipped(_) => "skipped",
            Event::Dropped(_) => "dropped",
        });
        assert_eq!(types, want.chain(["summary"]).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn schemas_refuse_what_they_do_not_know() {
    let events = [Event::Found(finding(
        &secret(),
        vec![located("a", b"k=", &secret())],
    ))];
    let report = print(
        Format::Json,
        &Options::default(),
        &events,
        &Summary::default(),
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    let (_, validator) = report_schema();
    assert!(validator.is_valid(&report));
    for pointer in [
        "",
        "/tool",
        "/findings/0",
        "/findings/0/locations/0",
        "/summary",
    ] {
        let mut changed = report.clone();
        changed.pointer_mut(pointer).unwrap()["surprise"] = json!(1);
        assert!(!validator.is_valid(&changed), "a surprise at {pointer:?}");
    }
}

/// Both schemas describe the same records, and files that users can fetch alone.
#[test]
fn schemas_agree() {
    let (report, lines) = (report_schema().0, lines_schema().0);
    for (name, definition) in report["$defs"].as_object().unwrap() {
        let mut line = lines["$defs"][name].clone();
        if let Some(properties) = line
            .pointer_mut("/properties")
            .and_then(Value::as_object_mut)
        {
            let own = ["type", "schema_version", "tool"];
            let added: Vec<_> = own
                .into_iter()
                .filter(|p| properties.remove(*p).is_some())
                .collect();
            let required = line["required"].as_array_mut().unwrap();
            required.retain(|property| !added.contains(&property.as_str().unwrap()));
        }
        assert_eq!(&line, definition, "{name}");
    }
}

#[test]
fn json_says_what_was_found() {
    let text = "# größe\r\nkey = \"".as_bytes();
    let events = [Event::Found(finding(
        &secret(),
        vec![located("src/a.rs", text, &secret())],
    ))];
    let printed = print(
        Format::Json,
        &Options::default(),
        &events,
        &Summary::default(),
    );
    let report: Value = serde_json::from_str(&printed).unwrap();
    let place = &report["findings"][0]["locations"][0];
    let want = json!({
        "path": "src/a.rs", "line": 2, "column": 8, "end_line": 2, "end_column": 32, "offset": 18, "end_offset": 42,
        "snippet": "key = \"demo********a4\"", "accepted": null,
    });
    assert_eq!(place, &want);
    assert_eq!(report["findings"][0]["masked"], "demo********a4");
    assert_eq!(report["findings"][0].get("secret"), None);
    assert_eq!(report["summary"]["complete"], true);
    assert_eq!(report.get("dropped"), None);
}

#[test]
fn secrets_are_shown_only_when_asked_for() {
    let raw = [secret(), b"\xff\xfe\x00raw".to_vec()];
    let events = raw
        .each_ref()
        .map(|s| Event::Found(finding(s, vec![located("a", b"k=", s)])));
    let shown = |format| print(format, &showing_secrets(), &events, &Summary::default());

    let report: Value = serde_json::from_str(&shown(Format::Json)).unwrap();
    let text = String::from_utf8(secret()).unwrap();
    assert_eq!(report["findings"][0]["secret"], text);
    assert_eq!(report["findings"][1].get("secret"), None);
    assert_eq!(report["findings"][1]["secret_base64"], "//4AcmF3");
    for format in [Format::Text, Format::Csv] {
        assert!(shown(format).contains(&text), "{format}");
        assert!(shown(format).contains(r"\xff\xfe\x00raw"), "{format}");
    }
    // Files that are made to be uploaded hold none, whatever is asked for.
    for format in [Format::Sarif, Format::Junit] {
        assert!(!shown(format).contains(&text), "{format}");
    }
}

proptest! {
    /// The same run with another secret shows what else is in a report, so that a secret like `line` proves nothing.
    #[test]
    fn no_format_holds_a_secret(
        raw in prop_oneof!["[!-~]{4,80}", "\\PC{4,40}"].prop_map(String::into_bytes)
            .prop_filter("too short", |raw| raw.len() >= 4 && !raw.contains(&b'\n')),
        before in "[ -~]{0,30}",
        color: bool,
        copies in 1..4_usize,
    ) {
        let told = |secret: &[u8]| {
            let places = (0..copies).map(|n| located(&format!("f{n}"), before.as_bytes(), secret));
            [Event::Found(finding(secret, places.collect()))]
        };
        let options = Options { color, all_locations: true, show_accepted: true, ..Options::default() };
        let hidden = String::from_utf8_lossy(&raw).into_owned();
        let escaped = json!(hidden).to_string().trim_matches('"').to_owned();
        for format in Format::ALL {
            let control = print(format, &options, &told(b"\x01"), &Summary::default());
            let printed = print(format, &options, &told(&raw), &Summary::default());
            for form in [&hidden, &escaped] {
                let leaks = printed.contains(form) && !control.contains(form);
                prop_assert!(!leaks, "{format} holds {form:?}: {printed}");
            }
        }
    }
}

/// What a terminal or a spreadsheet acts on never comes through from a name; CSV alone keeps names as they are, for
/// scripts, and quotes them.
#[test]
fn hostile_names_do_nothing() {
    let Case {
        events, summary, ..
    } = cases().into_iter().find(|c| c.name == "hostile").unwrap();
    for format in Format::ALL.into_iter().filter(|f| *f != Format::Csv) {
        let printed = print(format, &Options::default(), &events, &summary);
        let acts = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{ffff}');
        let line = printed.lines().find(|line| line.contains(acts));
        assert_eq!(line, None, "{format}");
        let injected = printed.lines().find(|l| l.trim_start().starts_with("::"));
        assert_eq!(injected, None, "{format}");
    }
}

/// A writer that others can look into.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn findings_are_seen_at_once_where_someone_may_wait() {
    let found = Event::Found(finding(&secret(), vec![located("a", b"k=", &secret())]));
    for (format, want) in [
        (Format::Text, true),
        (Format::Jsonl, true),
        (Format::Sarif, false),
    ] {
        let shared = Shared::default();
        let mut report = open(format, Box::new(shared.clone()), &Options::default());
        report.event(&found).unwrap();
        let seen = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
        assert_eq!(seen.contains(MASK), want, "{format}");
    }
}

/// A closed pipe.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failed_write_is_told() {
    for format in Format::ALL {
        let mut report = open(format, Box::new(Closed), &Options::default());
        // A brief report says nothing of a run that went well.
        let summary = Summary {
            interrupted: true,
            ..Summary::default()
        };
        let error = report.finish(&summary).expect_err(format.name());
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format}");
    }
}
