//! What can be proved about a pattern from its syntax tree: its length, its keywords, and whether it is a plain
//! sequence that needs no regular-expression engine.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::types::{ByteSet, List, MAX_PATTERN_LEN, Pattern, Step, Str};

/// Parses `source` and derives what matching needs, or says what is wrong with it.
pub fn pattern(source: &str) -> Result<(Pattern, Hir), String> {
    let hir = parse(source)?;
    let properties = hir.properties();
    let looks = properties.look_set();
    for look in [Look::Start, Look::End] {
        if looks.contains(look) {
            return Err(
                "`^`, `$`, `\\A` and `\\z` outside of `(?m)` look at the whole input; \
                        a pattern may look at its line only: write `(?m)`"
                    .to_owned(),
            );
        }
    }
    let Some(max_len) = properties.maximum_len() else {
        return Err(
            "the pattern has no greatest length; expected bounds such as `{20,64}` \
                    in place of `*`, `+` and `{20,}`"
                .to_owned(),
        );
    };
    if max_len > MAX_PATTERN_LEN {
        return Err(format!(
            "the pattern matches up to {max_len} bytes; expected at most {MAX_PATTERN_LEN}"
        ));
    }
    let min_len = properties.minimum_len().unwrap_or(0);
    if min_len == 0 {
        return Err("the pattern matches the empty text".to_owned());
    }
    if properties.explicit_captures_len() > 1 {
        return Err(
            "the pattern has more than one group; expected at most one, the secret \
                    (write `(?:...)` for the others)"
                .to_owned(),
        );
    }
    let has_group = properties.explicit_captures_len() == 1;
    let (steps, secret_steps) = match sequence(&hir, has_group) {
        Some((steps, range)) => (Some(List::from(steps)), range),
        None => (None, (0, 0)),
    };
    let pattern = Pattern {
        source: Str::from(source.to_owned()),
        min_len: min_len as u32,
        max_len: max_len as u32,
        secret_prefix: secret_prefix(&hir, has_group),
        steps,
        secret_steps,
        has_group,
    };
    Ok((pattern, hir))
}

/// Parses a pattern over bytes.
pub fn parse(source: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(source)
        .map_err(|e| match e {
            regex_syntax::Error::Parse(e) => format!("not a regular expression: {}", e.kind()),
            regex_syntax::Error::Translate(e) => format!("not a regular expression: {}", e.kind()),
            _ => "not a regular expression".to_owned(),
        })
}

/// The set that `alphabet` names, as it would stand inside brackets.
pub fn alphabet(alphabet: &str) -> Result<ByteSet, String> {
    let hir = parse(&format!("[{alphabet}]"))?;
    class_of(&hir).ok_or_else(|| "expected the inside of a character class".to_owned())
}

/// The literal that every match of `hir` begins with; empty if there is none.
pub fn literal_prefix(hir: &Hir) -> Vec<u8> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Capture(capture) => literal_prefix(&capture.sub),
        HirKind::Concat(parts) => {
            let mut prefix = Vec::new();
            for part in parts {
                match part.kind() {
                    HirKind::Literal(literal) => prefix.extend_from_slice(&literal.0),
                    _ => {
                        return if prefix.is_empty() {
                            literal_prefix(part)
                        } else {
                            prefix
                        };
                    }
                }
            }
            prefix
        }
        _ => Vec::new(),
    }
}

fn secret_prefix(hir: &Hir, has_group: bool) -> u32 {
    fn group(hir: &Hir) -> Option<&Hir> {
        match hir.kind() {
            HirKind::Capture(capture) => Some(&capture.sub),
            HirKind::Concat(parts) => parts.iter().find_map(group),
            _ => None,
        }
    }
    let secret = if has_group { group(hir) } else { Some(hir) };
    secret.map_or(0, |hir| literal_prefix(hir).len() as u32)
}

/// Whether every match of `hir` holds one of `keywords`; with `fold`, in any ASCII case.
pub fn always_holds(hir: &Hir, keywords: &[String], fold: bool) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(_) | HirKind::Class(_) => holds(&letters(hir), keywords, fold),
        HirKind::Repetition(repetition) => {
            let parts = vec![&*repetition.sub; repetition.min.min(64) as usize];
            concat_holds(&parts, keywords, fold)
        }
        HirKind::Capture(capture) => always_holds(&capture.sub, keywords, fold),
        HirKind::Concat(parts) => concat_holds(&parts.iter().collect::<Vec<_>>(), keywords, fold),
        HirKind::Alternation(parts) => parts.iter().all(|part| always_holds(part, keywords, fold)),
    }
}

/// A stretch of text in which each place is one known byte (or, folded, one letter), broken by `None`.
fn letters(hir: &Hir) -> Vec<Option<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().map(|&b| Some(b)).collect(),
        HirKind::Class(_) => {
            let set = class_of(hir).unwrap_or_default();
            let members: Vec<u8> = (0..=255).filter(|&b| set.has(b)).collect();
            match members[..] {
                [one] => vec![Some(one)],
                // `[Kk]`: marked as a letter in either case by its lower case alone, which only a folded keyword has.
                [upper, lower] if upper.to_ascii_lowercase() == lower => vec![Some(lower | 0x80)],
                _ => vec![None],
            }
        }
        HirKind::Capture(capture) => letters(&capture.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(letters).collect(),
        HirKind::Repetition(Repetition {
            min,
            max: Some(max),
            sub,
            ..
        }) if min == max && *max <= 64 => letters(sub).repeat(*min as usize),
        _ => vec![None],
    }
}

