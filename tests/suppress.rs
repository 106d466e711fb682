//! Suppressions as a run uses them: the baseline's file format, and a policy that asks all of them.

use keysieve::config::{Layer, LayerKind, Settings, parse};
use keysieve::model::{Acceptance, Fingerprint, Salt};
use keysieve::suppress::{
    Allow, Base, Baseline, Change, Conditions, FingerprintFile, Parts, PathPattern, PathPatterns,
    Policy, SALT_BYTES, Sighting,
};
use proptest::prelude::*;

const SALT: [u8; SALT_BYTES] = [7; SALT_BYTES];

type Found = (String, Vec<u8>);

fn baseline_of(found: &[Found]) -> Baseline {
    let mut baseline = Baseline::new(SALT);
    update(&mut baseline, found);
    baseline
}

fn update(baseline: &mut Baseline, found: &[Found]) -> Change {
    baseline.update(found.iter().map(|(rule, secret)| (&rule[..], &secret[..])))
}

fn found(rule: &str, secret: &str) -> Found {
    (rule.to_owned(), secret.as_bytes().to_vec())
}

fn parsed(text: &str) -> Baseline {
    Baseline::parse("b", text).unwrap_or_else(|errors| panic!("{text}\n{}", errors[0]))
}

fn sighting<'a>(rule: &'a str, secret: &'a str, line: &'a str) -> Sighting<'a> {
    Sighting {
        rule,
        path: "src/a.py",
        secret: secret.as_bytes(),
        line: line.as_bytes(),
        previous_line: b"",
        fingerprint: Fingerprint::new(&Salt::default(), rule, secret.as_bytes()),
    }
}

#[test]
fn the_format_is_pinned() {
    let baseline = baseline_of(&[found("github-pat", "one"), found("generic-password", "two")]);
    let print = |rule, secret: &str| Fingerprint::new(baseline.salt(), rule, secret.as_bytes());
    let mut entries = [
        format!("{} github-pat\n", print("github-pat", "one")),
        format!("{} generic-password\n", print("generic-password", "two")),
    ];
    entries.sort();
    let text = baseline.render();
    let rest: Vec<&str> = text.lines().skip_while(|l| l.starts_with('#')).collect();
    assert_eq!(rest[0], "keysieve-baseline 1");
    assert_eq!(rest[1], format!("salt {}", "07".repeat(SALT_BYTES)));
    assert!(text.ends_with(&format!("\n{}", entries.concat())), "{text}");
    assert_eq!(rest.len(), 4);
}

#[test]
fn an_update_keeps_the_salt_and_follows_the_findings() {
    let mut baseline = baseline_of(&[found("r", "gone"), found("r", "stays")]);
    let before = baseline.salt().clone();
    let now = [found("r", "stays"), found("r", "new"), found("r", "new")];
    let change = update(&mut baseline, &now);
    assert_eq!(
        change,
        Change {
            added: 1,
            kept: 1,
            removed: 1
        }
    );
    assert!(*baseline.salt() == before);
    assert_eq!(baseline.render(), baseline_of(&now).render());
    assert!(!baseline.accepts("r", b"gone"));
}

