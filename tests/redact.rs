//! What a streaming redactor must hold, each line a property: `docs/redaction.md` lists them.

#[path = "support/encode.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod encode;
#[path = "redact/forms.rs"]
mod forms;
#[path = "redact/make.rs"]
mod make;

use std::ops::Range;

use keysieve::engine::example::expand;
use keysieve::engine::{Emission, Engine, Reason, RuleSet, Verdict};
use keysieve::redact::{Key, PASSES, Placeholders, Redacted, Redactor};
use make::{Cuts, cuts, example_lines, examples, full, pieces, small};
use proptest::prelude::*;
use proptest::sample;

/// So many cases; `PROPTEST_CASES` has the last word.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Feeds the chunks and says what had come out after each.
fn streamed(redactor: &Redactor<'_>, chunks: &[&[u8]]) -> (Redacted, Vec<usize>) {
    let mut out = Redacted::default();
    let mut stream = redactor.stream();
    let mut after = Vec::new();
    for chunk in chunks {
        stream.feed(chunk, &mut out);
        after.push(out.text.len());
    }
    stream.finish(&mut out);
    (out, after)
}

/// A rule's id and where its secret stands.
type Place = (String, Range<u64>);

/// What a scan reports of a text between two others, and everything that redaction covers: that, and what gave way to it.
fn scanned(
    engine: &Engine,
    (before, text, behind): (&[u8], &[u8], &[u8]),
) -> (Vec<Place>, Vec<Range<u64>>) {
    let mut candidates = Vec::new();
    let all = [before, text, behind].concat();
    engine.examine("", &all, &mut engine.scratch(), &mut |e: Emission<'_>| {
        candidates.push(e.candidate.clone());
    });
    let inside = before.len() as u64..(before.len() + text.len()) as u64;
    candidates.retain(|c| inside.start <= c.span.start && c.span.end <= inside.end);
    let (mut kept, mut covered) = (Vec::new(), Vec::new());
    for candidate in &candidates {
        let secret = &candidate.secret;
        // The first byte of UTF-16 that nothing announces looks like the last one of any text.
        let last = &all[..secret.start as usize];
        let told = last.ends_with(&[0]) || last.ends_with(b"\xff\xfe");
        let untold = candidate.decoded.is_some() && !told;
        let cover = secret.start + u64::from(untold)..secret.end;
        let shift = |range: Range<u64>| range.start - inside.start..range.end - inside.start;
        match &candidate.verdict {
            Verdict::Keep(_) => {
                let rule = &engine.rules().rules()[candidate.rule as usize];
                kept.push((rule.id.to_string(), shift(secret.clone())));
                covered.push(shift(cover));
            }
            Verdict::Drop(Reason::Covered(_)) => covered.push(shift(cover)),
            Verdict::Drop(_) => {}
        }
    }
    (kept, joined(covered))
}

/// Ranges by their start, joined where they overlap.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Where a placeholder of ours stands.
fn placeholders(engine: &Engine, text: &[u8]) -> Vec<Range<u64>> {
    let ids = engine.rules().rules().iter().map(|rule| &*rule.id);
    let ids: Vec<&str> = ids.chain(["known-value"]).collect();
    let head = b"[REDACTED:";
    let starts = (0..text.len()).filter(|&at| text[at..].starts_with(head));
    let all = starts.filter_map(|at| {
        let rest = &text[at + head.len()..];
        let length = rest.iter().position(|&b| b == b']')?;
        let inner = std::str::from_utf8(&rest[..length]).ok()?;
        let hex =
            |tag: &str| tag.len() == 4 && tag.bytes().all(|b| b"0123456789abcdef".contains(&b));
        let ours = match inner.split_once(':') {
            Some((id, tag)) => ids.contains(&id) && hex(tag),
            None => ids.contains(&inner),
        };
        ours.then(|| at as u64..(at + head.len() + length + 1) as u64)
    });
    all.collect()
}

