//! How far the reading of an assignment is settled when more text may follow.
//!
//! This walks along the same grammar as the reader, and stops where the reader would look behind the text's end. It
//! may call a reading open that is not, never the other way round; and no value begins before the floor it tells.

use std::ops::Range;

use super::statement::may_be_set;
use super::value::{self, DECODERS, ends_unquoted, holder, quote_at, quoted};
use super::{
    BLANKS, Before, CALLS, GAP, LEAD, NAME, NEIGHBOUR, Operator, TYPE, VALUE, after_name, is_name,
    is_named, name_around, operator, skip_blanks, skip_closers,
};

/// The least place where the value may begin that is assigned to the name around `keyword`, if what
/// [`assigned`](super::assigned) tells may change with what follows the text; the text's end if the value has not begun.
/// `None` where the reading is settled.
pub fn floor(hay: &[u8], keyword: Range<usize>, gap: bool) -> Option<usize> {
    let name = name_around(hay, keyword.clone());
    if name.end == hay.len() && name.end - keyword.end < NAME {
        return Some(hay.len());
    }
    let direct = behind(hay, &name, name.end);
    let read = || after_name(hay, &name, name.end).is_some();
    if !gap || direct.is_none() && read() {
        return direct;
    }
    let words = hay[name.end..].iter().take(GAP);
    let length = words
        .take_while(|&&b| is_name(b) || matches!(b, b' ' | b'/' | b'(' | b')'))
        .count();
    // What stands behind words without an operator counts where no operator comes.
    let read = value::behind_words(hay, &name).map(|read| read.value.start);
    let words = behind_words(hay, &name);
    if name.end + length == hay.len() && length < GAP {
        let open = [direct, words, read].into_iter().flatten().min();
        return open.or(Some(hay.len()));
    }
    let text = hay[name.end..name.end + length].trim_ascii_end();
    let end = name.end + text.len();
    let bridged = (end > name.end).then(|| behind(hay, &name, end)).flatten();
    let open = [direct, bridged, words].into_iter().flatten().min()?;
    // Where nothing comes of one reading, it is the next one that counts.
    let bridge = (end > name.end).then(|| after_name(hay, &name, end));
    let bridge = bridge.flatten().map(|read| read.value.start);
    [Some(open), bridge, read].into_iter().flatten().min()
}

/// What is open of words behind a name that no operator follows.
fn behind_words(hay: &[u8], name: &Range<usize>) -> Option<usize> {
    let mut at = name.end;
    while at - name.end <= GAP {
        match hay.get(at) {
            None => return Some(at),
            Some(b' ') => at += 1,
            Some(_) => return None,
        }
        if hay[at..].iter().all(|&b| b == b'\\') {
            return Some(at);
        }
        if let Some(slashes) = quote_at(hay, at) {
            return literal(hay, at, slashes);
        }
        if let Some(open) = unquoted(hay, name, at) {
            return Some(open);
        }
        let word = value::unquoted(hay, at)?;
        if !hay[word.clone()].iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        at = word.end;
    }
    None
}

/// The same, for what stands behind a name, or behind the words that follow it.
fn behind(hay: &[u8], name: &Range<usize>, end: usize) -> Option<usize> {
    let open = Some(hay.len());
    let (closed, quoted) = skip_closers(hay, end);
    if closed == hay.len() || hay[closed] == b'\\' && closed + 1 == hay.len() {
        return open;
    }
    let at = skip_blanks(hay, closed);
    let rest = &hay[at..];
    if rest.is_empty() {
        return open;
    }
    let blank = at > closed;
    if (quoted || is_named(hay, name))
        && matches!(rest[0], b',' | b'{' | b'\n' | b'\r')
        && value::neighbour(rest).is_none()
        && let Some(from) = neighbour(rest)
    {
        // What it is where it becomes none: an argument, or what follows a flag.
        let other = match rest[0] {
            _ if hay[name.start] == b'-' => at,
            b',' => least(hay, at + 1),
            _ => hay.len(),
        };
        return Some(other.min(at + from));
    }
    let end_tag = rest[0] == b'<' && rest.get(1).is_none_or(|&b| b == b'/');
    if end_tag && value::next_element(rest).is_none() {
        return next_element(rest).then_some(hay.len());
    }
    match operator(hay, name, at, Before { quoted, blank }) {
        Some((Operator::Colon, from)) if annotation(rest) => Some(least(hay, from)),
        Some((Operator::Flag, _)) if begins_operator(rest, Before { quoted, blank }) => Some(at),
        // A word is set to a name only where it ends the line.
        Some((Operator::Flag, _)) if hay[name.start] != b'-' && is_open_word(rest) => Some(at),
        Some((operator, from)) => value(hay, name, operator, from),
        None if blank && name.start > 0 && hay[name.start - 1] == b'<' => {
            let over = rest.iter().any(|b| matches!(b, b'>' | b'<' | b'\n'));
            (!over && rest.len() < NEIGHBOUR).then_some(at)
        }
        None if blank && may_be_set(hay, name) && is_open_word(rest) => Some(at),
        None if rest[0] == b'|' && is_open_cell(rest) => Some(at),
        None => begins_operator(rest, Before { quoted, blank }).then_some(at),
    }
}

