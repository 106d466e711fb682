//! Detection is local: the whole input, any cut of it into chunks, and any edits of a scanned base yield the same
//! candidates.

#[path = "support/acme.rs"]
mod acme;
#[path = "support/encode.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod encode;

use std::ops::Range;
use std::sync::LazyLock;

use keysieve::engine::{Candidate, Edit, Emission, Engine, RuleSet, Stream, Verdict, Version};
use keysieve::model::{Confidence, Encoding, Position};
use keysieve::rule::compile_file;
use proptest::prelude::*;
use proptest::sample::Index;

/// Further rules, so that there are some of every kind.
const RULES: &str = r#"
[[rule]]
id = "acme-inner-start"
description = "a pattern whose first starts may lie within a word"
severity = "high"
keywords = ["-q-"]
pattern = '(?:[a-z.]{2,7}|[0-9.]{2,7})-q-[a-z]{3}'
randomness = 0
placeholders = false
examples = ["ab-q-abc", "1.2-q-abc"]
counter_examples = ["-q-", "a-q-b"]

[[rule]]
id = "acme-tail"
description = "a long match with its keyword at the end"
severity = "low"
keywords = ["zq!"]
pattern = '[A-Z][a-z0-9_ =.:-]{3,300}zq!'
boundary = "none"
randomness = 0
placeholders = false
examples = ["Abc zq!", "Xa.b.czq!"]
counter_examples = ["zq!", "azq"]

[[rule]]
id = "acme-long"
description = "a keyword longer than what is looked for of it"
severity = "high"
keywords = ["[acme-credential-of-a-long-name]"]
pattern = '\[acme-credential-of-a-long-name\][a-z]{4,9}'
boundary = "none"
randomness = 0
placeholders = false
examples = ["[acme-credential-of-a-long-name]abcd", "x[acme-credential-of-a-long-name]bcdef"]
counter_examples = ["[acme-credential-of-a-long-name]", "[acme-credential-of-a-long]abcd"]

[[rule]]
id = "acme-block"
description = "what stands between two markers"
severity = "critical"
kind = "block"
keywords = ["<<K>>"]
begin = '<<K>>'
end = '<</K>>'
alphabet = 'a-zA-Z0-9\n +/=.-'
min_len = 8
randomness = 0
placeholders = false
examples = ["<<K>>abcdefghij<</K>>", "<<K>>abcdefghij"]
counter_examples = ["<<K>>a<</K>>", "<<K>>"]
"#;

/// A rule that gives way to all of those, over a long stretch.
const GENERIC: &str = r#"
[provider]
id = "generic"
name = "Generic"
rotate = "Turn it."
replace = "Something that ends by itself."
references = ["https://acme.example/docs"]

[[rule]]
id = "generic-head"
description = "whatever stands behind three letters"
severity = "low"
keywords = ["zg!"]
pattern = 'zg![A-Za-z0-9_ =.:-]{3,120}'
boundary = "none"
randomness = 0
placeholders = false
examples = ["zg!abc", "zg! a.b.c"]
counter_examples = ["zg!", "azg"]
"#;

/// What the inputs are made of: whole credentials, their parts, and what may follow or precede them.
const PIECES: &[&str] = &[
    "zg!",
    "K",
    "zg! a b K c d",
    "-q-abc",
    "xxxxxxx.ab-q-abc",
    "1234567",
    " abc zq! ",
    "<<K>>",
    "<<K>>abcd efgh\nijkl+/=<</K>>",
    "password = 'h7Gk2!pQ'",
    "[acme-credential-of-a",
    "-long-name]abcdef",
    "ghp_",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
];

/// One engine that hands out the dropped candidates too, and one as it is used.
fn pair(rules: &RuleSet) -> [Engine; 2] {
    let engine = || Engine::new(rules.clone());
    [engine().with_dropped(), engine()]
}

fn small_engines() -> [&'static Engine; 2] {
    static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| {
        let mut rules =
            compile_file("acme.toml", &acme::with(RULES)).expect("the test's own rules");
        rules.extend(compile_file("generic.toml", GENERIC).expect("the test's own rules"));
        pair(&RuleSet::new(rules))
    });
    ENGINES.each_ref()
}

fn full_engines() -> [&'static Engine; 2] {
    static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| pair(&RuleSet::embedded()));
    ENGINES.each_ref()
}

fn small_engine() -> &'static Engine {
    small_engines()[0]
}

fn full_engine() -> &'static Engine {
    full_engines()[0]
}

