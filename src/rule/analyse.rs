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
        lead: (0, max_len as u32),
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

/// Where in a match of `hir` a keyword stands, least and greatest offset, if every match holds one there; with `fold`,
/// in any ASCII case. `None` where that cannot be proved.
pub fn lead(hir: &Hir, keywords: &[String], fold: bool) -> Option<(u32, u32)> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(_) | HirKind::Class(_) => lead_of_parts(&[hir], keywords, fold),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            let parts = vec![&*repetition.sub; repetition.min.min(64) as usize];
            lead_of_parts(&parts, keywords, fold)
        }
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => lead(&capture.sub, keywords, fold),
        HirKind::Concat(parts) => lead_of_parts(&parts.iter().collect::<Vec<_>>(), keywords, fold),
        HirKind::Alternation(parts) => {
            let leads = parts.iter().map(|part| lead(part, keywords, fold));
            leads.reduce(|a, b| Some((a?.0.min(b?.0), a?.1.max(b?.1))))?
        }
    }
}

/// One place of a text that a pattern describes.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// This byte.
    Byte(u8),
    /// This letter, a lower-case one, in either case.
    Letter(u8),
    /// Between so many bytes of whatever kind.
    Other(u32, u32),
}

impl Place {
    fn length(self) -> (u32, u32) {
        match self {
            Place::Byte(_) | Place::Letter(_) => (1, 1),
            Place::Other(min, max) => (min, max),
        }
    }

    fn is(self, want: u8, fold: bool) -> bool {
        match self {
            Place::Byte(byte) if fold => byte.eq_ignore_ascii_case(&want),
            Place::Byte(byte) => byte == want,
            Place::Letter(letter) => fold && letter == want.to_ascii_lowercase(),
            Place::Other(..) => false,
        }
    }
}

fn places(hir: &Hir) -> Vec<Place> {
    let length = |n: Option<usize>| n.unwrap_or(0).min(u32::MAX as usize) as u32;
    let other = || {
        let properties = hir.properties();
        vec![Place::Other(
            length(properties.minimum_len()),
            length(properties.maximum_len()),
        )]
    };
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().map(|&b| Place::Byte(b)).collect(),
        HirKind::Class(_) => {
            let set = class_of(hir).unwrap_or_default();
            let members: Vec<u8> = (0..=255).filter(|&b| set.has(b)).collect();
            match members[..] {
                [one] => vec![Place::Byte(one)],
                [upper, lower] if upper.to_ascii_lowercase() == lower => vec![Place::Letter(lower)],
                _ => other(),
            }
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(places).collect(),
        HirKind::Repetition(Repetition {
            min,
            max: Some(max),
            sub,
            ..
        }) if min == max && *max <= 64 => places(sub).repeat(*min as usize),
        _ => other(),
    }
}

fn lead_of_parts(parts: &[&Hir], keywords: &[String], fold: bool) -> Option<(u32, u32)> {
    let text: Vec<Place> = parts.iter().flat_map(|part| places(part)).collect();
    let before = |at: usize| {
        let lengths = text[..at].iter().map(|place| place.length());
        lengths.fold((0, 0), |sum, length| (sum.0 + length.0, sum.1 + length.1))
    };
    let stands = |keyword: &str, at: usize| {
        let window = text.get(at..at + keyword.len());
        window.is_some_and(|w| {
            w.iter()
                .zip(keyword.bytes())
                .all(|(place, want)| place.is(want, fold))
        })
    };
    let at = (0..text.len()).find(|&at| keywords.iter().any(|keyword| stands(keyword, at)));
    at.map(before).or_else(|| {
        let mut sum = (0, 0);
        for part in parts {
            let nested = match part.kind() {
                HirKind::Literal(_) | HirKind::Class(_) => None,
                _ => lead(part, keywords, fold),
            };
            if let Some((min, max)) = nested {
                return Some((sum.0 + min, sum.1 + max));
            }
            for place in places(part) {
                let (min, max) = place.length();
                sum = (sum.0 + min, sum.1 + max);
            }
        }
        None
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
            ("ghp_[a-z]{3}", "ghp_", false, Some((0, 0))),
            ("gh[pousr]_[a-z]{3}", "ghp_", false, None),
            ("(?:live|test)_key", "_key", false, Some((4, 4))),
            ("(?:alive|olive)", "live", false, Some((1, 1))),
            ("[a-z]{2,5}(?:x{1,2}-k|ab-k)", "-k", false, Some((3, 7))),
            ("a(?:b[0-9]{1,3}key|cdkey)", "key", false, Some((3, 5))),
            ("(?i)datadog[a-z]{3}", "datadog", true, Some((0, 0))),
            ("(?i)datadog[a-z]{3}", "datadog", false, None),
            ("[a-z]{3}(?:abc)?", "abc", false, None),
            ("x{4}-(a)", "xxxx-a", false, Some((0, 0))),
        ];
        for (source, keyword, fold, want) in cases {
            let got = lead(&parse(source).unwrap(), &[keyword.to_owned()], fold);
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