/// Whether a word goes on behind the text.
fn is_open_word(rest: &[u8]) -> bool {
    rest.len() < VALUE && rest.iter().all(u8::is_ascii_graphic)
}

/// Whether the word of a table's cell goes on behind the text.
fn is_open_cell(rest: &[u8]) -> bool {
    let (start, length) = value::word_of_cell(rest);
    start + length == rest.len() && length < VALUE
}

/// Whether `rest`, which is no operator, may become one.
fn begins_operator(rest: &[u8], before: Before) -> bool {
    let begins = |operators: &[&[u8]]| {
        let mut operators = operators.iter();
        operators.any(|operator| operator.starts_with(rest))
    };
    // These are operators together with the quote behind them, or with their parenthesis.
    let dash = [&b"\xE2\x80\x93 "[..], b"\xE2\x80\x94 "];
    if begins(&[b"|| ", b"?? "])
        || begins(&dash)
        || before.quoted && (begins(&[b"or ", b"{ "]) || begins(&CALLS))
    {
        return true;
    }
    const LONGER: [&[u8]; 11] = [
        b"!=", b"+=", b"?=", b".=", b"||=", b"??=", b"::=", b"->", b"%3d", b"is ", b"is:",
    ];
    let mut lower = [0; 6];
    let lower = &mut lower[..rest.len().min(6)];
    lower.copy_from_slice(&rest[..lower.len()]);
    lower.make_ascii_lowercase();
    let is = lower == b"is " || lower == b"is:";
    is && rest.len() == 3
        || rest.len() < 3 && LONGER.iter().any(|longer| longer.starts_with(lower))
        || before.quoted && before.blank && rest.len() <= 6 && b"value=".starts_with(lower)
        || before.blank && begins_declaration(rest)
}

/// Whether `rest` may become ` As Type = `.
fn begins_declaration(rest: &[u8]) -> bool {
    let lead = rest.len().min(3);
    if !rest[..lead].eq_ignore_ascii_case(&b"as "[..lead]) {
        return false;
    }
    let kind = &rest[lead..];
    let length = kind.iter().take_while(|&&b| is_name(b)).count();
    length < TYPE && b" = ".starts_with(&kind[length..])
}

/// Whether a sign that makes a type of what follows the colon may still come: `: Type =`.
fn annotation(rest: &[u8]) -> bool {
    let body = &rest[1..rest.len().min(TYPE)];
    let is_type = |b: &u8| b.is_ascii_alphanumeric() || b"_<>[]&|.? *'".contains(b);
    let sign = body.iter().position(|&b| b == b'=');
    // The byte behind the sign tells it from `==` and `=>`.
    body.len() < TYPE - 1 && sign.is_none_or(|at| at + 1 == body.len()) && {
        let kind = &body[..sign.unwrap_or(body.len())];
        kind.iter().all(is_type)
    }
}

/// Where the text behind a neighbour's first byte begins, if it may become one.
fn neighbour(rest: &[u8]) -> Option<usize> {
    if rest.len() >= NEIGHBOUR {
        return None;
    }
    let skip = |from: usize, set: &[u8]| {
        let passed = rest[from..].iter();
        from + passed.take_while(|b| set.contains(b)).count()
    };
    let mut at = skip(usize::from(matches!(rest[0], b',' | b'{')), b" \t\r\n");
    at = skip(at, b"\\\"'");
    if at == rest.len() {
        return Some(at);
    }
    let word = &rest[at..];
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let lower = word[..letters].to_ascii_lowercase();
    let begun = letters == word.len()
        && [&b"value"[..], b"string", b"default", b"val"]
            .iter()
            .any(|holder| holder.starts_with(&lower) || lower == *holder);
    match holder(word) {
        Some(length) => (skip(at + length, b"\\\"' ") == rest.len()).then_some(at),
        None => begun.then_some(at),
    }
}

/// Whether `rest`, which begins an end tag, may become an end tag and the start tag of a neighbour.
fn next_element(rest: &[u8]) -> bool {
    if rest.len() >= NEIGHBOUR {
        return false;
    }
    let Some(end) = memchr::memchr(b'>', rest) else {
        return true;
    };
    let behind = rest[end + 1..].trim_ascii_start();
    match behind {
        [] => true,
        [b'<', tag @ ..] => tag.len() < 9 || holder(tag).is_some(),
        _ => false,
    }
}

