//! Tokens that carry their kind or their owner in an encoding of their own.

use super::structure::Outcome::{self, Doubtful, Proved, Rejected};
use super::structure::decode;

/// A NATS NKey seed: base32 of two prefix bytes, 32 bytes of seed, and the CRC-16 (XMODEM) of both, low byte first
/// (nats-io/nkeys, `strkey.go`).
pub fn nkey(seed: &[u8]) -> Outcome {
    let mut bytes = [0; 36];
    if seed.len() != 58 || !base32(seed, &mut bytes) {
        return Rejected("not an NKey".into());
    }
    let (body, sum) = bytes.split_at(34);
    if crc16(body) != u16::from_le_bytes([sum[0], sum[1]]) {
        return Rejected("its checksum is wrong".into());
    }
    let kind = match seed[1] {
        b'A' => "account",
        b'C' => "cluster",
        b'N' => "server",
        b'O' => "operator",
        b'U' => "user",
        b'X' => "curve",
        _ => return Rejected("of a kind that NKeys do not have".into()),
    };
    Proved(format!("the seed of a {kind} key, its checksum is right"))
}

/// Whether `key` is the public half of an NKey: a prefix byte, 32 bytes and their CRC-16 in base32.
pub fn is_public_nkey(key: &[u8]) -> bool {
    let mut bytes = [0; 35];
    if key.len() != 56 || !base32(key, &mut bytes) {
        return false;
    }
    let (body, sum) = bytes.split_at(33);
    crc16(body) == u16::from_le_bytes([sum[0], sum[1]])
}

/// Decodes base32 without padding as far as `out` is long; false where a character is none of its alphabet.
fn base32(text: &[u8], out: &mut [u8]) -> bool {
    let (mut bits, mut held, mut at) = (0_u32, 0, 0);
    for &byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return false,
        };
        bits = (bits << 5 | u32::from(digit)) & 0xfff;
        held += 5;
        if held >= 8 && at < out.len() {
            held -= 8;
            out[at] = (bits >> held) as u8;
            at += 1;
        }
    }
    at == out.len()
}

/// CRC-16 with the polynomial 0x1021 and a start of 0.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc: u16, _| match crc >> 15 {
            0 => crc << 1,
            _ => crc << 1 ^ 0x1021,
        })
    })
}

/// A Discord token: what stands before the first dot is base64 of the account's number, 17 to 20 digits
/// (<https://docs.discord.com/developers/reference#snowflakes>).
pub fn snowflake(token: &[u8]) -> Outcome {
    let id = token.split(|&b| b == b'.').next().unwrap_or_default();
    match decode(id) {
        Some(digits)
            if (17..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) =>
        {
            Proved(format!(
                "belongs to Discord account {}",
                String::from_utf8_lossy(&digits)
            ))
        }
        _ => Doubtful("its first part is no account's number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_checksum() {
        // The check value that catalogues of CRCs give for XMODEM.
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn proves_seeds_and_rejects_altered_ones() {
        for kind in ["A", "C", "N", "O", "U", "X"] {
            let seed = crate::engine::example::expand(&format!("<nkey:{kind}>"), 3).into_bytes();
            assert!(seed.starts_with(format!("S{kind}A").as_bytes()));
            assert!(matches!(nkey(&seed), Proved(_)));
            for at in [10, 40, 57] {
                let mut altered = seed.clone();
                altered[at] = if altered[at] == b'Q' { b'A' } else { b'Q' };
                assert!(matches!(nkey(&altered), Rejected(_)), "{at}");
            }
        }
        assert!(matches!(nkey(b"SUA"), Rejected(_)));
    }

    #[test]
    fn knows_public_halves() {
        let mut bytes = vec![20 << 3];
        bytes.extend(1..=32);
        bytes.extend(crc16(&bytes).to_le_bytes());
        let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
        let digit = |at: usize| (0..5).fold(0, |digit, of| digit << 1 | bit(5 * at + of));
        let letter = |at| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(digit(at))];
        let mut key: Vec<u8> = (0..56).map(letter).collect();
        assert!(is_public_nkey(&key));
        key[20] = if key[20] == b'Q' { b'A' } else { b'Q' };
        assert!(!is_public_nkey(&key));
    }

    #[test]
    fn reads_account_numbers() {
        use base64::Engine as _;
        let id = |text: &str| base64::engine::general_purpose::STANDARD_NO_PAD.encode(text);
        for (text, proved) in [
            ("80351110224678912", true),
            ("1029481312345678901", true),
            ("8035111022467891x", false),
            ("8035", false),
        ] {
            let token = format!("{}.YABS5g.x", id(text));
            let found = snowflake(token.as_bytes());
            assert_eq!(matches!(found, Proved(_)), proved, "{text}");
        }
    }
}