#[test]
fn a_malformed_baseline_names_the_line_and_what_was_expected() {
    let salt = format!("salt {}", "0a".repeat(SALT_BYTES));
    let other = format!("salt {}", "0b".repeat(SALT_BYTES));
    let print = "0123456789abcdef0123456789abcdef";
    let head = format!("keysieve-baseline 1\n{salt}\n");
    let cases = [
        (
            String::new(),
            "b:1:1: the end of the file; expected `keysieve-baseline 1`",
        ),
        (
            "{\"results\": []}\n{}".into(),
            "b:1:1: no baseline; expected `keysieve-baseline 1`",
        ),
        (
            format!("# c\n{salt}\n"),
            "b:2:1: no baseline; expected `keysieve-baseline 1`",
        ),
        (
            "keysieve-baseline 2\n".into(),
            "b:1:1: version `2` of the format",
        ),
        (
            format!("{head}keysieve-baseline 2\n"),
            "b:3:1: version `2` of the format",
        ),
        (
            "keysieve-baseline 1\n".into(),
            "b:2:1: no salt in the whole file",
        ),
        (
            "keysieve-baseline 1\nsalt 0a\n".into(),
            "b:2:1: a salt of 2 characters; expected 64",
        ),
        (
            format!("{head}{other}\n"),
            "b:3:1: a second salt, which differs",
        ),
        (
            format!("{head}\n{print}\n"),
            "b:4:1: no rule id; expected a fingerprint",
        ),
        (
            format!("{head}{print} GitHub\n"),
            "b:3:1: `GitHub` is no rule id",
        ),
        (format!("{head}{print} a b\n"), "b:3:1: `a b` is no rule id"),
        (format!("{head}{} a\n", &print[1..]), "b:3:1: `123456789"),
        (
            format!("{head}{} a\n", print.to_uppercase()),
            "b:3:1: `0123456789ABC",
        ),
        (
            format!("{head}<<<<<<< HEAD\n"),
            "b:3:1: a mark of an unfinished merge",
        ),
        (
            format!("{head}=======\n"),
            "b:3:1: a mark of an unfinished merge",
        ),
    ];
    for (text, want) in cases {
        let errors = Baseline::parse("b", &text).expect_err(&text);
        assert_eq!(errors.len(), 1, "{text}");
        let said = errors[0].to_string();
        assert!(said.starts_with(want), "{said}\nwanted {want}");
    }
    let two = Baseline::parse("b", &format!("{head}x\n\ny z\n")).expect_err("because of x and y");
    assert_eq!(two.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn a_new_secret_beside_an_accepted_one_is_still_found() {
    let policy = Policy::new(Parts {
        baseline: Some(baseline_of(&[found("generic-password", "old-one")])),
        ..Parts::default()
    });
    let line = "a = \"old-one\"; b = \"new-one\"";
    let accept = |rule, secret| policy.accept(&sighting(rule, secret, line));
    assert_eq!(
        accept("generic-password", "old-one"),
        Some(Acceptance::Baseline)
    );
    assert_eq!(accept("generic-password", "new-one"), None);
    assert_eq!(accept("github-pat", "old-one"), None, "another rule");
}

fn allow(place: &str, pattern: &str) -> Allow {
    let pattern = PathPattern::parse(pattern).expect("because it is a pattern");
    let conditions = Conditions {
        paths: PathPatterns::new(vec![pattern]).expect("because it is small"),
        ..Conditions::default()
    };
    Allow::new(place.to_owned(), None, conditions).expect("because it has a condition")
}

fn everything() -> Policy {
    let print = sighting("r", "first", "").fingerprint;
    let ignored = format!("vendor/\n{print} # why\n{:032x}\n", 0);
    let ignored = FingerprintFile::parse(".keysieveignore", &ignored, true);
    Policy::new(Parts {
        fingerprints: vec![ignored.expect("because it is fine")],
        baseline: Some(parsed(
            &baseline_of(&[
                found("r", "first"),
                found("r", "second"),
                found("r", "gone"),
            ])
            .render(),
        )),
        allow: vec![
            allow("keysieve.toml:3", "src/").from_file(Base::default(), true),
            allow("keysieve.toml:10", "tests/").from_file(Base::default(), true),
            allow("user.toml:1", "*.rs"),
        ],
        ..Parts::default()
    })
}

#[test]
fn the_first_of_the_suppressions_is_named_and_all_that_match_are_used() {
    let policy = everything();
    let accept = |secret, line| policy.accept(&sighting("r", secret, line));
    let inline = Acceptance::Inline("keysieve:allow".into());
    assert_eq!(accept("first", "first # keysieve:allow\r\n"), Some(inline));
    let print = Acceptance::Fingerprint(".keysieveignore:2".into());
    assert_eq!(accept("first", "first\r\n"), Some(print));
    assert_eq!(accept("second", "second"), Some(Acceptance::Baseline));
    let list = Acceptance::Allowlist("path `src/` (keysieve.toml:3)".into());
    assert_eq!(accept("third", "third"), Some(list));
    let unused: Vec<String> = policy.unused().into_iter().map(|u| u.place).collect();
    let mut want = vec![".keysieveignore:3", "keysieve.toml:10", "user.toml:1"];
    assert_eq!(
        unused
            .iter()
            .filter(|place| place.starts_with("b:"))
            .count(),
        1
    );
    want.insert(
        1,
        unused
            .iter()
            .find(|p| p.starts_with("b:"))
            .expect("counted above"),
    );
    assert_eq!(unused, want);
    assert_eq!(
        policy.notes(),
        [
            ".keysieveignore accepted 2 places by 1 entry (--no-repo-config ignores it)",
            "keysieve.toml accepted 4 places by 1 entry (--no-repo-config ignores it)",
        ]
    );
}

#[test]
fn comments_do_not_count_where_whoever_writes_them_must_not_decide() {
    let policy = Policy::new(Parts {
        inline: false,
        ..Parts::default()
    });
    assert_eq!(
        policy.accept(&sighting("r", "s3", "s3 # keysieve:allow")),
        None
    );
    assert!(policy.notes().is_empty() && policy.unused().is_empty());
}

#[test]
fn a_user_s_own_entries_are_no_news() {
    let policy = Policy::new(Parts {
        allow: vec![allow("user.toml:1", "*.py")],
        ..Parts::default()
    });
    assert!(policy.accept(&sighting("r", "s3", "s3")).is_some());
    assert!(policy.notes().is_empty());
}

#[test]
fn a_configuration_accepts_known_test_values_and_says_so() {
    let text = r#"
[[allow]]
reason = "the values of our documentation"
regexes = ['^doc-[0-9]+$']
[[allow]]
rules = ["generic-*"]
stop_words = ["hunter2"]
"#;
    let kind = LayerKind::Repository;
    let layer = Layer {
        kind,
        file: "keysieve.toml".to_owned(),
        folder: "".into(),
        base: Base::default(),
        config: parse("keysieve.toml", text, kind).expect("because it is fine"),
    };
    let settings = Settings::merge(vec![layer]);
    let policy = Policy::new(Parts {
        allow: settings.allow,
        ..Parts::default()
    });
    let cases = [
        (
            "github-pat",
            "doc-123",
            Some("the values of our documentation (keysieve.toml:2)"),
        ),
        ("github-pat", "doc-123x", None),
        (
            "generic-password",
            "xHunter2x",
            Some("rule `generic-*` (keysieve.toml:5)"),
        ),
        ("github-pat", "xHunter2x", None),
    ];
    for (rule, secret, want) in cases {
        let want = want.map(|entry| Acceptance::Allowlist(entry.to_owned()));
        assert_eq!(
            policy.accept(&sighting(rule, secret, secret)),
            want,
            "{rule} {secret}"
        );
    }
    let note = "keysieve.toml accepted 2 places by 2 entries (--no-repo-config ignores it)";
    assert_eq!(policy.notes(), [note]);
}

#[test]
fn one_policy_serves_all_threads() {
    let policy = everything();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    policy.accept(&sighting("r", "third", "third"));
                }
            });
        }
    });
    assert!(policy.notes()[0].starts_with("keysieve.toml accepted 400 places"));
}