/// What is to be covered: what a scan finds in the text between placeholders, and then what it finds between those that
/// stand there then, and so on. All placeholders look the same, and what reaches into one is nothing.
fn passes(engine: &Engine, text: &[u8]) -> (Vec<Place>, Vec<Range<u64>>) {
    let (mut kept, mut covered) = (Vec::new(), Vec::new());
    let mut walls = placeholders(engine, text);
    let end = text.len() as u64;
    for _ in 0..PASSES {
        let mut fresh = Vec::new();
        let mut from = 0;
        for wall in walls.iter().cloned().chain(std::iter::once(end..end)) {
            let before: &[u8] = if from > 0 { b"[REDACTED]" } else { b"" };
            let behind: &[u8] = if wall.end > wall.start {
                b"[REDACTED]"
            } else {
                b""
            };
            let piece = &text[from as usize..wall.start as usize];
            let (found, stretches) = scanned(engine, (before, piece, behind));
            let shift = |range: Range<u64>| range.start + from..range.end + from;
            kept.extend(found.into_iter().map(|(id, range)| (id, shift(range))));
            fresh.extend(stretches.into_iter().map(shift));
            from = wall.end;
        }
        if fresh.is_empty() {
            break;
        }
        covered.extend(fresh.iter().cloned());
        walls.extend(fresh);
        walls.sort_by_key(|wall| wall.start);
    }
    (kept, joined(covered))
}

/// Checks that `redacted` is `text` with a placeholder in place of each range, and byte-exact everywhere else.
fn check_covers(text: &[u8], redacted: &[u8], ranges: &[Range<u64>]) {
    let (mut at, mut rest) = (0, redacted);
    for range in ranges {
        let before = &text[at..range.start as usize];
        assert!(rest.starts_with(before), "the text before {range:?}");
        rest = &rest[before.len()..];
        assert!(
            rest.starts_with(b"[REDACTED:"),
            "a placeholder at {range:?}"
        );
        let end = rest.iter().position(|&b| b == b']').expect("its end");
        rest = &rest[end + 1..];
        at = range.end as usize;
    }
    assert_eq!(rest, &text[at..], "the text behind the last");
}

fn check(engine: &Engine, text: &[u8], cuts: &Cuts) {
    let redactor = Redactor::new(engine);
    let whole = redactor.redact(text);
    let (kept, covered) = passes(engine, text);
    let mut found: Vec<Place> = whole
        .found
        .iter()
        .map(|found| (found.rule.to_string(), found.span.clone()))
        .collect();
    let mut kept = kept;
    found.sort_by_key(|(rule, range)| (range.start, range.end, rule.clone()));
    kept.sort_by_key(|(rule, range)| (range.start, range.end, rule.clone()));
    assert_eq!(found, kept, "found by redaction and by scans");
    check_covers(text, &whole.text, &covered);
    let (out, _) = streamed(&redactor, &cuts.of(text));
    assert_eq!(
        String::from_utf8_lossy(&out.text),
        String::from_utf8_lossy(&whole.text)
    );
    assert_eq!(out.text, whole.text);
    assert_eq!(out.found, whole.found);
}

proptest! {
    #![proptest_config(config(256))]

    /// Invariants 1, 2, 4 and 8 with rules of every kind, and words around values that decide.
    #[test]
    fn cuts_do_not_matter_with_small_rules(text in pieces(14), cuts in cuts()) {
        check(small(), &text.0, &cuts);
    }

    /// Invariant 3: what has come out before the cut is right whatever follows it.
    #[test]
    fn nothing_of_a_later_match_has_come_out(
        text in pieces(8),
        futures in proptest::collection::vec(pieces(5), 3),
    ) {
        let redactor = Redactor::new(small());
        let mut stream = redactor.stream();
        let mut out = Redacted::default();
        stream.feed(&text.0, &mut out);
        for future in futures {
            let whole = redactor.redact(&[&text.0[..], &future.0].concat());
            prop_assert!(
                whole.text.starts_with(&out.text),
                "{:?} came out of {:?} before {:?}",
                make::Text(out.text),
                text,
                future
            );
        }
    }

    /// Invariant 5: what is held back is bounded.
    #[test]
    fn little_is_held_back(text in pieces(30), size in 1usize..200) {
        let redactor = Redactor::new(small());
        let mut stream = redactor.stream();
        let mut out = Redacted::default();
        for chunk in text.0.chunks(size) {
            stream.feed(chunk, &mut out);
            prop_assert!(stream.held() <= redactor.most_held());
        }
    }
}

proptest! {
    #![proptest_config(config(100))]

    /// Invariants 1, 2, 4 and 8 with all rules and their examples.
    #[test]
    fn cuts_do_not_matter_with_all_rules(text in examples(8), cuts in cuts()) {
        check(full(), &text.0, &cuts);
    }

    /// Invariant 4: bytes of any kind come out as they went in.
    #[test]
    fn bytes_without_secrets_are_untouched(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        cuts in cuts(),
    ) {
        let redactor = Redactor::new(full());
        let (out, _) = streamed(&redactor, &cuts.of(&bytes));
        prop_assume!(out.found.is_empty());
        prop_assert_eq!(out.text, bytes);
    }

    /// Invariant 10: what is redacted is not redacted again, by all rules and with secrets that touch.
    #[test]
    fn redacting_twice_changes_nothing(text in examples(8), stable in any::<bool>()) {
        check_twice(Redactor::new(full()), &text, stable)?;
    }

    /// The same for secrets that stand apart, so that there are several in a text.
    #[test]
    fn redacting_lines_twice_changes_nothing(text in example_lines(6), stable in any::<bool>()) {
        check_twice(Redactor::new(full()), &text, stable)?;
    }
}

