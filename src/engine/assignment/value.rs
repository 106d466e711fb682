//! The value: where it begins and ends behind the operator.

use std::ops::Range;

use super::{Assigned, BLANKS, GAP, LEAD, NEIGHBOUR, Operator, Quote, VALUE, skip_blanks};

/// A value as read.
pub struct Read {
    pub operator: Operator,
    pub quote: Quote,
    pub value: Range<usize>,
    pub callee: Option<Range<usize>>,
}

/// Reads the value behind `operator`, which ends at `at`.
pub fn read(hay: &[u8], at: usize, operator: Operator) -> Option<Read> {
    let plain = |(quote, value)| Read {
        operator,
        quote,
        value,
        callee: None,
    };
    if operator == Operator::Element {
        return element(hay, at).map(|value| plain((Quote::Element, value)));
    }
    let mut at = skip_blanks(hay, at);
    // A prefix of a literal (`b"`, `r'`, `@"`, `N'`), or the bracket of a list or call that holds it.
    let bracket = matches!(hay.get(at), Some(b'[' | b'(' | b'{'));
    let prose = matches!(operator, Operator::Blank | Operator::Is);
    if quote_at(hay, at).is_none()
        && !(bracket && prose)
        && matches!(
            hay.get(at),
            Some(b'b' | b'r' | b'u' | b'f' | b'L' | b'N' | b'@' | b'[' | b'(' | b'{')
        )
        && quote_at(hay, at + 1).is_some()
    {
        at += 1;
    }
    if let Some(slashes) = quote_at(hay, at) {
        return quoted(hay, at, slashes).map(plain);
    }
    if operator == Operator::Is {
        // Most of what something is said to be is a word.
        let word = unquoted(hay, at)?;
        return is_long(&hay[word.clone()]).then(|| plain((Quote::None, word)));
    }
    if matches!(operator, Operator::Call | Operator::Comma | Operator::Blank) {
        return None;
    }
    if let Some((callee, at, slashes)) = argument(hay, at) {
        let (quote, value) = quoted(hay, at, slashes)?;
        return Some(Read {
            operator,
            quote,
            value,
            callee: Some(callee),
        });
    }
    if operator == Operator::Colon
        && let Some(at) = item(hay, at)
    {
        let (quote, value) = match quote_at(hay, at) {
            Some(slashes) => quoted(hay, at, slashes)?,
            None => (Quote::None, unquoted(hay, at)?),
        };
        return Some(Read {
            operator: Operator::Item,
            quote,
            value,
            callee: None,
        });
    }
    unquoted(hay, at).map(|value| plain((Quote::None, value)))
}

/// How many backslashes stand before the quote at `at`, if there is one.
pub fn quote_at(hay: &[u8], at: usize) -> Option<usize> {
    let rest = hay.get(at..)?;
    let slashes = rest.iter().take(8).take_while(|&&b| b == b'\\').count();
    matches!(rest.get(slashes), Some(b'"' | b'\'' | b'`')).then_some(slashes)
}

fn element(hay: &[u8], at: usize) -> Option<Range<usize>> {
    let cdata: &[u8] = b"<![CDATA[";
    let at = if hay[at..].starts_with(cdata) {
        at + cdata.len()
    } else {
        at
    };
    let rest = &hay[at..];
    let length = rest
        .iter()
        .take(VALUE)
        .position(|&b| matches!(b, b'<' | b'\n'))?;
    let closed = rest[length..].starts_with(b"</");
    let text = rest[..length]
        .strip_suffix(b"]]>")
        .unwrap_or(&rest[..length]);
    let value = bare(hay, trim(hay, at..at + text.len()));
    (closed && !value.is_empty()).then_some(value)
}

/// Whether `word` looks like no word: long, and with a digit in it.
fn is_long(word: &[u8]) -> bool {
    word.len() >= 16 && word.iter().any(u8::is_ascii_digit)
}

/// `{value}` is the value, and so is what follows a scheme or the like: `Bearer value`.
fn bare(hay: &[u8], mut value: Range<usize>) -> Range<usize> {
    let text = &hay[value.clone()];
    if let [b'{', inner @ .., b'}'] = text
        && is_long(inner)
        // Maven and Jenkins write encrypted values so.
        && !inner.ends_with(b"=")
        && !inner.iter().any(|b| b"{}$".contains(b))
    {
        value = value.start + 1..value.end - 1;
    }
    let text = &hay[value.clone()];
    let mut words = text.split(|&b| b == b' ');
    match (words.next(), words.next(), words.next()) {
        (Some(scheme), Some(word), None)
            if is_long(word) && scheme.iter().all(u8::is_ascii_alphanumeric) =>
        {
            value.end - word.len()..value.end
        }
        _ => value,
    }
}

