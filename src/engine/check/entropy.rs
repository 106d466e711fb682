//! How random a text is, measured against random text of the same alphabet and length.

/// The smallest usual alphabet that a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Ten digits.
    Decimal,
    /// Hexadecimal digits of one case.
    Hex,
    /// Letters of one case and digits.
    Single,
    /// Letters of both cases and digits.
    Alphanumeric,
    /// Anything else.
    Any,
}

impl Alphabet {
    /// The alphabet of `text`.
    pub fn of(text: &[u8]) -> Alphabet {
        let (mut digit, mut low, mut high, mut beyond_hex, mut other) =
            (false, false, false, false, false);
        for &byte in text {
            match byte {
                b'0'..=b'9' => digit = true,
                b'a'..=b'z' => {
                    low = true;
                    beyond_hex |= byte > b'f';
                }
                b'A'..=b'Z' => {
                    high = true;
                    beyond_hex |= byte > b'F';
                }
                _ => other = true,
            }
        }
        match (other, low, high) {
            (true, ..) => Alphabet::Any,
            (false, true, true) => Alphabet::Alphanumeric,
            (false, false, false) => Alphabet::Decimal,
            _ if beyond_hex || !digit => Alphabet::Single,
            _ => Alphabet::Hex,
        }
    }

    fn bits(self) -> f32 {
        match self {
            Alphabet::Decimal => 3.32,
            Alphabet::Hex => 4.0,
            Alphabet::Single => 5.17,
            Alphabet::Alphanumeric => 5.95,
            Alphabet::Any => 6.0,
        }
    }
}

/// Shannon entropy in bits per byte.
pub fn shannon(text: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    let text = &text[..text.len().min(1024)];
    text.iter().for_each(|&b| counts[b as usize] += 1);
    let length = text.len() as f32;
    let sum: f32 = counts
        .iter()
        .filter(|&&c| c > 1)
        .map(|&c| f32::from(c) * f32::from(c).log2())
        .sum();
    if text.is_empty() {
        0.0
    } else {
        length.log2() - sum / length
    }
}

/// Entropy of `text` as a share of what random text of its alphabet and length reaches on average; about 1 for random
/// text. Looks at the first 1024 bytes.
pub fn randomness(text: &[u8]) -> f32 {
    if text.len() < 2 {
        return 0.0;
    }
    // A sample's entropy stays below both bounds; 0.92 of the lower one fits random samples of 16 to 128 characters
    // within a tenth.
    let bound = (text.len() as f32).log2().min(Alphabet::of(text).bits());
    shannon(text) / (0.92 * bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_random_from_repeated() {
        let cases: [(&[u8], bool); 7] = [
            (b"8f14e45fceea167a5a36dedd4bea2543", true),
            (b"x9Kq2LmZ7pTw4VbN", true),
            (b"00000000000000000000000000000001", false),
            (b"abababababababababab", false),
            (b"aaaaaaaaaaaaaaaa", false),
            (b"", false),
            (b"a", false),
        ];
        for (text, want) in cases {
            assert_eq!(
                randomness(text) > 0.7,
                want,
                "{:?} {}",
                text,
                randomness(text)
            );
        }
    }
}