fn concat_holds(parts: &[&Hir], keywords: &[String], fold: bool) -> bool {
    let text: Vec<Option<u8>> = parts.iter().flat_map(|part| letters(part)).collect();
    holds(&text, keywords, fold)
        || parts.iter().any(|part| match part.kind() {
            HirKind::Literal(_) | HirKind::Class(_) => false,
            _ => always_holds(part, keywords, fold),
        })
}

fn holds(text: &[Option<u8>], keywords: &[String], fold: bool) -> bool {
    let same = |have: &Option<u8>, want: &u8| match have {
        Some(b) if *b >= 0x80 => fold && b & 0x7f == want.to_ascii_lowercase(),
        Some(b) if fold => b.eq_ignore_ascii_case(want),
        Some(b) => b == want,
        None => false,
    };
    keywords.iter().any(|keyword| {
        text.windows(keyword.len().max(1)).any(|window| {
            window
                .iter()
                .zip(keyword.as_bytes())
                .all(|(h, w)| same(h, w))
        })
    })
}

fn class_of(hir: &Hir) -> Option<ByteSet> {
    let mut set = ByteSet::default();
    match hir.kind() {
        HirKind::Class(Class::Bytes(class)) => {
            class
                .ranges()
                .iter()
                .for_each(|r| set.add(r.start(), r.end()));
        }
        HirKind::Class(Class::Unicode(class)) => {
            for range in class.ranges() {
                let (start, end) = (u8::try_from(range.start()), u8::try_from(range.end()));
                set.add(
                    start.ok().filter(u8::is_ascii)?,
                    end.ok().filter(u8::is_ascii)?,
                );
            }
        }
        HirKind::Literal(literal) if literal.0.len() == 1 => set.add(literal.0[0], literal.0[0]),
        _ => return None,
    }
    Some(set)
}

/// The pattern as a plain sequence, and which steps the group covers; `None` where it is not one.
///
/// A sequence is matched without going back, so each repetition of variable length must end by itself: what may
/// follow it begins with a byte that is not of its set.
fn sequence(hir: &Hir, has_group: bool) -> Option<(Vec<Step>, (u32, u32))> {
    let mut steps = Vec::new();
    let mut group = None;
    flatten(hir, &mut steps, &mut group)?;
    for (at, step) in steps.iter().enumerate() {
        let Step::Class { set, min, max } = step else {
            continue;
        };
        if min < max && !ends_by_itself(set, &steps[at + 1..]) {
            return None;
        }
    }
    let all = (0, steps.len() as u32);
    match has_group {
        true => Some((steps, group?)),
        false => Some((steps, all)),
    }
}

fn flatten(hir: &Hir, steps: &mut Vec<Step>, group: &mut Option<(u32, u32)>) -> Option<()> {
    match hir.kind() {
        HirKind::Literal(literal) => steps.push(Step::Literal(List::from(literal.0.to_vec()))),
        HirKind::Class(_) => steps.push(Step::Class {
            set: class_of(hir)?,
            min: 1,
            max: 1,
        }),
        HirKind::Repetition(repetition) if repetition.greedy => steps.push(Step::Class {
            set: class_of(&repetition.sub)?,
            min: repetition.min,
            max: repetition.max?,
        }),
        HirKind::Capture(capture) => {
            let from = steps.len() as u32;
            flatten(&capture.sub, steps, group)?;
            *group = Some((from, steps.len() as u32));
        }
        HirKind::Concat(parts) => {
            for part in parts {
                flatten(part, steps, group)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn ends_by_itself(set: &ByteSet, rest: &[Step]) -> bool {
    for step in rest {
        match step {
            Step::Literal(bytes) => return !set.has(bytes[0]),
            Step::Class { set: next, .. } if set.meets(next) => return false,
            Step::Class { min: 0, .. } => {}
            Step::Class { .. } => return true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_plain_sequences() {
        let cases = [
            ("ghp_[A-Za-z0-9]{36}", true),
            ("SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}", true),
            ("key=([a-f0-9]{32})", true),
            ("[0-9]{8,10}:A[A-Za-z]{34}", true),
            ("a[a-z]{1,4}b", false),
            ("(?:live|test)_[a-z]{4}", false),
            ("ab?c", true),
            ("(?m)^abc", false),
        ];
        for (source, want) in cases {
            let (pattern, _) = pattern(source).unwrap();
            assert_eq!(pattern.steps.is_some(), want, "{source}");
        }
    }

    #[test]
    fn proves_keywords() {
        let cases = [
            ("ghp_[a-z]{3}", "ghp_", false, true),
            ("gh[pousr]_[a-z]{3}", "ghp_", false, false),
            ("(?:live|test)_key", "_key", false, true),
            ("(?:alive|olive)", "live", false, true),
            ("(?i)datadog[a-z]{3}", "datadog", true, true),
            ("(?i)datadog[a-z]{3}", "datadog", false, false),
            ("[a-z]{3}(?:abc)?", "abc", false, false),
            ("x{4}-(a)", "xxxx-a", false, true),
        ];
        for (source, keyword, fold, want) in cases {
            let got = always_holds(&parse(source).unwrap(), &[keyword.to_owned()], fold);
            assert_eq!(got, want, "{source} {keyword}");
        }
    }

    #[test]
    fn refuses_what_is_not_local() {
        for source in [
            "a+", "a*b", "a{3,}", "^abc", "abc\\z", "a{5000}", "(a)(b)", "a?", "(?:",
        ] {
            assert!(pattern(source).is_err(), "{source}");
        }
        assert!(pattern("(?m)^abc$").is_ok());
    }
}
