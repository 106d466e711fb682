//! The word of a canary: a shape of keysieve's own that anybody's scan recognises, as it is or encoded.
//!
//! `svk_`, thirty characters of base 62 (178 random bits), and their CRC-32 as six more: the form of a service's key, so
//! that whoever finds it believes it, with a checksum, so that nothing else is taken for one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What every canary word begins with.
pub const PREFIX: &str = "svk_";
/// The length of a canary word.
pub const LENGTH: usize = PREFIX.len() + 30 + 6;
/// The characters of base64 that hold a whole word, at whatever phase it begins; the first and the last may hold bits of
/// its neighbours.
const BASE64: usize = 54;

/// The canary word that `found` is, as it is, in hexadecimal, or in base64 at any of its three phases. Whether it is
/// one, its checksum decides.
pub fn canary_word(found: &[u8]) -> Option<[u8; LENGTH]> {
    const HEX: usize = 2 * LENGTH;
    match found.len() {
        LENGTH => checked(found),
        HEX => checked(&from_hex(found)?),
        BASE64 => (0..3).find_map(|phase| checked(&from_base64(found, phase)?)),
        _ => None,
    }
}

fn checked(word: &[u8]) -> Option<[u8; LENGTH]> {
    let word: [u8; LENGTH] = word.try_into().ok()?;
    let body = word.strip_prefix(PREFIX.as_bytes())?;
    let (random, sum) = body.split_at(30);
    (super::base62(crc32fast::hash(random)) == sum).then_some(word)
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(digits).ok()?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The word in base64 that began `phase` bytes before it: what is missing of the first group is filled up.
fn from_base64(digits: &[u8], phase: usize) -> Option<Vec<u8>> {
    let standard = digits.iter().map(|digit| match digit {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let mut whole: Vec<u8> = std::iter::repeat_n(b'A', phase).chain(standard).collect();
    whole.resize(whole.len().next_multiple_of(4), b'A');
    let bytes = STANDARD_NO_PAD.decode(whole).ok()?;
    bytes.get(phase..phase + LENGTH).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::example::expand;

    #[test]
    fn a_word_is_known_in_every_form() {
        for seed in 0..50 {
            let word = expand("<crc32-base62:svk_>", seed);
            let want = Some(word.as_bytes().try_into().expect("of the right length"));
            assert_eq!(canary_word(word.as_bytes()), want);
            let hex: String = word.bytes().map(|b| format!("{b:02x}")).collect();
            assert_eq!(canary_word(hex.as_bytes()), want);
            assert_eq!(canary_word(hex.to_uppercase().as_bytes()), want);
            for (phase, before) in ["", "q", "q~"].into_iter().enumerate() {
                let text = STANDARD_NO_PAD.encode(format!("{before}{word}?>"));
                let safe = text.replace('+', "-").replace('/', "_");
                for text in [text, safe] {
                    let digits = &text.as_bytes()[phase..phase + BASE64];
                    assert_eq!(canary_word(digits), want, "at phase {phase}");
                }
            }
            let mut wrong = word.into_bytes();
            wrong[10] ^= 1;
            assert_eq!(canary_word(&wrong), None);
        }
    }
}
