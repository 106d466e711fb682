use std::ops::Range;

/// What stands in place of a secret's hidden part. Its width says nothing about the secret's length.
pub const MASK: &str = "********";

/// Shows enough of a secret to recognise it and never enough to use it.
///
/// At most a quarter of the characters stay, and nothing at all of one shorter than 16 bytes, which could be a
/// password that a person chose. Of a text of several lines (a private key) nothing stays. Characters that a terminal
/// would act on are never shown.
pub fn mask(secret: &[u8]) -> String {
    let plain = secret.iter().all(|b| b.is_ascii_graphic());
    if !plain || secret.len() < 16 {
        return MASK.to_owned();
    }
    let head = (secret.len() / 6).min(8);
    let tail = (secret.len() / 12).min(4);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}{MASK}{}",
        text(&secret[..head]),
        text(&secret[secret.len() - tail..])
    )
}

/// One line of text for people with every range of `secrets` masked, ready to print.
///
/// `secrets` are byte ranges of `line`, in any order, overlapping or not; overlapping ones are masked as one, wholly.
/// Invalid UTF-8 and control characters are replaced; tabs become one blank.
pub fn mask_line(line: &[u8], secrets: &[Range<usize>]) -> String {
    let mut ranges: Vec<Range<usize>> = secrets
        .iter()
        .map(|r| r.start.min(line.len())..r.end.min(line.len()))
        .filter(|r| r.start < r.end)
        .collect();
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut shown = String::with_capacity(line.len());
    let mut at = 0;
    let mut rest = ranges.into_iter().peekable();
    while let Some(first) = rest.next() {
        let (start, mut end, mut merged) = (first.start, first.end, false);
        while let Some(next) = rest.next_if(|next| next.start < end) {
            merged |= next != first;
            end = end.max(next.end);
        }
        push_printable(&mut shown, &line[at..start]);
        match merged {
            true => shown.push_str(MASK),
            false => shown.push_str(&mask(&line[start..end])),
        }
        at = end;
    }
    push_printable(&mut shown, &line[at..]);
    shown
}

fn push_printable(out: &mut String, bytes: &[u8]) {
    out.extend(String::from_utf8_lossy(bytes).chars().map(|c| match c {
        '\t' => ' ',
        // Bidirectional overrides reorder what a person sees; they are not controls to `char::is_control`.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_at_most_a_quarter() {
        for len in 0..200 {
            let secret = vec![b'a'; len];
            let shown = mask(&secret).replace(MASK, "").len();
            assert!(shown * 4 <= len, "{shown} of {len} characters shown");
        }
    }

    #[test]
    fn masks_every_secret_of_a_line() {
        let cases = [
            ("a=hunter2 b", vec![(2, 9)], "a=******** b"),
            (
                "a=hunter2,b=hunter3",
                vec![(12, 19), (2, 9)],
                "a=********,b=********",
            ),
            ("abcdef", vec![(0, 4), (2, 6)], "********"),
            ("x\x1b[31my", vec![], "x\u{fffd}[31my"),
            ("abc", vec![(1, 99)], "a********"),
        ];
        for (line, secrets, want) in cases {
            let secrets: Vec<Range<usize>> =
                secrets.into_iter().map(|(from, to)| from..to).collect();
            assert_eq!(mask_line(line.as_bytes(), &secrets), want);
        }
    }
}
