//! Credentials in encoded text: found wherever their rule can be, covered whole, and nothing found where none is.

#[path = "support/encode.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod encode;

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encode::{ENCODERS, Encoder, lines};
use keysieve::engine::example::expand;
use keysieve::engine::{Engine, RuleSet};
use keysieve::redact::Redactor;
use keysieve::rule::{Rule, is_eligible};
use rayon::prelude::*;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::embedded()));

/// What a rule finds in a text: the secret, where it stands, and where the match begins.
type Seen = (Vec<u8>, Range<usize>, usize);

/// What `rule` finds in `text`, encoded or as it is.
fn seen(rule: &Rule, text: &[u8], is_encoded: bool) -> Vec<Seen> {
    let mut all = Vec::new();
    ENGINE.examine("", text, &mut ENGINE.scratch(), &mut |emission| {
        let candidate = emission.candidate;
        let is_wanted = ENGINE.rules().rules()[candidate.rule as usize].id == rule.id
            && candidate.kept()
            && candidate.coded.is_some() == is_encoded;
        if is_wanted {
            let range = candidate.secret.start as usize..candidate.secret.end as usize;
            all.push((
                emission.secret.to_vec(),
                range,
                candidate.span.start as usize,
            ));
        }
    });
    all
}

/// What digits stand for from each place of a group on.
fn meanings(digits: &[u8], encoder: Encoder) -> Vec<Vec<u8>> {
    let digits: Vec<u8> = digits
        .iter()
        .copied()
        .filter(u8::is_ascii_graphic)
        .collect();
    match encoder {
        Encoder::Hex | Encoder::UpperHex => {
            let value = |at: usize| char::from(digits[at]).to_digit(16).unwrap_or(0) as u8;
            let pairs = (0..digits.len() / 2).map(|at| value(2 * at) << 4 | value(2 * at + 1));
            vec![pairs.collect()]
        }
        Encoder::Standard | Encoder::Url => {
            let alphabet = match encoder {
                Encoder::Standard => &STANDARD,
                _ => &URL_SAFE,
            };
            let config = GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let reader = GeneralPurpose::new(alphabet, config);
            let padded = (0..4).filter_map(|lacking| {
                let whole = [&b"AAAA"[..lacking], &digits[..]].concat();
                let length = match whole.len() % 4 {
                    1 => whole.len() - 1,
                    _ => whole.len(),
                };
                reader.decode(&whole[..length]).ok()
            });
            padded.collect()
        }
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Three texts that move what follows on by one, two and three bytes.
const BEFORE: [&str; 3] = ["key file 7\n", "{\"a\": 1,\n\t", "Basic auth =\n"];

/// Every embedded rule that is looked for in encoded text finds each of its examples there, whatever stands before it,
/// with the same secret, under the digits that stand for it.
#[test]
fn every_example_is_found_encoded() {
    let rules: Vec<&Rule> = ENGINE
        .rules()
        .rules()
        .iter()
        .filter(|r| is_eligible(r))
        .collect();
    assert!(rules.len() >= 500, "{} rules", rules.len());
    let wrong: Vec<String> = rules
        .par_iter()
        .flat_map_iter(|rule| failures(rule))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn failures(rule: &Rule) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (example, seed) in rule.examples.iter().flat_map(|e| [(e, 1), (e, 2)]) {
        let plain = expand(example, seed);
        for before in BEFORE {
            let text = [before, &plain, "\nb = 2\n"].concat();
            // A value may hold a placeholder's letters once in a while, and another rule may have it.
            let Some((secret, _, start)) = seen(rule, text.as_bytes(), false).into_iter().next()
            else {
                continue;
            };
            for encoder in ENCODERS {
                tried += 1;
                let digits = encoder.encode(text.as_bytes());
                // In lines, so that the keyword is not broken.
                let in_line = match encoder {
                    Encoder::Standard | Encoder::Url => 57,
                    Encoder::Hex | Encoder::UpperHex => 38,
                };
                let blanks = " ".repeat(in_line - start % in_line);
                let wrapped = encoder.encode([&blanks, &text[..]].concat().as_bytes());
                let wrapped = lines(&wrapped, 76, "  ", "\n");
                for shown in [format!("v: \"{digits}\"\n"), wrapped] {
                    let found = seen(rule, shown.as_bytes(), true);
                    let fits = |(is, range, _): &Seen| {
                        *is == secret
                            && meanings(&shown.as_bytes()[range.clone()], encoder)
                                .iter()
                                .any(|text| holds(text, &secret))
                    };
                    if !found.iter().any(fits) {
                        wrong.push(format!(
                            "{} {example:?} {encoder:?}: {}",
                            rule.id,
                            found.len()
                        ));
                    }
                }
            }
        }
    }
    if tried == 0 {
        wrong.push(format!("{}: nothing was tried", rule.id));
    }
    wrong
}

/// Nothing is left in a redacted text that would give a part of the secret away.
#[test]
fn nothing_of_an_encoded_secret_is_left() {
    let redactor = Redactor::new(&ENGINE);
    for seed in 0..40 {
        let token = expand("<crc32-base62:ghp_>", seed);
        for encoder in ENCODERS {
            for before in ["", "a", "ab", "key: "] {
                let digits =
                    encoder.encode(format!("{before}{}{token}\n and more", " ").as_bytes());
                for width in [usize::MAX, 76, 64] {
                    let shown = format!("data = {}\nend\n", lines(&digits, width, "", "\n"));
                    let out = redactor.redact(shown.as_bytes());
                    let found = out
                        .found
                        .iter()
                        .filter(|found| &*found.rule == "github-pat");
                    let secrets: Vec<_> = found.map(|f| f.secret.expose().to_vec()).collect();
                    assert_eq!(
                        secrets,
                        [token.as_bytes()],
                        "{encoder:?} {before:?} {width}"
                    );
                    assert!(out.text.ends_with(b"\nend\n"));
                    for rest in out
                        .text
                        .split(|byte| matches!(byte, b' ' | b'[' | b']' | b'\n'))
                    {
                        let rest: Vec<u8> = rest.iter().copied().filter(is_digit).collect();
                        for meaning in meanings(&rest, encoder) {
                            // Any three characters of it would be three that nobody should see.
                            assert!(
                                !token
                                    .as_bytes()
                                    .windows(3)
                                    .any(|part| holds(&meaning, part)),
                                "{encoder:?} {before:?} {width}"
                            );
                        }
                    }
                }
            }
        }
    }
}

fn is_digit(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Digits that stand for nothing are silent: of hashes, of random bytes, in lines and in one.
#[test]
fn random_digits_are_silent() {
    let mut scratch = ENGINE.scratch();
    for seed in 0..12 {
        for template in [
            "<b64:4000>",
            "<b64url:4000>",
            "<hex:4000>",
            "<HEX:4000>",
            "<b62:4000>",
        ] {
            let digits: String = (0..10).map(|n| expand(template, seed * 100 + n)).collect();
            for text in [
                digits.clone(),
                lines(&digits, 76, "", "\n"),
                lines(&digits, 64, "  \"", "\",\n"),
            ] {
                ENGINE.examine("", text.as_bytes(), &mut scratch, &mut |emission| {
                    let candidate = emission.candidate;
                    assert!(candidate.coded.is_none(), "{candidate:?}");
                });
            }
        }
    }
}

/// One credential, whether it stands there as it is or not: one fingerprint.
#[test]
fn a_copy_is_the_same_credential() {
    let token = expand("<crc32-base62:ghp_>", 5);
    let text = ENCODERS
        .iter()
        .map(|encoder| encoder.encode(token.as_bytes()));
    let text = text.chain([token.clone()]).collect::<Vec<_>>().join("\n");
    let out = Redactor::new(&ENGINE).redact(text.as_bytes());
    assert_eq!(out.found.len(), 5);
    assert!(
        out.found
            .iter()
            .all(|found| found.fingerprint == out.found[0].fingerprint)
    );
    assert_eq!(
        String::from_utf8_lossy(&out.text)
            .matches("[REDACTED:github-pat]")
            .count(),
        5
    );
}

/// A token that an escape touches, whose last letter only looks like part of a word.
#[test]
fn escapes_do_not_hide_what_follows() {
    let redactor = Redactor::new(&ENGINE);
    let escapes = [
        "\\n",
        "\\t",
        "\\r",
        "\\\\n",
        "\\b",
        "\\f",
        "\\0",
        "\\x3d",
        "\\u003d",
        "\\u003D",
        "\\\\u000a",
        "%20",
        "%3D",
        "%253D",
        "%u003D",
        "=3D",
        "\\033[1m",
        "\\u001b[31m",
        "\\x1b[0;32m",
        "\u{1b}[0m",
        "\u{1b}[K",
        "^[[31m",
    ];
    for (seed, escape) in escapes.iter().enumerate() {
        for template in ["<crc32-base62:ghp_>", "glpat-<b62:20>", "sk_live_<b62:24>"] {
            let token = expand(template, seed as u64);
            let text = format!("{{\"log\": \"key{escape}{token}{escape}rest\"}}");
            let out = redactor.redact(text.as_bytes());
            assert!(!holds(&out.text, token.as_bytes()), "{escape} {template}");
            let mut found = false;
            ENGINE.examine(
                "",
                text.as_bytes(),
                &mut ENGINE.scratch(),
                &mut |emission| {
                    found |= emission.candidate.kept() && emission.secret == token.as_bytes();
                },
            );
            assert!(found, "{escape} {template}");
        }
    }
}
