//! The report for people, as they see it.

use keysieve::model::{Acceptance, Event, Severity, SkipKind, Summary};
use keysieve::report::{Format, Options, summary};

use crate::make::{Change, accepted, cases, finding, full_summary, located, print, secret, skip};

/// What is printed before the summary.
fn shown(options: &Options, events: &[Event]) -> String {
    let printed = print(Format::Text, options, events, &Summary::default());
    let end = printed.find("Scanned 0 files").unwrap();
    printed[..end].to_owned()
}

#[test]
fn shows_a_finding() {
    let places = vec![
        located("src/größe.rs", b"\n\n\n\n\n\n\n\n\nlet key = \"", &secret()),
        located("src/b.rs", b"k=", &secret()),
    ];
    let events = [Event::Found(finding(&secret(), places))];
    let options = Options {
        width: Some(60),
        ..Options::default()
    };
    let want = "\
high[demo-key]: Demo API key
  --> src/größe.rs:10:12
   |
10 | let key = \"demo********a4\"
   |            ^^^^^^^^^^^^^^ Demo, high confidence
   |
   = why: the prefix demo_, random
   = rotate: Revoke it at https://demo.example/keys.
   = replace: A token of the job's own.
   = also: src/b.rs:1:3
   = accept: keysieve:allow on the line, or
             FINGERPRINT in
             .keysieveignore

";
    let fingerprint = finding(&secret(), Vec::new()).fingerprint.to_string();
    assert_eq!(
        shown(&options, &events),
        want.replace("FINGERPRINT", &fingerprint)
    );
}

#[test]
fn sets_blocks_apart() {
    let found = || Event::Found(finding(&secret(), vec![located("a", b"", &secret())]));
    let skipped = || skip("s", SkipKind::Unreadable);
    let printed = shown(
        &Options::default(),
        &[skipped(), skipped(), found(), skipped()],
    );
    let blocks: Vec<&str> = printed.split_terminator("\n\n").collect();
    let lines: Vec<usize> = blocks.iter().map(|block| block.lines().count()).collect();
    assert_eq!(lines, [2, 10, 1], "{printed}");
    assert!(!printed.contains("\n\n\n"), "{printed}");
}

#[test]
fn keeps_to_the_width() {
    let before = format!("{}k = \"", "字x".repeat(200));
    let events = [Event::Found(finding(
        &secret(),
        vec![located("a", before.as_bytes(), &secret())],
    ))];
    for width in [40, 60, 100] {
        let options = Options {
            width: Some(width),
            ..Options::default()
        };
        let printed = shown(&options, &events);
        // A word that is too long on its own, as a fingerprint may be, stays whole.
        let lines = printed.lines().filter(|line| line.trim().contains(' '));
        for line in lines {
            let columns: usize = line.chars().map(|c| if c == '字' { 2 } else { 1 }).sum();
            assert!(columns <= width, "{columns} > {width}: {line}");
        }
        assert!(printed.contains("k = \"demo********a4\""), "{printed}");
    }
}

#[test]
fn lists_places_as_asked() {
    let mut places: Vec<_> = (0..8)
        .map(|n| located(&format!("f{n}"), b"", &secret()))
        .collect();
    places.push(accepted(located("g", b"", &secret()), Acceptance::Baseline));
    let mut found = finding(&secret(), places);
    found.location_count = 109;
    let events = [Event::Found(found)];
    let all = Options {
        all_locations: true,
        ..Options::default()
    };
    let with_accepted = Options {
        show_accepted: true,
        ..all.clone()
    };
    // Of 109 places one is accepted and one is shown above.
    let cases = [
        (Options::default(), 5, "and 102 more", false),
        (all, 7, "and 100 more", false),
        (with_accepted, 8, "and 100 more", true),
    ];
    for (options, listed, more, baseline) in cases {
        let printed = shown(&options, &events);
        assert_eq!(printed.matches("= also: ").count(), listed + 1, "{printed}");
        assert!(printed.contains(more), "{printed}");
        assert_eq!(
            printed.contains("g:1:1 (accepted in the baseline)"),
            baseline
        );
    }
}