fn any_found() -> impl Strategy<Value = Vec<Found>> {
    let secret = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..60),
        "[A-Za-z0-9+/=]{8,60}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(("[a-z][a-z0-9-]{0,12}", secret), 0..12)
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(found in any_found(), stranger in "[a-z]{61,70}") {
        let baseline = baseline_of(&found);
        let text = baseline.render();
        let again = parsed(&text);
        prop_assert_eq!(again.render(), text);
        for (rule, secret) in &found {
            prop_assert!(again.accepts(rule, secret));
            prop_assert!(!again.accepts(rule, stranger.as_bytes()));
        }
    }

    #[test]
    fn the_order_of_findings_does_not_matter(found in any_found().prop_shuffle(), again in any::<usize>()) {
        let mut other = found.clone();
        other.reverse();
        if let Some(twice) = found.get(again % found.len().max(1)) {
            other.push(twice.clone());
        }
        prop_assert_eq!(baseline_of(&found).render(), baseline_of(&other).render());
    }

    /// Two branches that each updated the same baseline, merged line by line, in any order and with any line ends.
    #[test]
    fn a_union_of_two_branches_accepts_what_either_does(
        (common, ours, theirs) in (any_found(), any_found(), any_found()),
        seed in any::<u64>(),
        crlf in any::<bool>(),
    ) {
        let side = |own: &[Found]| baseline_of(&[&common[..], own].concat()).render();
        let mut lines: Vec<String> = [side(&ours), side(&theirs)]
            .iter()
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        // The version comes first on both sides, so a merge leaves it first.
        let head = lines.iter().position(|l| l.starts_with("keysieve")).expect("it is there");
        let head = lines.remove(head);
        lines.sort_by_key(|line| line.bytes().fold(seed, |h, b| h.rotate_left(9) ^ u64::from(b)));
        lines.insert(0, head);
        let merged = parsed(&lines.join(if crlf { "\r\n" } else { "\n" }));
        for (rule, secret) in common.iter().chain(&ours).chain(&theirs) {
            prop_assert!(merged.accepts(rule, secret));
        }
        let all = [&common[..], &ours, &theirs].concat();
        prop_assert_eq!(merged.render(), baseline_of(&all).render());
    }

    #[test]
    fn a_rendered_baseline_never_holds_a_secret(secret in "[A-Za-z0-9+/=]{12,60}") {
        let text = baseline_of(&[("github-pat".to_owned(), secret.clone().into_bytes())]).render();
        let entry = text.lines().last().expect("because it has an entry");
        prop_assert!(!text.contains(&secret));
        prop_assert!(!entry.contains(&Fingerprint::new(&Salt::default(), "github-pat", secret.as_bytes()).to_string()));
    }

    #[test]
    fn any_text_is_read_without_a_panic(lines in prop::collection::vec("\\PC{0,20}|salt [0-9a-f]{0,70}|[0-9a-f]{31,33} [a-z]{0,3}", 0..8)) {
        let text = lines.join("\n");
        let _ = Baseline::parse("b", &text);
        let _ = Baseline::parse("b", &format!("keysieve-baseline 1\n{text}"));
        let _ = FingerprintFile::parse("f", &text, true);
    }
}
