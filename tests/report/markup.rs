//! CSV and JUnit, read back by the parsers that others use.

use std::collections::BTreeMap;
use std::time::Duration;

use keysieve::model::{Acceptance, Event, Summary};
use keysieve::report::{Format, Options};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;

use crate::make::{accepted, cases, finding, located, print, secret, showing_secrets};

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn csv_has_a_row_for_each_place() {
    let place = |path| located(path, b"a, \"", &secret());
    let events = [Event::Found(finding(
        &secret(),
        vec![
            place("a.txt"),
            accepted(place("b.txt"), Acceptance::Baseline),
        ],
    ))];
    let printed = print(
        Format::Csv,
        &Options::default(),
        &events,
        &Summary::default(),
    );
    let rows = rows(&printed);
    let column = |name: &str| rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("path"), ["a.txt", "b.txt"]);
    assert_eq!(
        column("snippet"),
        ["a, \"demo********a4\"", "a, \"demo********a4\""]
    );
    assert_eq!(column("column"), ["5", "5"]);
    assert_eq!(column("end_column"), ["29", "29"]);
    assert_eq!(column("accepted"), ["", "baseline"]);
    assert!(!rows[0].contains_key("secret"));
}

#[test]
fn csv_cells_are_no_formulas() {
    for begin in ["=", "+", "-", "@", "\t", "\r", "\n", ""] {
        let path = format!("{begin}1+1");
        let events = [Event::Found(finding(
            b"=cmd|x!A1",
            vec![located(&path, b"", b"=cmd|x!A1")],
        ))];
        let rows = rows(&print(
            Format::Csv,
            &showing_secrets(),
            &events,
            &Summary::default(),
        ));
        let quote = if begin.is_empty() { "" } else { "'" };
        assert_eq!(rows[0]["path"], format!("{quote}{path}"));
        assert_eq!(rows[0]["secret"], "'=cmd|x!A1");
    }
}

#[test]
fn csv_of_an_empty_run_is_a_header() {
    let printed = print(Format::Csv, &Options::default(), &[], &Summary::default());
    assert!(printed.starts_with("fingerprint,rule,provider,"));
    assert_eq!(printed.lines().count(), 1);
}

/// How many elements of each name there are, and the attributes of the suite. Panics unless the document is well-formed.
fn parse(xml: &str) -> (BTreeMap<String, usize>, BTreeMap<String, String>) {
    let mut reader = Reader::from_str(xml);
    let (mut names, mut suite) = (BTreeMap::new(), BTreeMap::new());
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(element) | Xml::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                for attribute in element.attributes().filter(|_| name == "testsuite") {
                    let attribute = attribute.unwrap();
                    suite.insert(
                        attribute.key.as_ref().to_owned(),
                        attribute.value.into_owned(),
                    );
                }
                *names.entry(name).or_default() += 1;
            }
            Xml::Eof => return (names, suite),
            _ => {}
        }
    }
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    for case in cases() {
        let printed = print(
            Format::Junit,
            &Options::default(),
            &case.events,
            &case.summary,
        );
        let (names, suite) = parse(&printed);
        for (attribute, element) in [
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ] {
            let counted = names.get(element).copied().unwrap_or(0);
            assert_eq!(
                suite[attribute],
                counted.to_string(),
                "{}: {printed}",
                case.name
            );
        }
        // What XML 1.0 cannot hold, not even as a reference.
        let illegal = |c: char| (c < ' ' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!printed.contains(illegal), "{}", case.name);
        let (clean, whole) = (case.events.is_empty(), case.summary.incomplete.is_empty());
        assert_eq!(suite["failures"] == "0", clean, "{}", case.name);
        assert_eq!(
            suite["errors"] == "0",
            whole && !case.summary.interrupted,
            "{}",
            case.name
        );
    }
}

#[test]
fn junit_looks_like_this() {
    let place = |path| located(path, b"k=\"", &secret());
    let inline = Acceptance::Inline("keysieve:allow".to_owned());
    let places = vec![place("b]]>.txt"), accepted(place("a.txt"), inline)];
    let events = [Event::Found(finding(&secret(), places))];
    let told = Summary {
        elapsed: Duration::from_millis(12),
        ..Summary::default()
    };
    let want = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" skipped="1" time="0.012">
  <testsuite name="keysieve" tests="2" failures="1" errors="0" skipped="1" time="0.012">
    <testcase classname="a.txt" name="demo-key at 1:4" file="a.txt" line="1">
      <skipped message="accepted inline by `keysieve:allow`"/>
    </testcase>
    <testcase classname="b]]&gt;.txt" name="demo-key at 1:4" file="b]]&gt;.txt" line="1">
      <failure type="demo-key" message="Demo API key: demo********a4">at: b]]&gt;.txt:1:4
line: k=&quot;demo********a4&quot;
severity: high
confidence: high
why: the prefix demo_, random
rotate: Revoke it at https://demo.example/keys.
replace: A token of the job&apos;s own.
fingerprint: FINGERPRINT
</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
    let fingerprint = finding(&secret(), Vec::new()).fingerprint.to_string();
    let printed = print(Format::Junit, &Options::default(), &events, &told);
    assert_eq!(printed, want.replace("FINGERPRINT", &fingerprint));
}

#[test]
fn junit_of_a_clean_run_passes() {
    let told = Summary {
        files: 3,
        objects: 0,
        ..Summary::default()
    };
    let printed = print(Format::Junit, &Options::default(), &[], &told);
    let passed = r#"<testcase classname="keysieve" name="no secrets in 3 files"/>"#;
    assert!(printed.contains(passed), "{printed}");
}