proptest! {
    #![proptest_config(config(512))]

    /// The same with small rules, what stands around their values, and known values, some of which a placeholder holds.
    #[test]
    fn redacting_pieces_twice_changes_nothing(text in pieces(14), stable in any::<bool>()) {
        let known = ["abcdef", "zzzzzz", "REDACTED", "known-value", "12345:AA"];
        check_twice(forms::redactor(known), &text, stable)?;
    }
}

fn check_twice(
    redactor: Redactor<'_>,
    text: &make::Text,
    stable: bool,
) -> Result<(), TestCaseError> {
    let redactor = match stable {
        true => redactor.with_placeholders(Placeholders::stable(Key::new([7; 32]))),
        false => redactor,
    };
    let once = redactor.redact(&text.0);
    let twice = redactor.redact(&once.text);
    prop_assert_eq!(
        make::Text(twice.text),
        make::Text(once.text),
        "of {:?}",
        text
    );
    prop_assert_eq!(twice.found, []);
    Ok(())
}

/// Whether the last line of encoded text belongs to it hangs on what follows, padding included: that may come later.
#[test]
fn what_follows_encoded_lines_may_come_later() {
    let redactor = Redactor::new(full());
    let plain = expand("the token is <crc32-base62:ghp_>", 7);
    let digits = encode::Encoder::Standard.encode(plain.as_bytes());
    let lines = encode::lines(digits.trim_end_matches('='), 60, "", "\n");
    for (tail, belongs) in [
        ("", true),
        ("=", true),
        ("==\n", true),
        ("\"x", true),
        ("(a", false),
        ("=(a", false),
        ("==[x", false),
    ] {
        let text = [&lines, tail].concat().into_bytes();
        let whole = redactor.redact(&text);
        assert_eq!(!whole.found.is_empty(), belongs, "behind it {tail:?}");
        for cut in 0..=text.len() {
            let (out, _) = streamed(&redactor, &[&text[..cut], &text[cut..]]);
            assert_eq!(out.text, whole.text, "behind it {tail:?}, cut at {cut}");
        }
    }
}