/// The least place where a value may begin behind an operator.
fn least(hay: &[u8], from: usize) -> usize {
    let at = skip_blanks(hay, from);
    match quote_at(hay, at) {
        Some(slashes) => at + slashes + 1,
        None => at,
    }
}

/// What is open of the value behind `operator`, which ends at `from`.
fn value(hay: &[u8], name: &Range<usize>, operator: Operator, from: usize) -> Option<usize> {
    if operator == Operator::Element {
        return element(hay, from);
    }
    let at = skip_blanks(hay, from);
    let rest = &hay[at..];
    let slashes = |text: &[u8]| text.iter().take(8).take_while(|&&b| b == b'\\').count();
    if slashes(rest) == rest.len() {
        return Some(at);
    }
    let prefix = matches!(
        rest[0],
        b'b' | b'r' | b'u' | b'f' | b'L' | b'N' | b'@' | b'[' | b'(' | b'{'
    );
    if prefix && slashes(&rest[1..]) == rest.len() - 1 {
        return Some(at);
    }
    let bracket = matches!(rest[0], b'[' | b'(' | b'{');
    let prose = matches!(operator, Operator::Blank | Operator::Is);
    let inner = quote_at(hay, at).is_none() && prefix && !(bracket && prose);
    let at = at + usize::from(inner && quote_at(hay, at + 1).is_some());
    if let Some(slashes) = quote_at(hay, at) {
        return literal(hay, at, slashes);
    }
    if operator == Operator::Is {
        return unquoted(hay, name, at);
    }
    if operator == Operator::Call {
        let may_decode = DECODERS.iter().any(|call| call.starts_with(rest));
        return may_decode.then_some(at);
    }
    if operator == Operator::Comma || prose {
        return None;
    }
    if operator == Operator::Colon
        && let Some(open) = item(hay, name, at)
    {
        return open;
    }
    unquoted(hay, name, at)
}

/// A tag's text: open until the next tag begins, or the line ends.
fn element(hay: &[u8], from: usize) -> Option<usize> {
    let rest = &hay[from..];
    let cdata = b"<![CDATA[";
    let inside = rest.strip_prefix(cdata).unwrap_or(rest);
    let start = hay.len() - inside.trim_ascii_start().len();
    match inside
        .iter()
        .take(VALUE)
        .position(|&b| matches!(b, b'<' | b'\n'))
    {
        _ if cdata.starts_with(rest) => Some(hay.len()),
        Some(at) => (inside[at] == b'<' && at + 1 == inside.len()).then_some(start),
        None => (inside.len() < VALUE).then_some(start),
    }
}

/// A quoted value: open until its quote, the line's end or the greatest length.
fn literal(hay: &[u8], at: usize, slashes: usize) -> Option<usize> {
    if quoted(hay, at, slashes).is_some() {
        return None;
    }
    let start = at + slashes + 1;
    let (quote, body) = (hay[start - 1], &hay[start..]);
    // The third of three quotes may still come.
    if body == [quote] {
        return Some(hay.len());
    }
    let triple = slashes == 0 && body.starts_with(&[quote, quote]);
    if body.first() == Some(&quote) && !triple {
        return None;
    }
    let over = body.len() >= VALUE + 2 || is_broken_off(body, slashes);
    (!over).then_some(start)
}

/// Whether a line ends in a quoted value; behind a backslash that is no end.
fn is_broken_off(body: &[u8], slashes: usize) -> bool {
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' | b'\r' => return true,
            b'\\' if slashes == 0 => {
                bytes.next();
            }
            _ => {}
        }
    }
    false
}

/// A list's first item, or a block's first line, behind the end of the line. `None` where it is neither.
fn item(hay: &[u8], name: &Range<usize>, at: usize) -> Option<Option<usize>> {
    let open = Some(Some(hay.len()));
    let block = matches!(hay[at], b'|' | b'>');
    let mut here = at + usize::from(block);
    here += usize::from(block && matches!(hay.get(here), Some(b'-' | b'+')));
    here += usize::from(hay.get(here) == Some(&b'\r'));
    match hay.get(here) {
        None => return open,
        Some(b'\n') => here += 1,
        Some(_) => return None,
    }
    let indent = hay[here..].iter().take(LEAD / 2);
    let start = here + indent.take_while(|&&b| b == b' ').count();
    let rest = &hay[start..];
    let first = match block {
        _ if rest.is_empty() => return open,
        true => (start > here).then_some(start)?,
        false if rest == b"-" => return open,
        false => rest.starts_with(b"- ").then_some(start + 2)?,
    };
    if hay[first..].iter().all(|&b| b == b'\\') {
        return Some(Some(first));
    }
    Some(match quote_at(hay, first) {
        Some(slashes) => literal(hay, first, slashes),
        None => unquoted(hay, name, first),
    })
}

