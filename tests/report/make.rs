//! Findings to print, made as the engine makes them.

use std::sync::Arc;
use std::time::Duration;

use keysieve::model::{
    Acceptance, Confidence, Dropped, Encoding, Event, Finding, Fingerprint, Location, Origin, Part,
    Position, RuleInfo, RuleStats, Salt, Secret, Severity, Skip, SkipKind, Stats, Summary,
    UnusedSuppression, mask, mask_line,
};
use keysieve::report::{Format, Options, open};

/// Options under which secrets may be printed.
pub fn showing_secrets() -> Options {
    Options {
        show_secrets: true,
        ..Options::default()
    }
}

/// A credential of no provider, put together here so that no scanner trips over it.
pub fn secret() -> Vec<u8> {
    [&b"demo_"[..], b"k3y_", b"x7Qp2Lm9", b"Zt5Rw", b"a4"].concat()
}

/// Makes one thing in a summary differ from a clean and complete run.
pub type Change = fn(&mut Summary);

/// A rule with everything in it.
pub fn rule(id: &str, severity: Severity) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        id: id.to_owned(),
        provider: "Demo".to_owned(),
        description: "Demo API key".to_owned(),
        severity,
        rotate: "Revoke it at https://demo.example/keys.".to_owned(),
        replace: "A token of the job's own.".to_owned(),
        references: vec!["https://demo.example/docs".to_owned()],
        tags: vec!["cloud".to_owned(), "security".to_owned()],
    })
}

/// The place of `secret` behind `before` in a file; a quote and the line's end follow.
pub fn located(path: &str, before: &[u8], secret: &[u8]) -> Location {
    let whole = [before, secret].concat();
    let first = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let line = [&whole[first..], b"\""].concat();
    let span = before.len() - first..whole.len() - first;
    Location {
        origin: Origin::File(path.to_owned()),
        start: position(before),
        end: position(&whole),
        encoding: None,
        snippet: mask_line(&line, std::slice::from_ref(&span)),
        accepted: None,
        parts: Vec::new(),
    }
}

fn position(before: &[u8]) -> Position {
    let text = String::from_utf8_lossy(before);
    Position {
        line: 1 + text.matches('\n').count() as u64,
        column: 1 + text.rsplit('\n').next().unwrap().chars().count() as u64,
        offset: before.len() as u64,
    }
}

/// A finding of the rule `demo-key`.
pub fn finding(secret: &[u8], locations: Vec<Location>) -> Finding {
    Finding {
        rule: rule("demo-key", Severity::High),
        severity: Severity::High,
        confidence: Confidence::High,
        fingerprint: Fingerprint::new(&Salt::default(), "demo-key", secret),
        secret: Secret::new(secret),
        masked: mask(secret),
        example: false,
        reasons: vec!["the prefix demo_".to_owned(), "random".to_owned()],
        location_count: locations.len() as u64,
        history: None,
        accepted_count: locations.iter().filter(|l| l.accepted.is_some()).count() as u64,
        locations,
    }
}

/// The same place with another part of the credential before it.
pub fn with_part(location: Location) -> Location {
    let part = Part {
        rule: "demo-id".to_owned(),
        name: "demo id".to_owned(),
        masked: "DEMO********7".to_owned(),
        start: position(b"x\nid = "),
        end: position(b"x\nid = DEMO01234567"),
    };
    Location {
        parts: vec![part],
        ..location
    }
}

/// The same place, accepted.
pub fn accepted(location: Location, why: Acceptance) -> Location {
    Location {
        accepted: Some(why),
        ..location
    }
}

/// A skip of `kind`.
pub fn skip(path: &str, kind: SkipKind) -> Event {
    Event::Skipped(Skip {
        origin: Origin::File(path.to_owned()),
        kind,
        detail: format!("said to be {}", kind.name()),
    })
}

/// What a format prints.
pub fn print(format: Format, options: &Options, events: &[Event], summary: &Summary) -> String {
    let mut printed = Vec::new();
    let mut report = open(format, Box::new(&mut printed), options);
    for event in events {
        report.event(event).unwrap();
    }
    report.finish(summary).unwrap();
    drop(report);
    String::from_utf8(printed).unwrap()
}