/// Behind a name and a few words, without any operator: a word that looks like none, quoted or not.
pub fn behind_words(hay: &[u8], name: &Range<usize>) -> Option<Assigned> {
    let assigned = |quote, value| Assigned {
        name: name.clone(),
        operator: Operator::Blank,
        quote,
        value,
        callee: None,
    };
    let mut at = name.end;
    while at - name.end <= GAP && hay.get(at) == Some(&b' ') {
        at += 1;
        if let Some(slashes) = quote_at(hay, at) {
            let (quote, value) = quoted(hay, at, slashes)?;
            return is_long(&hay[value.clone()]).then(|| assigned(quote, value));
        }
        let word = unquoted(hay, at)?;
        if is_long(&hay[word.clone()]) {
            return Some(assigned(Quote::None, word));
        }
        if !hay[word.clone()].iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        at = word.end;
    }
    None
}

/// The words of a neighbour that holds the value of what a name names.
const HOLDERS: [&[u8]; 4] = [b"value", b"string", b"default", b"val"];

/// Whether `rest` begins with one of the holders; its length.
pub fn holder(rest: &[u8]) -> Option<usize> {
    let fits = |word: &&[u8]| {
        rest.len() > word.len()
            && rest[..word.len()].eq_ignore_ascii_case(word)
            && !rest[word.len()].is_ascii_alphanumeric()
    };
    HOLDERS.iter().copied().find(fits).map(<[u8]>::len)
}

/// `,` or a line's end and then `"value":`, `value:`, `default =`: the length up to and with the operator.
pub fn neighbour(rest: &[u8]) -> Option<usize> {
    if !matches!(rest.first(), Some(b',' | b'{' | b'\n' | b'\r')) {
        return None;
    }
    let rest = &rest[..rest.len().min(NEIGHBOUR)];
    let skip = |from: usize, set: &[u8]| {
        let passed = rest[from.min(rest.len())..].iter();
        from + passed.take_while(|b| set.contains(b)).count()
    };
    let mut at = usize::from(matches!(rest[0], b',' | b'{'));
    at = skip(at, b" \t\r\n");
    at = skip(at, b"\\\"'");
    at += holder(rest.get(at..)?)?;
    at = skip(at, b"\\\"' ");
    matches!(rest.get(at), Some(b':' | b'=')).then_some(at + 1)
}

/// What turns a literal into the bytes that a call takes.
pub const DECODERS: [&[u8]; 10] = [
    b"Base64.decode(",
    b"Base64.getDecoder().decode(",
    b"Base64.decodeBase64(",
    b"base64.b64decode(",
    b"base64_decode(",
    b"Convert.FromBase64String(",
    b"Hex.decode(",
    b"Buffer.from(",
    b"Encoding.UTF8.GetBytes(",
    b"[]byte(",
];

/// How long a decoder's call is that `rest` begins with.
pub fn decoder(rest: &[u8]) -> usize {
    let call = DECODERS.iter().find(|call| rest.starts_with(call));
    call.map_or(0, |call| call.len())
}

/// The next cell of a table, if it holds one word that looks like none: the length of the mark before it.
pub fn cell(rest: &[u8]) -> Option<usize> {
    let (start, length) = word_of_cell(rest);
    is_long(&rest[start..start + length]).then_some(1)
}

/// Where the word of a cell begins, and how long it is; a backtick before it is not of it.
pub fn word_of_cell(rest: &[u8]) -> (usize, usize) {
    let blanks = rest[1..].iter().take(BLANKS).take_while(|&&b| b == b' ');
    let start = 1 + blanks.count();
    let start = start + usize::from(rest.get(start) == Some(&b'`'));
    let word = rest[start..].iter().take(VALUE);
    (start, word.take_while(|&&b| !ends_unquoted(b)).count())
}

/// `</name> <value>`: the length up to and with the start tag of the neighbour.
pub fn next_element(rest: &[u8]) -> Option<usize> {
    let rest = &rest[..rest.len().min(NEIGHBOUR)];
    let mut at = memchr::memchr(b'>', rest)? + 1;
    at += rest[at..]
        .iter()
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    if rest.get(at) != Some(&b'<') {
        return None;
    }
    let length = holder(&rest[at + 1..])?;
    // `<string name="other">` is another name's.
    let own = rest[at + 1 + length] == b'>' || !rest[at + 1..].starts_with(b"string");
    own.then_some(())?;
    Some(at + memchr::memchr(b'>', &rest[at..])? + 1)
}

/// The rest of a start tag: the length up to and with its end.
pub fn end_of_tag(rest: &[u8]) -> Option<usize> {
    let end = rest
        .iter()
        .take(NEIGHBOUR)
        .position(|&b| matches!(b, b'>' | b'<' | b'\n'))?;
    (rest[end] == b'>' && end > 0 && rest[end - 1] != b'/').then_some(end + 1)
}