/// A value without quotes: open until a byte that ends it; where it may be a call with a literal in it, or follow the
/// scheme of a header, until the line's end.
fn unquoted(hay: &[u8], name: &Range<usize>, at: usize) -> Option<usize> {
    let text = &hay[at..];
    let length = text.iter().position(|&b| ends_unquoted(b));
    let Some(length) = length else {
        return (text.len() < LEAD + VALUE).then_some(at);
    };
    let text = &text[..length];
    let header = hay[name.clone()]
        .to_ascii_lowercase()
        .ends_with(b"authorization");
    if !(header || text == b"new" || text.contains(&b'(')) {
        return None;
    }
    // Behind a backslash a line's end is one in the literal.
    let ends = |pair: &[u8]| pair[0] != b'\\' && matches!(pair[1], b'\n' | b'\r');
    let over = hay[at..].windows(2).any(ends);
    (!over && hay.len() - at < LEAD + BLANKS + VALUE).then_some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::super::assigned;
    use super::*;

    /// What stands around names and values in any syntax, and what almost does.
    const PIECES: [&str; 92] = [
        "|| ",
        "?? ",
        "or ",
        "{ ",
        ".type(",
        ".val",
        "ENV ",
        "\n#define ",
        "a1b2c3d4e5f6a7b8c9",
        " word",
        "{a1b2c3d4e5f6a7b8c9}",
        "\n",
        "=",
        "==",
        "===",
        "=>",
        "!=",
        ":=",
        "::",
        "::=",
        ":",
        "+=",
        "?=",
        ".=",
        "||=",
        "??=",
        "->",
        "%3D",
        "%3",
        "|",
        "| ",
        "|-",
        ">",
        "> ",
        "<",
        "</",
        "</password>",
        "<value>",
        "<string",
        "<![CDATA[",
        "]]>",
        "\"",
        "'",
        "`",
        "\\\"",
        "\\",
        "\"\"\"",
        "\n",
        "\r\n",
        "\r",
        " ",
        "  ",
        "\t",
        "    ",
        "- ",
        "-",
        "--",
        ",",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "new ",
        "new",
        "Key(",
        "f(g(\"",
        "is ",
        "is",
        "i",
        "val",
        "value",
        "value=",
        "default",
        "string:",
        "Token ",
        "Bearer",
        "abc",
        "x1",
        ".",
        ";",
        "&",
        "str",
        "b",
        "authorization",
        "\u{2013} ",
        "\u{2014}",
        "| `",
        "Base64.dec",
        "Base64.decode(",
        "[]byte(",
    ];

    fn text(least: usize, most: usize) -> impl Strategy<Value = String> {
        let piece = any::<Index>().prop_map(|i| PIECES[i.index(PIECES.len())].to_owned());
        // As long as any bound of the reader.
        let long = ("[a .<\n(\\\\\"]", 20usize..700).prop_map(|(byte, count)| byte.repeat(count));
        let piece = prop_oneof![20 => piece, 1 => long];
        proptest::collection::vec(piece, least..most).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 20_000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// What is called settled stays so, and no value begins before the floor, whatever follows.
        #[test]
        fn no_future_changes_what_is_settled(
            before in text(0, 3),
            after in text(0, 9),
            future in text(0, 9),
            word in prop_oneof![Just("password"), Just("Authorization"), Just("--password"), Just("\"password\"")],
            gap in any::<bool>(),
        ) {
            let now = format!("{before}{word}{after}");
            let then = format!("{now}{future}");
            let trimmed = word.trim_matches('"');
            let start = before.len() + word.find(trimmed).unwrap_or(0);
            let keyword = start..start + trimmed.len();
            let read = assigned(then.as_bytes(), keyword.clone(), gap);
            match floor(now.as_bytes(), keyword.clone(), gap) {
                None => prop_assert_eq!(assigned(now.as_bytes(), keyword, gap), read, "{:?} {:?}", now, future),
                Some(floor) => {
                    prop_assert!(floor <= now.len());
                    let start = read.map_or(usize::MAX, |read| read.value.start);
                    prop_assert!(floor <= start, "{:?} {:?}: {} before {}", now, future, start, floor);
                }
            }
        }
    }

    /// Whoever waits for a prompt waits for a value that has not begun.
    #[test]
    fn a_value_is_held_from_its_first_byte() {
        for (text, want) in [
            ("password: ", 10),
            ("password=", 9),
            ("password: abc", 10),
            ("password = \"abc", 12),
            ("password: abc\n", usize::MAX),
            ("password for bob", usize::MAX),
            ("password = \"abc\" ", usize::MAX),
            ("password:\n", 10),
            ("password:\n  - abc", 14),
        ] {
            let found = floor(text.as_bytes(), 0..8, false);
            assert_eq!(found.unwrap_or(usize::MAX), want, "{text:?}");
        }
    }
}