#[test]
fn shows_accepted_findings_only_when_asked() {
    let place = located("a", b"", &secret());
    let inline = Acceptance::Inline("keysieve:allow".to_owned());
    let events = [Event::Found(finding(
        &secret(),
        vec![accepted(place, inline)],
    ))];
    assert_eq!(shown(&Options::default(), &events), "");
    let options = Options {
        show_accepted: true,
        ..Options::default()
    };
    let printed = shown(&options, &events);
    assert!(
        printed.contains("= accepted: accepted inline by `keysieve:allow`"),
        "{printed}"
    );
    assert!(!printed.contains("= accept:"), "{printed}");
}

#[test]
fn tells_of_skips_and_drops() {
    let cases = cases();
    let hostile = cases.iter().find(|case| case.name == "hostile").unwrap();
    let printed = shown(&Options::default(), &hostile.events);
    for want in [
        "warning: new\\nline\\r.txt: said to be unreadable\n",
        "warning: \\u{1b}[31mred\\u{9b}0m: said to be unreadable\n",
        "dropped: ::x\\n:1:3: demo-key ********: placeholder: example\n",
    ] {
        assert!(printed.contains(want), "{want}: {printed}");
    }
}

/// What policy excludes is counted in the summary and does not flood; what makes a run incomplete is told in full.
#[test]
fn does_not_flood_with_what_policy_excludes() {
    let skips = |kind| {
        (0..9)
            .map(|n| skip(&format!("f{n}"), kind))
            .collect::<Vec<_>>()
    };
    let all = Options {
        all_locations: true,
        ..Options::default()
    };
    for (kind, options, want) in [
        (SkipKind::Symlink, Options::default(), 5),
        (SkipKind::Symlink, all, 9),
        (SkipKind::Unreadable, Options::default(), 9),
    ] {
        let printed = shown(&options, &skips(kind));
        assert_eq!(printed.matches(": said to be ").count(), want, "{kind:?}");
    }
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    for case in cases() {
        let print = |color| {
            let options = Options {
                color,
                ..Options::default()
            };
            print(Format::Text, &options, &case.events, &case.summary)
        };
        let (plain, coloured) = (print(false), print(true));
        assert!(!plain.contains('\x1b'), "{}", case.name);
        assert!(coloured.contains('\x1b'), "{}", case.name);
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(stripped, plain, "{}", case.name);
    }
}

fn summed(told: &Summary) -> String {
    let mut printed = Vec::new();
    summary(&mut printed, told, false).unwrap();
    String::from_utf8(printed).unwrap()
}

#[test]
fn sums_up() {
    let want = "\
per MB: 20000 grams, 1000 hits, 100 confirmations, 5.0 candidates
rule                 hits/MB      budget        hits  candidates        kept
generic-password       500.0         200       48000         300           2  over budget
demo-key                10.0          50         960           3           3
note: keysieve.toml of the repository took out 3 findings
warning: unused suppression: keysieve.toml:7: path vendor/**
Skipped 1 input that could not be opened or read; check its permissions, or accept it with --allow-incomplete \
unreadable
Skipped 1 symbolic link, which is not followed
Scanned 11,010 files, 96.0 MB in 0.12 s with 484 rules (800 MB/s, 91,750 files/s)
3 findings: 1 critical, 2 high (1 accepted, 2 below the asked-for confidence)
not complete: 1 input could not be read
";
    let told = Summary {
        skipped: vec![(SkipKind::Unreadable, 1), (SkipKind::Symlink, 1)],
        ..full_summary()
    };
    assert_eq!(summed(&told), want);
}

#[test]
fn a_quiet_run_is_clean_only_if_complete() {
    let with = |change: Change| {
        let mut told = Summary::default();
        change(&mut told);
        summed(&told)
    };
    let scanned = "Scanned 0 files, 0 B in 0.0 ms with 0 rules\n";
    let cases: [(Change, &str); 4] = [
        (|_| {}, "No findings\n"),
        (|s| s.findings = vec![(Severity::Low, 0)], "No findings\n"),
        (
            |s| s.interrupted = true,
            "No findings in what was scanned\ninterrupted: this is what was found until then\n",
        ),
        (
            |s| s.incomplete = vec!["a\x1b".to_owned()],
            "No findings in what was scanned\nnot complete: a\\u{1b}\n",
        ),
    ];
    for (change, want) in cases {
        assert_eq!(with(change), format!("{scanned}{want}"));
    }
}