/// `f("v"` and `f(g("v"`: the function's name, and the literal's place with its backslashes.
fn argument(hay: &[u8], at: usize) -> Option<(Range<usize>, usize, usize)> {
    let limit = hay.len().min(at + LEAD);
    let mut here = at;
    let mut callee = None;
    for _ in 0..2 {
        let new = hay[here..limit].starts_with(b"new ");
        let start = here + if new { 4 } else { 0 };
        let name = hay[start..limit].iter().take_while(|&&b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'$' | b'!')
        });
        let end = start + name.count();
        if end == start || hay.get(end) != Some(&b'(') {
            return None;
        }
        callee.get_or_insert(start..end);
        here = skip_blanks(hay, end + 1).min(limit);
        let prefix = matches!(hay.get(here), Some(b'b' | b'r' | b'u' | b'@' | b'['));
        for at in [here, here + usize::from(prefix)] {
            if let Some(slashes) = quote_at(hay, at) {
                return Some((callee?, at, slashes));
            }
        }
    }
    None
}

/// The line's end and then a list's first item or a block's first line: where the value begins.
fn item(hay: &[u8], at: usize) -> Option<usize> {
    let block = matches!(hay.get(at), Some(b'|' | b'>'));
    let mut here = at + usize::from(block);
    here += usize::from(block && matches!(hay.get(here), Some(b'-' | b'+')));
    here += usize::from(hay.get(here) == Some(&b'\r'));
    if hay.get(here) != Some(&b'\n') {
        return None;
    }
    let indent = hay[here + 1..].iter().take(LEAD / 2);
    let start = here + 1 + indent.take_while(|&&b| b == b' ').count();
    match block {
        true => (start > here + 1).then_some(start),
        false => hay[start..].starts_with(b"- ").then_some(start + 2),
    }
}

/// A value without quotes.
pub fn unquoted(hay: &[u8], at: usize) -> Option<Range<usize>> {
    let length = hay[at..]
        .iter()
        .take(VALUE)
        .take_while(|&&b| !ends_unquoted(b))
        .count();
    let mut value = at..at + length;
    while value.len() > 1 && matches!(hay[value.end - 1], b'.' | b':') {
        value.end -= 1;
    }
    (!value.is_empty() && length < VALUE).then_some(value)
}

/// What follows the scheme in an `Authorization` header: `Token abc` is `abc`.
pub fn without_scheme(hay: &[u8], name: &Range<usize>, value: Range<usize>) -> Range<usize> {
    const NAME: &[u8] = b"authorization";
    let name = &hay[name.clone()];
    let is_header =
        name.len() >= NAME.len() && name[name.len() - NAME.len()..].eq_ignore_ascii_case(NAME);
    if !is_header {
        return value;
    }
    let text = &hay[value.start..hay.len().min(value.start + VALUE)];
    let scheme = text
        .iter()
        .take(BLANKS)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        .count();
    if scheme < 3 || text.get(scheme) != Some(&b' ') {
        return value;
    }
    let start = value.start + scheme + 1;
    match value.end > start {
        // Quoted: the rest of it, if that is one word.
        true if !hay[start..value.end].contains(&b' ') => start..value.end,
        true => value,
        false => unquoted(hay, start).unwrap_or(value),
    }
}

pub fn ends_unquoted(byte: u8) -> bool {
    byte <= b' '
        || byte == 0x7f
        || matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b','
                | b';'
                | b'<'
                | b'>'
                | b'&'
                | b'|'
                | b')'
                | b']'
                | b'}'
                | b'\\'
        )
}

pub fn quoted(hay: &[u8], at: usize, slashes: usize) -> Option<(Quote, Range<usize>)> {
    let quote = hay[at + slashes];
    let mut start = at + slashes + 1;
    // A triple quote opens like a single one.
    let triple = slashes == 0 && hay[start..].starts_with(&[quote, quote]);
    if triple {
        start += 2;
    }
    let body = &hay[start..hay.len().min(start + VALUE)];
    let mut length = None;
    let mut index = 0;
    while index < body.len() {
        match body[index] {
            b'\n' | b'\r' => break,
            b'\\' if slashes == 0 => index += 1,
            b'\\' => {
                let run = body[index..].iter().take_while(|&&b| b == b'\\').count();
                if run <= slashes && body.get(index + run) == Some(&quote) {
                    length = Some(index);
                    break;
                }
                index += run.saturating_sub(1);
            }
            b if b == quote => {
                length = Some(index);
                break;
            }
            _ => {}
        }
        index += 1;
    }
    let length = length.filter(|&length| length > 0)?;
    let kind = if slashes > 0 {
        Quote::Escaped
    } else {
        Quote::Plain(quote)
    };
    Some((kind, start..start + length))
}

fn trim(hay: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &hay[range.clone()];
    let lead = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let tail = text[lead..]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    range.start + lead..range.end - tail
}
