//! What a streaming redactor must hold, each line a property: `docs/redaction.md` lists them.

#[path = "redact/make.rs"]
mod make;

use std::ops::Range;

use keysieve::engine::{Emission, Engine, Reason, Verdict};
use keysieve::redact::{Redacted, Redactor};
use make::{Cuts, cuts, examples, full, pieces, small};
use proptest::prelude::*;

/// So many cases, unless `PROPTEST_CASES` wants more.
fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: wanted.unwrap_or(cases),
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

/// What a scan of the whole reports, and everything that redaction covers: that, and what gave way to it.
fn scanned(engine: &Engine, text: &[u8]) -> (Vec<(String, Range<u64>)>, Vec<Range<u64>>) {
    let (mut kept, mut covered) = (Vec::new(), Vec::new());
    engine.examine("", text, &mut engine.scratch(), &mut |e: Emission<'_>| {
        let range = e.candidate.secret.clone();
        // The first byte of UTF-16 that nothing announces looks like the last one of any text.
        let before = &text[..range.start as usize];
        let told = before.ends_with(&[0]) || before.ends_with(b"\xff\xfe");
        let untold = e.candidate.decoded.is_some() && !told;
        let cover = range.start + u64::from(untold)..range.end;
        match &e.candidate.verdict {
            Verdict::Keep(_) => {
                let rule = &engine.rules().rules()[e.candidate.rule as usize];
                kept.push((rule.id.to_string(), range));
                covered.push(cover);
            }
            Verdict::Drop(Reason::Covered(_)) => covered.push(cover),
            Verdict::Drop(_) => {}
        }
    });
    covered.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in covered {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    (kept, joined)
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
    let (kept, covered) = scanned(engine, text);
    let mut found: Vec<(String, Range<u64>)> = whole
        .found
        .iter()
        .map(|found| (found.rule.to_string(), found.span.clone()))
        .collect();
    let mut kept = kept;
    found.sort_by_key(|(rule, range)| (range.start, range.end, rule.clone()));
    kept.sort_by_key(|(rule, range)| (range.start, range.end, rule.clone()));
    assert_eq!(found, kept, "found by redaction and by a scan");
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
    #![proptest_config(config(1000))]

    #[test]
    fn cuts_do_not_matter_with_small_rules(text in pieces(14), cuts in cuts()) {
        check(small(), &text.0, &cuts);
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn cuts_do_not_matter_with_all_rules(text in examples(8), cuts in cuts()) {
        check(full(), &text.0, &cuts);
    }
}