/// Invariant 5: whoever waits for a prompt sees it at once, whatever has come before it.
#[test]
fn prompts_come_out_at_once() {
    let redactor = Redactor::new(full());
    let prompts = [
        "Password: ",
        "Password:",
        "login: ",
        "[sudo] password for bob: ",
        "Continue? [y/N] ",
        "Overwrite?[y/n]",
        "Enter your API key: ",
        "Token (leave empty to skip): ",
        "AWS Secret Access Key [None]: ",
        "Datadog API key: ",
        "user@host:~$ ",
        ">>> ",
        "mysql> ",
        "(Pdb) ",
        "Username for 'https://github.com': ",
        "Downloading... 42% [=====>     ] ",
        "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    ];
    let before = [
        "".to_owned(),
        "Welcome.\n".to_owned(),
        format!("export TOKEN={}\n", expand("<crc32-base62:ghp_>", 1)),
        format!("{}\n", expand("<private-key:RSA PRIVATE KEY>", 1)),
        "password = changeme\n".to_owned(),
        "line\r".to_owned(),
    ];
    for before in &before {
        for prompt in prompts {
            let mut stream = redactor.stream();
            let mut out = Redacted::default();
            stream.feed(before.as_bytes(), &mut out);
            stream.feed(prompt.as_bytes(), &mut out);
            let shown = String::from_utf8_lossy(&out.text);
            assert!(
                shown.ends_with(prompt),
                "{prompt:?} after {before:?}: {shown:?}"
            );
        }
    }
}

/// Invariant 5: what may still become a secret waits, however long.
#[test]
fn what_may_become_a_secret_waits() {
    let redactor = Redactor::new(full());
    let token = expand("<crc32-base62:ghp_>", 1);
    let pem = expand("<private-key:RSA PRIVATE KEY>", 1);
    for (text, secret) in [
        (format!("a {token}"), 2),
        (format!("password = '{}", expand("<password:16>", 2)), 12),
        (format!("x {pem}"), 2),
        ("db postgres://app:s3cr3tPa55".to_owned(), 18),
        // One match is over, another that begins with it is alive.
        (
            format!("mysql -h db -u root -p{} app", expand("<b62:14>", 1)),
            22,
        ),
    ] {
        for end in secret + 1..text.len().min(secret + 200) {
            let mut stream = redactor.stream();
            let mut out = Redacted::default();
            stream.feed(&text.as_bytes()[..end], &mut out);
            assert!(
                out.text.len() <= secret,
                "{:?}",
                String::from_utf8_lossy(&out.text)
            );
        }
    }
}

/// Invariant 7: a private key that does not end stays covered, at any length and in any chunks, in bounded memory.
#[test]
fn an_unterminated_key_stays_covered() {
    let redactor = Redactor::new(full());
    let begin = format!("-----BEGIN {} KEY-----\n", "PRIVATE");
    let line = format!("{}\n", expand("<b64:64>", 3));
    for lines in [10, 64, 65, 101, 300, 5_000] {
        let text = format!("before\n{begin}{}", line.repeat(lines));
        for size in [1 << 10, 1 << 16, 7] {
            if size == 7 && lines > 400 {
                continue;
            }
            let mut stream = redactor.stream();
            let mut out = Redacted::default();
            for chunk in text.as_bytes().chunks(size) {
                stream.feed(chunk, &mut out);
                assert!(stream.held() <= redactor.most_held() + size);
            }
            stream.finish(&mut out);
            let shown = String::from_utf8_lossy(&out.text);
            assert_eq!(
                shown, "before\n[REDACTED:private-key-pem]",
                "{lines} lines by {size}"
            );
            assert_eq!(out.found.len(), 1);
        }
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// Invariant 7: the same for keys of any kind, length and layout that end anywhere, and at every byte on the way.
    #[test]
    fn an_unterminated_key_of_any_shape_stays_covered(
        kind in sample::select(vec!["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""]),
        end in sample::select(vec!["\n", "\r\n", "\\n", "\n    "]),
        // The rule takes shorter lines for words: no encoder breaks a key's lines before the 64th digit.
        (width, lines) in (24usize..100, 8usize..300),
        (seed, last) in (any::<u64>(), 0usize..20),
        cuts in cuts(),
    ) {
        let redactor = Redactor::new(full());
        let begin = format!("-----BEGIN {kind}{} KEY-----", "PRIVATE");
        let mut text = format!("before\n{begin}");
        for line in 0..lines as u64 {
            text += end;
            text += &expand(&format!("<b64:{width}>"), seed.wrapping_add(line));
        }
        text.truncate(text.len() - last);
        let want = "before\n[REDACTED:private-key-pem]";
        let mut stream = redactor.stream();
        let mut out = Redacted::default();
        for chunk in cuts.of(text.as_bytes()) {
            stream.feed(chunk, &mut out);
            prop_assert!(want.as_bytes().starts_with(&out.text));
        }
        stream.finish(&mut out);
        prop_assert_eq!(String::from_utf8_lossy(&out.text), want);
    }
}

/// What follows a long block or run comes out as it is, and is redacted on its own.
#[test]
fn what_follows_a_long_secret_is_not_lost() {
    let long = "abc\n".repeat(100_000);
    let text = format!(
        "x <<KEY>>{long}<</K>> y ak_abc12345 z rn.ab{} end",
        "c1.".repeat(20_000)
    );
    let want = "x [REDACTED:acme-block] y [REDACTED:acme-plain] z [REDACTED:acme-run] end";
    let redactor = Redactor::new(small());
    assert_eq!(
        String::from_utf8_lossy(&redactor.redact(text.as_bytes()).text),
        want
    );
    for size in [1_000, 4_096, 70_001] {
        let (out, _) = streamed(&redactor, &Cuts::Every(size).of(text.as_bytes()));
        assert_eq!(String::from_utf8_lossy(&out.text), want, "by {size}");
    }
}

/// A placeholder names the rule that wins, and covers all that overlaps.
#[test]
fn placeholders_cover_what_overlaps() {
    let token = expand("<crc32-base62:ghp_>", 1);
    let redactor = Redactor::new(full());
    for (text, want) in [
        (
            format!("password = \"{token}\""),
            "password = \"[REDACTED:github-pat]\"",
        ),
        (
            format!("https://me:{token}@github.com/o/r"),
            "https://me:[REDACTED:github-pat]@github.com/o/r",
        ),
        (
            format!("{token} {token}"),
            "[REDACTED:github-pat] [REDACTED:github-pat]",
        ),
    ] {
        assert_eq!(
            String::from_utf8_lossy(&redactor.redact(text.as_bytes()).text),
            want
        );
    }
}

/// A long token behind a name is found by the name's rule, which reads as far as it goes, and by the token's own format.
#[test]
fn a_long_token_goes_by_its_own_format() {
    let format = "<b64url:40>.eyJ<b64url:240>.<b64url:342>";
    for seed in 0..20 {
        let text = expand(&format!("WIX_API_KEY=IST.eyJ{format} next"), seed);
        for size in [1, 97, text.len()] {
            check(full(), text.as_bytes(), &Cuts::Every(size));
        }
        let found = Redactor::new(full()).redact(text.as_bytes()).found;
        let rules: Vec<&str> = found.iter().map(|found| &*found.rule).collect();
        assert_eq!(rules, ["wix-api-key"]);
    }
}

/// JSON stays JSON: only strings change, and only those with something in them.
#[test]
fn documents_stay_documents() {
    let token = expand("<crc32-base62:ghp_>", 1);
    let password = "hX7Gk2!pQ9z";
    let inner = serde_json::json!({ "n": 1, "password": password }).to_string();
    let redactor = Redactor::new(full());
    let cases = [
        (
            format!("{{ \"a\" : \"\\u00e9\", \"t\": \"x {token}\"}}"),
            vec![("/t", "x [REDACTED:github-pat]"), ("/a", "é")],
        ),
        (
            format!("[\"line\\nT={token}\\n\"]"),
            vec![("/0", "line\nT=[REDACTED:github-pat]\n")],
        ),
        (
            format!("{{\"password\": \"{password}\"}}"),
            vec![("/password", "[REDACTED:generic-password]")],
        ),
        (
            serde_json::json!([inner]).to_string(),
            vec![(
                "/0",
                "{\"n\":1,\"password\":\"[REDACTED:generic-password]\"}",
            )],
        ),
        (
            format!("\"\\u0067hp_{}\"", &token[4..]),
            vec![("", "[REDACTED:github-pat]")],
        ),
    ];
    for (text, want) in cases {
        let out = redactor.redact_json(text.as_bytes()).expect("it is JSON");
        let value: serde_json::Value = serde_json::from_slice(&out.text).expect("it still is");
        for (place, want) in want {
            assert_eq!(
                value.pointer(place).and_then(|v| v.as_str()),
                Some(want),
                "{text}"
            );
        }
        assert!(!out.found.is_empty());
        let again = redactor.redact_json(&out.text).expect("it still is");
        assert_eq!(again.text, out.text);
    }
    let clean = br#" { "a": [1, 2.50, true, null, "x\u0041"] } "#;
    assert_eq!(redactor.redact_json(clean).expect("it is JSON").text, clean);
    assert!(redactor.redact_json(b"{no}").is_none());
}

/// The echo of what was typed is shown at once, up to a few bytes, and only if it was typed; what it turns out to begin is
/// covered from there on.
#[test]
fn what_was_typed_is_echoed() {
    let redactor = Redactor::new(full());
    let token = expand("<crc32-base62:ghp_>", 1);
    for (typed, shown) in [
        ("ghp_", 4),
        ("echo ghp_", 4),
        ("gh", 0),
        ("", 0),
        (&token[..9], 4),
    ] {
        let mut stream = redactor.stream();
        let mut out = Redacted::default();
        stream.feed(&token.as_bytes()[..4], &mut out);
        stream.echo(typed.as_bytes(), &mut out);
        assert_eq!(out.text.len(), shown, "{typed}");
        stream.feed(&token.as_bytes()[4..], &mut out);
        stream.echo(token.as_bytes(), &mut out);
        stream.feed(b" end", &mut out);
        stream.finish(&mut out);
        let want = format!("{}[REDACTED:github-pat] end", &token[..shown]);
        assert_eq!(String::from_utf8_lossy(&out.text), want);
    }
}

/// What says something only beside another part is not covered; the other part is.
#[test]
fn identifiers_stay_where_they_are() {
    let engine = Engine::new(RuleSet::embedded());
    let redactor = Redactor::new(&engine);
    let uuid = "8f14e45f-ceea-467f-a7d2-1b5b3f0c9c11";
    let text = format!("AZURE_TENANT_ID={uuid}\n");
    let identifier = engine.scan("", text.as_bytes(), &mut engine.scratch());
    assert!(
        identifier.iter().any(|candidate| candidate.kept()),
        "it is a candidate"
    );
    assert_eq!(redactor.redact(text.as_bytes()).text, text.as_bytes());
}
