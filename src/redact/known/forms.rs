//! The forms in which a value may come along.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Forms shorter than this would stand in any text.
const LEAST: usize = 5;

/// The value itself and what encoders make of it, without line ends, each once: base64 of either alphabet at all three
/// phases, base32 in either case at all five, hexadecimal, UTF-16 of either byte order, percent-encoded, and escaped for
/// JSON, shells and XML.
///
/// A digit of base64 or base32 that also holds bits of what stands beside the value is not part of a form.
pub fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![value.to_vec()];
    for phase in 0..3 {
        all.extend(base64(value, phase));
    }
    for phase in 0..5 {
        all.extend(base32(value, phase));
    }
    all.extend(hexadecimal(value));
    all.extend(utf16(value));
    all.extend(percent(value));
    all.extend(json(value));
    all.extend(shell(value));
    all.extend(xml(value));
    for form in &mut all {
        form.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    }
    all.retain(|form| form.len() >= LEAST);
    all.sort();
    all.dedup();
    all
}

/// The digits that the value alone decides where it stands `phase` bytes behind a group's start.
fn base64(value: &[u8], phase: usize) -> [Vec<u8>; 2] {
    let mut bytes = vec![0; phase];
    bytes.extend_from_slice(value);
    let first = (phase * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    let cut = |text: String| text.as_bytes()[first.min(last)..last].to_vec();
    [
        cut(STANDARD_NO_PAD.encode(&bytes)),
        cut(URL_SAFE_NO_PAD.encode(&bytes)),
    ]
}

/// The same in base32, whose groups have five bytes and whose digits five bits.
fn base32(value: &[u8], phase: usize) -> [Vec<u8>; 2] {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| {
        let byte = value[at / 8 - phase];
        byte >> (7 - at % 8) & 1
    };
    let first = (phase * 8).div_ceil(5);
    let last = (phase + value.len()) * 8 / 5;
    let digit = |at: usize| {
        let bits = (at * 5..at * 5 + 5).map(bit);
        DIGITS[bits.fold(0, |digit, bit| digit << 1 | usize::from(bit))]
    };
    let upper: Vec<u8> = (first..last).map(digit).collect();
    [upper.to_ascii_lowercase(), upper]
}

/// Both byte orders. A NUL at the end, or at the start, is left out: it says nothing, and without them the two are one
/// form where all of the value is ASCII.
fn utf16(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else {
        return Vec::new();
    };
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    vec![
        little.strip_suffix(b"\0").unwrap_or(&little).to_vec(),
        big.strip_prefix(b"\0").unwrap_or(&big).to_vec(),
    ]
}

fn hexadecimal(value: &[u8]) -> Vec<Vec<u8>> {
    let each = |write: &dyn Fn(u8) -> String| -> Vec<u8> {
        value
            .iter()
            .flat_map(|&byte| write(byte).into_bytes())
            .collect()
    };
    vec![
        each(&|b| format!("{b:02x}")),
        each(&|b| format!("{b:02X}")),
        each(&|b| format!("\\x{b:02x}")),
        each(&|b| format!("\\x{b:02X}")),
        each(&|b| format!("%{b:02x}")),
        each(&|b| format!("%{b:02X}")),
    ]
}

/// As encoders differ: which marks they leave, a plus for a blank, digits of either case.
fn percent(value: &[u8]) -> Vec<Vec<u8>> {
    // RFC 3986's unreserved; what `encodeURIComponent` leaves; what `encodeURI` leaves; what forms leave.
    let left: [&[u8]; 4] = [b"-._~", b"-._~!*'()", b"-._~!*'();/?:@&=+$,#", b"-._*"];
    let mut all = Vec::new();
    for (number, left) in left.iter().enumerate() {
        for upper in [true, false] {
            let form = value.iter().flat_map(|&byte| match byte {
                _ if byte.is_ascii_alphanumeric() || left.contains(&byte) => vec![byte],
                b' ' if number == 3 => vec![b'+'],
                _ if upper => format!("%{byte:02X}").into_bytes(),
                _ => format!("%{byte:02x}").into_bytes(),
            });
            all.push(form.collect());
        }
    }
    all
}

/// Once and twice escaped, with and without what cautious encoders escape for HTML's sake.
fn json(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else {
        return Vec::new();
    };
    let escape = |text: &str, careful: &[char], ascii: bool| -> String {
        let mut out = String::new();
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '/' if careful.contains(&'/') => out.push_str("\\/"),
                _ if careful.contains(&character)
                    || character < ' '
                    || ascii && !character.is_ascii() =>
                {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => out.push(character),
            }
        }
        out
    };
    let mut all = Vec::new();
    for careful in [
        &[][..],
        &['/'],
        &['<', '>', '&'],
        &['<', '>', '&', '\'', '+'],
    ] {
        for ascii in [false, true] {
            let once = escape(text, careful, ascii);
            all.push(escape(&once, &[], false).into_bytes());
            all.push(once.into_bytes());
        }
    }
    all
}