/// What of a candidate must not depend on the way in.
#[derive(Debug, PartialEq)]
struct Seen {
    rule: String,
    span: Range<u64>,
    secret: Range<u64>,
    verdict: String,
    encoding: Option<Encoding>,
    place: Option<(Position, Position)>,
}

/// In one order. Which of several winners a candidate gave way to is not part of it: that it did is.
fn seen(engine: &Engine, mut all: Vec<(Candidate, Option<(Position, Position)>)>) -> Vec<Seen> {
    all.sort_by_key(|(c, _)| (c.secret.start, c.secret.end, c.span.start, c.rule));
    all.into_iter()
        .map(|(c, place)| Seen {
            rule: engine.rules().rules()[c.rule as usize].id.to_string(),
            span: c.span,
            secret: c.secret,
            encoding: c.coded.as_ref().map(|coded| coded.encoding),
            verdict: match c.verdict {
                Verdict::Keep(kept) => format!("keep {:?} {:?}", kept.confidence, kept.evidence),
                Verdict::Drop(reason) => format!("drop {reason}"),
            },
            place,
        })
        .collect()
}

fn whole(engine: &Engine, bytes: &[u8]) -> Vec<Seen> {
    let mut all = Vec::new();
    engine.examine("", bytes, &mut engine.scratch(), &mut |e: Emission<'_>| {
        all.push((e.candidate.clone(), Some((e.start, e.end))));
    });
    seen(engine, all)
}

fn chunked(engine: &Engine, bytes: &[u8], cuts: &[usize]) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut scratch = engine.scratch();
    let mut stream = Stream::new(engine);
    let mut out = |e: Emission<'_>| all.push((e.candidate.clone(), Some((e.start, e.end))));
    let mut at = 0;
    for &cut in cuts {
        stream.feed(&bytes[at..cut], &mut scratch, &mut out);
        at = cut;
    }
    stream.feed(&bytes[at..], &mut scratch, &mut out);
    stream.finish(&mut scratch, &mut out);
    seen(engine, all)
}

fn edited(engine: &Engine, base: &[u8], versions: &[(&[u8], &[Edit])]) -> Vec<Seen> {
    let mut scratch = engine.scratch();
    let mut version = Version {
        bytes: base,
        from: None,
        is_last: versions.is_empty(),
    };
    let mut scanned = engine.scan_version(&version, &mut scratch);
    for (count, (bytes, edits)) in versions.iter().enumerate() {
        version = Version {
            bytes,
            from: Some((&scanned, edits)),
            is_last: count + 1 == versions.len(),
        };
        let next = engine.scan_version(&version, &mut scratch);
        scanned = next;
    }
    let last = versions.last().map_or(base, |(bytes, _)| bytes);
    let mut all = Vec::new();
    let mut out = |e: Emission<'_>| all.push((e.candidate.clone(), Some((e.start, e.end))));
    engine.examine_scanned(&scanned, ("", last), &mut scratch, &mut out);
    let reported = |candidate: &Candidate| match &candidate.verdict {
        Verdict::Keep(kept) => {
            !kept.example && engine.rules().rules()[candidate.rule as usize].alone
        }
        Verdict::Drop(_) => false,
    };
    let may = engine.may_keep(&scanned, last, Confidence::Low, &mut scratch);
    assert!(may || !all.iter().any(|(candidate, _)| reported(candidate)));
    assert!(!may || all.iter().any(|(candidate, _)| candidate.kept()));
    seen(engine, all)
}

/// The candidates after each version are those of a scan of it; kept ones alone where the engine hands out no others.
fn check_history(engines: [&Engine; 2], base: &[u8], versions: &[(Vec<Edit>, Vec<u8>)]) {
    for count in 1..=versions.len() {
        let versions: Vec<(&[u8], &[Edit])> = versions[..count]
            .iter()
            .map(|(edits, bytes)| (&bytes[..], &edits[..]))
            .collect();
        let last = versions[count - 1].0;
        for engine in engines {
            assert_eq!(edited(engine, base, &versions), whole(engine, last));
        }
    }
}

