//! Text in the encodings that keysieve looks into, as encoders write it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

/// A way to encode a text.
#[derive(Debug, Clone, Copy)]
pub enum Encoder {
    /// Base64 with padding.
    Standard,
    /// The alphabet for URLs, without padding.
    Url,
    /// Hexadecimal digits in lower case.
    Hex,
    /// In upper case.
    UpperHex,
}

pub const ENCODERS: [Encoder; 4] = [
    Encoder::Standard,
    Encoder::Url,
    Encoder::Hex,
    Encoder::UpperHex,
];

impl Encoder {
    pub fn encode(self, text: &[u8]) -> String {
        let hex = |upper: bool| {
            let digits = text.iter().map(|byte| match upper {
                true => format!("{byte:02X}"),
                false => format!("{byte:02x}"),
            });
            digits.collect()
        };
        match self {
            Encoder::Standard => STANDARD.encode(text),
            Encoder::Url => URL_SAFE_NO_PAD.encode(text),
            Encoder::Hex => hex(false),
            Encoder::UpperHex => hex(true),
        }
    }
}

/// `digits` in lines of `width`, each behind `indent`.
pub fn lines(digits: &str, width: usize, indent: &str, end: &str) -> String {
    let lines = digits.as_bytes().chunks(width);
    let lines = lines.map(|line| format!("{indent}{}", String::from_utf8_lossy(line)));
    lines.collect::<Vec<_>>().join(end)
}

/// What `text` makes, encoded, in one line or in several.
pub fn encoded(text: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let encoder = proptest::sample::select(&ENCODERS[..]);
    let width = proptest::sample::select(vec![usize::MAX, usize::MAX, 40, 60, 64, 76]);
    let indent = proptest::sample::select(vec!["", "  ", "\t"]);
    let end = proptest::sample::select(vec!["\n", "\r\n", "\\n", "\\r\\n"]);
    (text, encoder, width, indent, end).prop_map(|(text, encoder, width, indent, end)| {
        lines(&encoder.encode(&text), width, indent, end).into_bytes()
    })
}