/// Within single quotes, within double quotes, and with each special byte behind a backslash.
fn shell(value: &[u8]) -> Vec<Vec<u8>> {
    let each = |escape: &dyn Fn(u8) -> Option<&'static [u8]>| -> Vec<u8> {
        let escaped = value.iter().flat_map(|&byte| match escape(byte) {
            Some(b"\\") => vec![b'\\', byte],
            Some(text) => text.to_vec(),
            None => vec![byte],
        });
        escaped.collect()
    };
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte) || byte > 0x7f;
    vec![
        each(&|b| (b == b'\'').then_some(b"'\\''")),
        each(&|b| (b == b'\'').then_some(b"'\"'\"'")),
        each(&|b| (b == b'\'').then_some(b"\\")),
        each(&|b| b"\"$`\\".contains(&b).then_some(b"\\")),
        each(&|b| b"\"$`\\!".contains(&b).then_some(b"\\")),
        each(&|b| (!plain(b)).then_some(b"\\")),
        // PowerShell.
        each(&|b| (b == b'\'').then_some(b"''")),
    ]
}

fn xml(value: &[u8]) -> Vec<Vec<u8>> {
    let each = |quote: &'static str, apostrophe: &'static str, greater: &'static str| -> Vec<u8> {
        let escaped = value.iter().flat_map(|&byte| match byte {
            b'&' => b"&amp;".to_vec(),
            b'<' => b"&lt;".to_vec(),
            b'>' => greater.as_bytes().to_vec(),
            b'"' => quote.as_bytes().to_vec(),
            b'\'' => apostrophe.as_bytes().to_vec(),
            _ => vec![byte],
        });
        escaped.collect()
    };
    vec![
        each("\"", "'", "&gt;"),
        each("\"", "'", ">"),
        each("&quot;", "'", "&gt;"),
        each("&quot;", "'", ">"),
        each("&quot;", "&apos;", "&gt;"),
        each("&quot;", "&#39;", "&gt;"),
        each("&#34;", "&#39;", "&gt;"),
        each("&quot;", "&#x27;", "&gt;"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_form() {
        let value = "p\"a's&s/<w> é\\0$rd";
        let forms = forms(value.as_bytes());
        let text = |what: &str| forms.iter().any(|form| form == what.as_bytes());
        for form in [
            value,
            r#"p\"a's&s/<w> é\\0$rd"#,
            r#"p\"a's&s\/<w> é\\0$rd"#,
            r#"p\"a's\u0026s/\u003cw\u003e é\\0$rd"#,
            r#"p\"a's&s/<w> \u00e9\\0$rd"#,
            r#"p\\\"a's&s/<w> é\\\\0$rd"#,
            "p%22a%27s%26s%2F%3Cw%3E%20%C3%A9%5C0%24rd",
            "p%22a%27s%26s%2f%3cw%3e%20%c3%a9%5c0%24rd",
            "p%22a's%26s%2F%3Cw%3E%20%C3%A9%5C0%24rd",
            "p%22a%27s%26s%2F%3Cw%3E+%C3%A9%5C0%24rd",
            r#"p"a'\''s&s/<w> é\0$rd"#,
            r#"p\"a's&s/<w> é\\0\$rd"#,
            r#"p\"a\'s\&s/\<w\>\ é\\0\$rd"#,
            "p&quot;a&#39;s&amp;s/&lt;w&gt; é\\0$rd",
            "p&quot;a&apos;s&amp;s/&lt;w&gt; é\\0$rd",
            "702261277326732f3c773e20c3a95c30247264",
            "702261277326732F3C773E20C3A95C30247264",
            "OARGCJ3TEZZS6PDXHYQMHKK4GASHEZ",
            "oargcj3tezzs6pdxhyqmhkk4gashez",
        ] {
            assert!(text(form), "{form}");
        }
    }

    #[test]
    fn has_both_byte_orders() {
        assert_eq!(utf16(b"ab"), [b"a\0b", b"a\0b"]);
        let little: &[u8] = b"a\0\x42\x01b";
        let big: &[u8] = b"a\x01\x42\0b";
        assert_eq!(utf16("a\u{142}b".as_bytes()), [little, big]);
        assert!(utf16(b"\xff").is_empty());
    }

    #[test]
    fn stands_in_base32_wherever_the_value_does() {
        let whole = base32(b"abcdesome value?>vwxyz", 0);
        for (before, value) in [(5, "some value?>"), (6, "ome value?>v"), (9, " value?>")] {
            let forms = forms(value.as_bytes());
            for text in &whole {
                let inside = |form: &&Vec<u8>| memchr::memmem::find(text, form).is_some();
                let longest = forms.iter().filter(inside).map(Vec::len).max();
                assert!(longest >= Some((value.len() * 8 - 8) / 5), "{before}");
            }
        }
    }

    #[test]
    fn stands_in_base64_wherever_the_value_does() {
        let value = b"\xfb\xff some value?>";
        let forms = forms(value);
        for before in 0..5 {
            for after in 0..5 {
                let text = [&b"abcde"[..before], value, &b"vwxyz"[..after]].concat();
                for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let inside =
                        |form: &&Vec<u8>| memchr::memmem::find(encoded.as_bytes(), form).is_some();
                    let longest = forms.iter().filter(inside).map(Vec::len).max();
                    assert!(
                        longest >= Some((value.len() * 8 - 10) / 6),
                        "{before} {after}"
                    );
                }
            }
        }
    }
}