/// Pieces alone, of which those that rules look for in encoded text are frequent.
fn plain(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        1 => any::<Index>().prop_map(|i| acme::pick(i, PIECES)),
        1 => proptest::sample::select(vec!["ak_0123456789ab", "ak_abc12345", " rn.abcdefghijklmn", "\n"]),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Text of pieces, with long stretches between some of them.
fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => any::<Index>().prop_map(|i| acme::pick(i, PIECES).as_bytes().to_vec()),
        2 => (any::<u8>(), 1usize..900).prop_map(|(b, n)| vec![b' ' + b % 90; n]),
        // One that gives way to another that begins in it and ends long after it.
        1 => (0usize..100, 0usize..290).prop_map(|(n, m)| {
            format!("zg!{}K{}zq!", "a".repeat(n), "b ".repeat(m / 2)).into_bytes()
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => any::<Index>().prop_map(|i| {
            acme::pick(i, PIECES).encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        1 => Just("pin=1a2b and ak_abc12345".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        3 => encode::encoded(plain(12)),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

/// An example or counter-example of an embedded rule.
fn example(choice: acme::Choice) -> Vec<u8> {
    acme::example(full_engine().rules().rules(), choice)
}

/// Examples of the embedded rules between stretches of text.
fn examples(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => (any::<Index>(), any::<Index>(), any::<u64>()).prop_map(example),
        1 => encode::encoded((any::<Index>(), any::<Index>(), any::<u64>()).prop_map(example)),
        2 => any::<Index>().prop_map(|i| acme::pick(i, PIECES).as_bytes().to_vec()),
        1 => (any::<u8>(), 1usize..9000).prop_map(|(b, n)| vec![b' ' + b % 90; n]),
        1 => (1usize..400).prop_map(|n| "let total = total + item.price * 2;\n".repeat(n).into_bytes()),
    ];
    proptest::collection::vec(piece, 1..most).prop_map(|pieces| pieces.concat())
}

fn cuts(bytes: &[u8], at: &[Index]) -> Vec<usize> {
    let mut cuts: Vec<usize> = at.iter().map(|i| i.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    cuts
}

/// Edits of `base` and the bytes they make.
fn apply(base: &[u8], plan: &[(bool, Index, Index, Vec<u8>)]) -> (Vec<Edit>, Vec<u8>) {
    let (mut edits, mut bytes) = (Vec::new(), Vec::new());
    for (copy, from, length, insert) in plan {
        if *copy && !base.is_empty() {
            let from = from.index(base.len());
            let to = from + length.index(base.len() - from) + 1;
            edits.push(Edit::Copy(from..to));
            bytes.extend_from_slice(&base[from..to]);
        } else {
            edits.push(Edit::Insert(insert.len()));
            bytes.extend_from_slice(insert);
        }
    }
    (edits, bytes)
}

fn plan(
    insert: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<(bool, Index, Index, Vec<u8>)>> {
    proptest::collection::vec(
        (any::<bool>(), any::<Index>(), any::<Index>(), insert),
        0..6,
    )
}

/// Edits as people make them: `base` cut at some places, and at each a few bytes put in or taken out, or nothing at all.
fn patch(base: &[u8], cuts: &[(Index, usize, Vec<u8>)]) -> (Vec<Edit>, Vec<u8>) {
    let mut cuts: Vec<(usize, usize, &[u8])> = cuts
        .iter()
        .map(|(at, gone, new)| (at.index(base.len() + 1), *gone, &new[..]))
        .collect();
    cuts.sort_unstable();
    cuts.push((base.len(), 0, &[]));
    let (mut edits, mut bytes, mut from) = (Vec::new(), Vec::new(), 0);
    for (at, gone, new) in cuts {
        let to = at.max(from);
        edits.push(Edit::Copy(from..to));
        bytes.extend_from_slice(&base[from..to]);
        edits.push(Edit::Insert(new.len()));
        bytes.extend_from_slice(new);
        from = (to + gone).min(base.len());
    }
    (edits, bytes)
}

fn patches() -> impl Strategy<Value = Vec<(Index, usize, Vec<u8>)>> {
    let gone = prop_oneof![3 => Just(0usize), 1 => 0usize..12];
    let new = prop_oneof![
        2 => Just(Vec::new()),
        1 => any::<Index>().prop_map(|i| acme::pick(i, PIECES).as_bytes().to_vec()),
    ];
    proptest::collection::vec((any::<Index>(), gone, new), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn chunks_do_not_matter(
        bytes in text(150),
        at in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let engine = small_engine();
        prop_assert_eq!(chunked(engine, &bytes, &cuts(&bytes, &at)), whole(engine, &bytes));
    }

    #[test]
    fn single_bytes_do_not_matter(bytes in text(20)) {
        let engine = small_engine();
        let every: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(chunked(engine, &bytes, &every), whole(engine, &bytes));
    }

    #[test]
    fn patches_find_what_a_scan_finds(base in text(60), cuts in patches(), then in patches()) {
        let first = patch(&base, &cuts);
        let second = patch(&first.1, &then);
        check_history(small_engines(), &base, &[first, second]);
    }

    #[test]
    fn edits_find_what_a_scan_finds(base in text(40), plan in plan(text(4)), then in plan(text(4))) {
        let first = apply(&base, &plan);
        let second = apply(&first.1, &then);
        check_history(small_engines(), &base, &[first, second]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn chunks_do_not_matter_to_the_embedded_rules(
        bytes in examples(24),
        at in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let engine = full_engine();
        prop_assert_eq!(chunked(engine, &bytes, &cuts(&bytes, &at)), whole(engine, &bytes));
    }

    #[test]
    fn edits_find_what_a_scan_finds_with_the_embedded_rules(
        base in examples(24),
        plan in plan(examples(3)),
        then in plan(examples(3)),
    ) {
        let first = apply(&base, &plan);
        let second = apply(&first.1, &then);
        check_history(full_engines(), &base, &[first, second]);
    }
}

/// Every keyword and every part of it cut by a boundary, at the start and at the end of the input too.
#[test]
fn every_cut_of_a_credential_finds_it() {
    let engine = small_engine();
    let texts = [
        "ak_abc12345",
        "12345-k-abcdef",
        "pin=1a2b",
        "acme_key = 'q1w2e3r4'",
        "rn.abcdefghijkl",
        "xxxxxxx.ab-q-abc",
        "<<K>>abcdefghij<</K>>",
        // The first of them, encoded behind nothing, one byte and two.
        "YWtfYWJjMTIzNDU",
        "PWFrX2FiYzEyMzQ1",
        "PSJha19hYmMxMjM0NSI=",
        "616b5f6162633132333435",
    ];
    for text in texts {
        for (before, after) in [("", ""), (" ", " "), ("\n", "\n"), ("x ", " x")] {
            let text = [before, text, after].concat().into_bytes();
            let want = whole(engine, &text);
            assert!(
                want.iter().any(|s| s.verdict.starts_with("keep")),
                "{text:?}: {want:?}"
            );
            for cut in 0..=text.len() {
                assert_eq!(
                    chunked(engine, &text, &[cut]),
                    want,
                    "{text:?} cut at {cut}"
                );
            }
        }
    }
}

/// A keyword that an edit completes, wherever its end stood before, is found; and one that an edit breaks is not.
#[test]
fn every_edit_within_a_long_keyword_is_seen() {
    let text = b"x = [acme-credential-of-a-long-name]abcd";
    for cut in 0..=text.len() {
        let broken = [&text[..cut], b"#", &text[cut..]].concat();
        let before = Edit::Copy(0..cut);
        let completes = [before.clone(), Edit::Copy(cut + 1..broken.len())];
        let breaks = [before, Edit::Insert(1), Edit::Copy(cut..text.len())];
        let versions = [
            (breaks.to_vec(), broken.clone()),
            (completes.to_vec(), text.to_vec()),
        ];
        check_history(small_engines(), text, &versions);
        check_history(small_engines(), &broken, &versions[1..]);
    }
    let found = whole(small_engine(), text);
    assert!(found.iter().any(|one| one.rule == "acme-long"));
}

/// A run and a block far longer than any window, in chunks of several sizes, in bounded memory.
#[test]
fn endless_credentials_are_followed_in_bounded_memory() {
    let engine = small_engine();
    let long = 3 * 1024 * 1024;
    let cases = [
        format!("x rn.ab{} y ak_abc12345 ", "c1.".repeat(long / 3)),
        format!("x <<K>>{}<</K>> y ak_abc12345 ", "abc\n".repeat(long / 4)),
        format!("x <<K>>{}", "abc\n".repeat(long / 4)),
        format!("{} ak_abc12345 ", "z".repeat(long)),
    ];
    for text in cases {
        let want = whole(engine, text.as_bytes());
        assert!(!want.is_empty());
        for size in [1 << 10, 1 << 16, (1 << 20) - 7] {
            let mut all = Vec::new();
            let mut most = 0;
            let mut scratch = engine.scratch();
            let mut stream = Stream::new(engine);
            let mut out = |e: Emission<'_>| all.push((e.candidate.clone(), Some((e.start, e.end))));
            for chunk in text.as_bytes().chunks(size) {
                stream.feed(chunk, &mut scratch, &mut out);
                most = most.max(stream.held());
            }
            stream.finish(&mut scratch, &mut out);
            assert_eq!(seen(engine, all), want, "chunks of {size}");
            assert!(
                most <= size + 256 * 1024,
                "{most} bytes held with chunks of {size}"
            );
        }
    }
}
