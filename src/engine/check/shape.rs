//! What the form of a value alone says of it: a path, an address, a version, a date, digits that stand for text.

use super::structure::decode_into;
use super::words::{known_words, word_like};

/// Whether a value can be nothing but random text: letters and digits in one piece, as long as keys are.
pub fn generated(value: &[u8]) -> bool {
    let any = |is: fn(&u8) -> bool| value.iter().any(is);
    value.len() >= 24
        && value.iter().all(u8::is_ascii_alphanumeric)
        && any(u8::is_ascii_digit)
        && any(u8::is_ascii_lowercase)
        && !value.starts_with(b"MII")
        && !value.starts_with(b"AAAA")
}

/// Whether pairs of hexadecimal digits are all printable characters, as those of test vectors are.
pub fn is_text_in_hex(value: &[u8]) -> bool {
    let printable = |pair: &[u8]| {
        matches!(pair[0], b'2'..=b'7')
            && pair[1].is_ascii_hexdigit()
            && !pair.eq_ignore_ascii_case(b"7f")
    };
    // Random digits are so once in many thousand times.
    value.len() >= 24 && value.len().is_multiple_of(2) && value.chunks_exact(2).all(printable)
}

/// What base64 stands for where that is a text: the header of a token, or words.
pub fn text_in_base64(value: &[u8]) -> Option<&'static str> {
    let mut text = [0; 384];
    if value.len() < 8 || !value.len().is_multiple_of(4) {
        return None;
    }
    let length = decode_into(value, &mut text)?;
    let text = &text[..length];
    if text.starts_with(b"{\"alg\":") || text.starts_with(b"{\"typ\":") {
        return Some("the header of a JWT and no more");
    }
    let printable = text
        .iter()
        .all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\r'));
    let blanks = text.iter().filter(|b| **b == b' ').count();
    let digits = text.iter().any(u8::is_ascii_digit);
    // `ThisIsMyKey0123`: words that say what they are, whatever number is behind them.
    let spoken = known_words(text) * 4 >= length && word_like(text) * 2 >= length;
    let wordy = word_like(text) * 10 >= length * 6 && !digits || blanks > 1 || spoken;
    (printable && wordy).then_some("words in base64")
}

/// `mail.corp.net`, `io.jsonwebtoken:jjwt-0.11.2`: names with dots, of hosts, packages and releases.
pub fn host_or_release(value: &[u8]) -> bool {
    let mut labels = value.split(|&b| b == b'.');
    let last = labels.next_back().unwrap_or_default();
    let others = labels.count();
    let letters = |label: &[u8]| label.iter().all(u8::is_ascii_alphabetic);
    let host = others >= 2 && (2..=6).contains(&last.len()) && letters(last);
    let release = others >= 1 && last.len() <= 3 && last.iter().all(u8::is_ascii_digit);
    (host || release) && word_like(value) * 3 >= value.len()
}

/// A UUID of any version.
pub fn uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A path, an address, a resource name.
pub fn path_or_url(value: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(value, needle).is_some();
    let slashes = value.iter().filter(|b| **b == b'/').count();
    has(b"://")
        || value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || value.starts_with(b"arn:")
        || value.starts_with(b"classpath:")
        || value.starts_with(b"file:")
        || value[0] == b'/' && slashes >= 3
        || value[0] == b'/' && word_like(value) * 2 > value.len()
        || slashes >= 2 && word_like(value) * 2 > value.len()
        || slashes == 1 && word_like(value) * 10 > value.len() * 7
}

/// Digits and the marks that stand between those of versions, numbers and times.
pub fn version_or_date(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let marks = value
        .iter()
        .filter(|b| {
            matches!(
                b,
                b'.' | b'-' | b':' | b'/' | b'_' | b'T' | b'Z' | b'v' | b' ' | b','
            )
        })
        .count();
    digits + marks == value.len() && (marks > 0 || value.len() < 6)
}