/// A run to print in every format.
pub struct Case {
    pub name: &'static str,
    pub events: Vec<Event>,
    pub summary: Summary,
}

/// A summary with something of everything.
pub fn full_summary() -> Summary {
    Summary {
        files: 11_010,
        objects: 0,
        bytes: 96_000_000,
        elapsed: Duration::from_millis(120),
        rules: 484,
        findings: vec![(Severity::Critical, 1), (Severity::High, 2)],
        accepted: 1,
        below_confidence: 2,
        skipped: SkipKind::ALL.map(|kind| (kind, 1)).to_vec(),
        incomplete: vec!["1 input could not be read".to_owned()],
        notes: vec!["keysieve.toml of the repository took out 3 findings".to_owned()],
        unused: vec![UnusedSuppression {
            place: "keysieve.toml:7".to_owned(),
            entry: "path vendor/**".to_owned(),
        }],
        interrupted: false,
        stats: Some(Stats {
            grams: 1_920_000,
            hits: 96_000,
            confirmations: 9_600,
            candidates: 480,
            rules: vec![
                RuleStats {
                    id: "generic-password".to_owned(),
                    hits: 48_000,
                    candidates: 300,
                    kept: 2,
                    budget: 200,
                },
                RuleStats {
                    id: "demo-key".to_owned(),
                    hits: 960,
                    candidates: 3,
                    kept: 3,
                    budget: 50,
                },
            ],
        }),
    }
}

/// Runs that every format must bear.
pub fn cases() -> Vec<Case> {
    let one = |location| Event::Found(finding(&secret(), vec![location]));
    let place = |path: &str| located(path, b"key = \"", &secret());
    let names = [
        "::error::x",
        "new\nline\r.txt",
        "\x1b[31mred\u{9b}0m",
        "]]><&'\"",
        "100% of it.txt",
        "=1+1",
        "\u{202e}gpj.exe",
        "C:/x",
        "/abs/olute",
        "größe/名\u{ffff}",
        "",
    ];
    let dropped = || {
        Event::Dropped(Dropped {
            rule: rule("demo-key", Severity::High),
            origin: Origin::File("::x\n".to_owned()),
            start: position(b"ab"),
            masked: mask(b"example"),
            reason: "placeholder: example".to_owned(),
        })
    };
    let mut hostile: Vec<Event> = names.iter().map(|name| one(place(name))).collect();
    hostile.extend(names.iter().map(|name| skip(name, SkipKind::Unreadable)));
    hostile.push(dropped());
    let raw = b"-----BEGIN\n\xff\xfe\n-----END";
    let mut everything = vec![
        one(accepted(
            place("a"),
            Acceptance::Inline("keysieve:allow".to_owned()),
        )),
        Event::Found(finding(
            raw,
            vec![
                located("b", b"x\n", raw),
                accepted(located("c", "größe ".as_bytes(), raw), Acceptance::Baseline),
                accepted(
                    located("d", b"", raw),
                    Acceptance::Allowlist("path d".to_owned()),
                ),
                accepted(
                    located("e", b"", raw),
                    Acceptance::Fingerprint("f".to_owned()),
                ),
            ],
        )),
        one(with_part(place("parts"))),
        one(Location {
            encoding: Some(Encoding::Base64),
            ..place("encoded")
        }),
        one(Location {
            origin: Origin::Stdin,
            ..place("")
        }),
        dropped(),
    ];
    everything.extend(SkipKind::ALL.map(|kind| skip("s", kind)));
    let interrupted = Summary {
        interrupted: true,
        ..Summary::default()
    };
    let case = |name, events, summary| Case {
        name,
        events,
        summary,
    };
    vec![
        case("empty", Vec::new(), Summary::default()),
        case("interrupted", vec![one(place("a"))], interrupted),
        case("everything", everything, full_summary()),
        case("hostile", hostile, full_summary()),
    ]
}
