//! Credentials of several parts, and examples that providers publish: seen from outside.

mod support;

use std::io::Write;
use std::process::Stdio;

use keysieve::engine::example::expand;
use serde_json::Value;
use support::{Report, Running, Tree};

/// Rule, and for each place its line and the names of its parts.
type Shown = (String, Vec<(u64, Vec<String>)>);

fn shown(report: &Report) -> Vec<Shown> {
    let texts = |value: &Value| -> Vec<String> {
        let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |part: &Value| part["name"].as_str().unwrap().to_owned();
        parts.iter().map(name).collect()
    };
    let mut shown: Vec<Shown> = report
        .findings()
        .iter()
        .map(|finding| {
            let places = finding["locations"].as_array().unwrap();
            let place = |place: &Value| (place["line"].as_u64().unwrap(), texts(&place["parts"]));
            let rule = finding["rule"].as_str().unwrap().to_owned();
            (rule, places.iter().map(place).collect())
        })
        .collect();
    shown.sort();
    shown
}

fn filler(bytes: usize) -> String {
    "nothing to see in here\n".repeat(bytes / 23 + 1)
}

fn one(rule: &str, line: u64, parts: &[&str]) -> Shown {
    let parts = parts.iter().map(ToString::to_string).collect();
    (rule.to_owned(), vec![(line, parts)])
}

#[test]
fn parts_close_to_each_other_are_one_finding() {
    let aws = "aws_access_key_id=<aws-key-id:AKIA>\naws_secret_access_key=<b64:40>\n";
    let azure =
        "AZURE_TENANT_ID=<uuid>\nAZURE_CLIENT_ID=<uuid>\nAZURE_CLIENT_SECRET=<b62:3>8Q~<b62:34>\n";
    let twilio = "TWILIO_AUTH_TOKEN=<hex:32>\nTWILIO_ACCOUNT_SID=AC<hex:32>\n";
    let algolia = "ALGOLIA_APP_ID=<upper:10>\nALGOLIA_ADMIN_KEY=<hex:32>\n";
    let oauth = "client_id: <hex:20>\nclient_secret: <hex:40>\n";
    let far = format!(
        "aws_secret_access_key=<b64:40>\n{}aws_access_key_id=<aws-key-id:AKIA>\n",
        filler(600)
    );
    let cases = [
        (
            aws,
            vec![one("aws-secret-access-key", 2, &["access key id"])],
        ),
        (
            azure,
            vec![one(
                "azure-entra-client-secret",
                3,
                &["tenant id", "client id"],
            )],
        ),
        (twilio, vec![one("twilio-auth-token", 1, &["account SID"])]),
        (
            algolia,
            vec![one("algolia-api-key", 2, &["application id"])],
        ),
        (oauth, vec![one("generic-client-secret", 2, &["client id"])]),
        // An id that gives no access is no finding of its own.
        ("client_id: <hex:20>\ntenant_id: <uuid>\n", vec![]),
        (
            &far,
            vec![
                one("aws-access-key-id", 29, &[]),
                one("aws-secret-access-key", 1, &[]),
            ],
        ),
    ];
    for (text, want) in cases {
        let tree = Tree::new();
        tree.file("x.env", expand(text, 5));
        let (_, report) = tree.json(["x.env"]);
        assert_eq!(shown(&report), want, "{text}");
    }
}

#[test]
fn what_is_joined_does_not_depend_on_how_input_is_read() {
    let pair = "aws_access_key_id=<aws-key-id:AKIA>\naws_secret_access_key=<b64:40>\n";
    // Longer than what is scanned in one piece, with pairs on both sides of where pieces meet.
    let mut text = String::new();
    for seed in 0..24 {
        text += &expand(pair, seed);
        text += &filler(64 * 1024 - 300);
    }
    let tree = Tree::new();
    tree.file("x.env", &text);
    let (_, of_file) = tree.json(["x.env"]);
    let mut command = tree.keysieve(["scan", "-", "--format", "json"]);
    let mut running = Running::start(command.stdin(Stdio::piped()));
    let mut input = running.child.stdin.take().expect("it is piped");
    for piece in text.as_bytes().chunks(4093) {
        input.write_all(piece).expect("it reads");
    }
    drop(input);
    let of_stream = running.wait().report();
    assert_eq!(shown(&of_file).len(), 24);
    assert_eq!(shown(&of_file), shown(&of_stream));
    let joined = |(_, places): &Shown| places.iter().all(|(_, parts)| parts.len() == 1);
    assert!(shown(&of_file).iter().all(joined));
}

#[test]
fn an_accepted_part_does_not_accept_the_rest() {
    let tree = Tree::new();
    let text =
        "aws_access_key_id=<aws-key-id:AKIA> # keysieve:allow\naws_secret_access_key=<b64:40>\n";
    tree.file("x.env", expand(text, 5));
    let (code, report) = tree.json(["x.env"]);
    let want = [
        one("aws-access-key-id", 1, &[]),
        one("aws-secret-access-key", 2, &[]),
    ];
    assert_eq!((code, shown(&report)), (1, want.to_vec()));
}

#[test]
fn published_examples_are_reported_only_when_asked_for() {
    let tree = Tree::new();
    // In two halves, so that nobody takes it for a credential.
    let stripe = ["sk_test_4eC39HqL", "yjWDarjtT1zdp7dc"].concat();
    tree.file("x.py", format!("stripe.api_key = \"{stripe}\"\n"));
    let (code, report) = tree.json(["x.py"]);
    assert_eq!((code, report.findings().len()), (0, 0));
    let note = "1 example that a provider publishes is not reported (--show-examples)";
    assert_eq!(report.0["summary"]["notes"][0], note);
    let (code, report) = tree.json(["x.py", "--show-examples"]);
    let finding = &report.findings()[0];
    assert_eq!((code, &finding["severity"]), (1, &Value::from("low")));
    assert_eq!(finding["example"], Value::from(true));
}
