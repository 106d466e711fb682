//! Structural checks: what a format says about itself, verified offline.
//!
//! A failed checksum rejects only where the algorithm is established, by the provider's own source or by samples that
//! it reproduces; elsewhere it lowers the confidence.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::Beside;
use super::canary::canary_word;
use super::coded::{nkey, snowflake};
use super::password::{basic_auth, opaque, password, secret_data, url_password};
use super::words::word_like;
use crate::rule::Structure;

/// What a structural check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds; what that means.
    Proved(String),
    /// It does not hold and the algorithm is certain.
    Rejected(String),
    /// It does not hold, but the algorithm or the sample may be at fault.
    Doubtful(String),
    /// It holds and shows that the credential does little harm.
    Harmless(String),
    /// Nothing can be said.
    Unknown,
}

use Outcome::{Doubtful, Harmless, Proved, Rejected, Unknown};

/// Runs `check` on `secret`, with the text around it.
pub fn check(check: Structure, secret: &[u8], beside: Beside<'_>) -> Outcome {
    match check {
        Structure::Crc32Base62 => crc32_base62(secret),
        Structure::GitlabRoutable => gitlab_routable(secret),
        Structure::CloudflareCrc32 => cloudflare(secret),
        Structure::AtlassianCrc32 => atlassian(secret),
        Structure::AzureStorage => azure_storage(secret),
        Structure::AwsKeyId => aws_key_id(secret),
        Structure::Jwt => jwt(secret),
        Structure::PrivateKey => private_key(secret),
        Structure::Age => age(secret),
        Structure::PypiMacaroon => pypi(secret),
        Structure::Base64Json => base64_json(secret),
        Structure::Base64 => match decode(secret) {
            Some(_) => Proved("decodes as base64".into()),
            None => Rejected("does not decode as base64".into()),
        },
        Structure::Url => url_password(secret, beside),
        Structure::Password => password(secret, beside),
        Structure::Opaque => opaque(secret),
        Structure::EncodedKey => encoded_key(secret),
        Structure::BasicAuth => basic_auth(secret),
        Structure::Canary => verdict(canary_word(secret).is_some(), "a canary word's checksum"),
        Structure::Nkey => nkey(secret),
        Structure::Snowflake => snowflake(secret),
        Structure::SecretData => secret_data(secret, beside),
    }
}

fn verdict(fits: bool, what: &str) -> Outcome {
    match fits {
        true => Proved(format!("{what} is right")),
        false => Rejected(format!("{what} is wrong")),
    }
}

/// GitHub and npm: the last six characters are the CRC-32 of the thirty before them in base 62, digits first.
fn crc32_base62(token: &[u8]) -> Outcome {
    let Some(body) = token.len().checked_sub(36).map(|at| &token[at..]) else {
        return Unknown;
    };
    if !matches!(token.len() - 36, 4..=5) {
        return Unknown;
    }
    verdict(
        base62(crc32fast::hash(&body[..30])) == body[30..],
        "its checksum",
    )
}

/// Six digits of base 62, `0-9A-Za-z`.
pub fn base62(number: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    fill_digits(
        &mut digits,
        u64::from(number),
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    );
    digits
}

fn fill_digits(digits: &mut [u8], mut number: u64, alphabet: &[u8]) {
    let base = alphabet.len() as u64;
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[(number % base) as usize];
        number /= base;
    }
}

/// GitLab: the last seven characters are the CRC-32 of everything before them in base 36
/// (`lib/authn/token_field/generator/routable_token.rb`).
fn gitlab_routable(token: &[u8]) -> Outcome {
    let Some(at) = token.len().checked_sub(7).filter(|&at| at > 20) else {
        return Unknown;
    };
    verdict(
        base36(crc32fast::hash(&token[..at])) == token[at..],
        "its checksum",
    )
}

/// Seven digits of base 36, lower case.
pub fn base36(number: u32) -> [u8; 7] {
    let mut digits = [b'0'; 7];
    fill_digits(
        &mut digits,
        u64::from(number),
        b"0123456789abcdefghijklmnopqrstuvwxyz",
    );
    digits
}

/// Cloudflare: prefix, 40 characters, their CRC-32 as eight lower-case hexadecimal digits.
fn cloudflare(token: &[u8]) -> Outcome {
    let Some(at) = token.len().checked_sub(48) else {
        return Unknown;
    };
    let body = &token[at..];
    verdict(
        format!("{:08x}", crc32fast::hash(&body[..40])).as_bytes() == &body[40..],
        "its checksum",
    )
}

/// Atlassian: the last eight characters are the CRC-32 of all up to and with the `=`, upper-case hexadecimal.
fn atlassian(token: &[u8]) -> Outcome {
    let Some(at) = token
        .len()
        .checked_sub(8)
        .filter(|&at| at > 0 && token[at - 1] == b'=')
    else {
        return Unknown;
    };
    let fits = format!("{:08X}", crc32fast::hash(&token[..at])).as_bytes() == &token[at..];
    match token.starts_with(b"ATATT") {
        true => verdict(fits, "its checksum"),
        false if fits => Proved("its checksum is right".into()),
        false => Doubtful("its checksum is not the known one".into()),
    }
}

/// Azure Storage: 64 bytes of which the last four are the Marvin32 of the first sixty, for keys that hold `+ASt`.
fn azure_storage(key: &[u8]) -> Outcome {
    let Some(bytes) = decode(key) else {
        return Rejected("does not decode as base64".into());
    };
    if bytes.len() != 64 || key.get(76..80) != Some(b"+ASt") {
        return Unknown;
    }
    let sum = marvin32(&bytes[..60], 0x4465_6661_756c_7430);
    verdict(sum.to_le_bytes() == bytes[60..], "its checksum")
}

/// Marvin32 with its two halves folded into one, as Microsoft's identifiable keys use it
/// (microsoft/security-utilities).
pub fn marvin32(data: &[u8], seed: u64) -> u32 {
    let (mut p0, mut p1) = (seed as u32, (seed >> 32) as u32);
    let block = |p0: &mut u32, p1: &mut u32| {
        *p1 ^= *p0;
        *p0 = p0.rotate_left(20).wrapping_add(*p1);
        *p1 = p1.rotate_left(9) ^ *p0;
        *p0 = p0.rotate_left(27).wrapping_add(*p1);
        *p1 = p1.rotate_left(19);
    };
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        p0 = p0.wrapping_add(u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
        block(&mut p0, &mut p1);
    }
    let mut last = [0; 4];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    p0 = p0.wrapping_add(u32::from_le_bytes(last));
    block(&mut p0, &mut p1);
    block(&mut p0, &mut p1);
    p0 ^ p1
}

/// AWS: ids whose fifth character is I or J are older and hold no account.
fn aws_key_id(id: &[u8]) -> Outcome {
    let Some(body) = id.len().checked_sub(16).map(|at| &id[at..]) else {
        return Unknown;
    };
    match aws_account(body) {
        None => Rejected("a character that key ids do not have".into()),
        Some(_) if matches!(body[0], b'I' | b'J') => Unknown,
        Some(account) if account < 1_000_000_000_000 => {
            Proved(format!("belongs to AWS account {account:012}"))
        }
        Some(_) => Rejected("decodes to no AWS account".into()),
    }
}

/// The number of the account in the last sixteen characters of an AWS key id: of the 80 bits that they are in base 32,
/// the first 48 less the highest and the lowest seven.
pub fn aws_account(body: &[u8]) -> Option<u64> {
    let mut bits: u128 = 0;
    for &byte in body {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u128::from(digit);
    }
    Some(((bits >> 32) as u64 & 0x7fff_ffff_ff80) >> 7)
}

/// The header must be JSON with an `alg`; the payload tells the expiry. Without a signature it opens nothing, but still
/// tells who and where.
fn jwt(token: &[u8]) -> Outcome {
    let mut parts = token.split(|&b| b == b'.');
    let json =
        |part: Option<&[u8]>| -> Option<Value> { serde_json::from_slice(&decode(part?)?).ok() };
    let header = json(parts.next());
    let Some(alg) = header
        .as_ref()
        .and_then(|h| h.get("alg"))
        .and_then(Value::as_str)
    else {
        return Rejected("its header is not that of a JWT".into());
    };
    let alg: String = alg
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    if alg.eq_ignore_ascii_case("none") {
        return Rejected("an unsigned JWT, which proves nothing to anyone".into());
    }
    let payload = json(parts.next());
    let signature = parts.next().unwrap_or_default();
    if signature.len() < 16 {
        return match payload {
            _ if word_like(signature) > 0 && word_like(signature) == signature.len() => {
                Rejected("a word in place of its signature".into())
            }
            Some(payload) if payload.is_object() => Harmless("its signature is cut off".into()),
            _ => Rejected("cut off".into()),
        };
    }
    match payload.and_then(|payload| payload.get("exp")?.as_i64()) {
        Some(when) => Proved(format!(
            "a JWT signed with {alg}, valid until {}",
            date(when)
        )),
        None => Proved(format!("a JWT signed with {alg}, without expiry")),
    }
}

/// The day of a Unix time, `2026-11-24` (after Howard Hinnant's `civil_from_days`).
fn date(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400).clamp(-10_000_000, 10_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A PEM private key: encrypted ones do little harm; a body that does not parse lowers the confidence.
fn private_key(pem: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(pem);
    if text.contains("ENCRYPTED") {
        return Harmless("encrypted with a passphrase".into());
    }
    let body = text
        .split("-----")
        .nth(2)
        .unwrap_or("")
        .replace("\\r", " ")
        .replace("\\n", " ");
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // A key's line is longer than any word of prose that follows a marker somebody only mentions.
    let lines = body
        .as_bytes()
        .split(|&b| !is_digit(b))
        .filter(|line| line.len() >= 24);
    let longest = lines.max_by_key(|line| line.len()).unwrap_or_default();
    let digits: Vec<u8> = body.bytes().filter(|&b| is_digit(b)).collect();
    if longest
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        < 8
    {
        return Rejected("no key in its body".into());
    }
    match decode(&digits) {
        Some(bytes) if bytes.starts_with(b"openssh-key-v1\0") => openssh(&bytes[15..]),
        Some(bytes) => der(&bytes),
        None => Doubtful("its body does not decode".into()),
    }
}

/// A private key in base64 once more, or the DER of one without its PEM markers.
fn encoded_key(text: &[u8]) -> Outcome {
    match decode(text) {
        Some(bytes) if bytes.starts_with(b"-----BEGIN") => {
            let has =
                |what: &[u8]| memchr::memmem::find(&bytes[..bytes.len().min(48)], what).is_some();
            match (has(b" PRI"), has(b" ENCRYPTED")) {
                (_, true) => Harmless("encrypted with a passphrase".into()),
                (true, _) => Proved("a private key in PEM format".into()),
                _ => Rejected("a PEM block, but no private key".into()),
            }
        }
        Some(bytes) => der(&bytes),
        None => Doubtful("does not decode as base64".into()),
    }
}

/// The cipher's name comes first: a length and so many bytes (`PROTOCOL.key` of OpenSSH).
fn openssh(bytes: &[u8]) -> Outcome {
    match bytes {
        [0, 0, 0, 4, b'n', b'o', b'n', b'e', ..] => {
            Proved("an OpenSSH key without a passphrase".into())
        }
        [0, 0, 0, 1..=40, ..] => Harmless("an OpenSSH key encrypted with a passphrase".into()),
        _ => Doubtful("not of OpenSSH's format".into()),
    }
}

fn der(bytes: &[u8]) -> Outcome {
    let length = match bytes {
        [0x30, short @ 0..=0x7f, ..] => Some(usize::from(*short) + 2),
        [0x30, 0x81, one, ..] => Some(usize::from(*one) + 3),
        [0x30, 0x82, one, two, ..] => Some((usize::from(*one) << 8 | usize::from(*two)) + 4),
        _ => None,
    };
    match length {
        Some(length) if length == bytes.len() => {
            Proved(format!("a key of {length} bytes, not encrypted"))
        }
        Some(_) => Doubtful("its body is cut off or altered".into()),
        None => Doubtful("its body is not a key in DER".into()),
    }
}

fn age(key: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(key);
    match bech32::decode(&text) {
        Ok((_, data)) if data.len() == 32 => Proved("its checksum is right".into()),
        _ => Doubtful("its checksum is wrong".into()),
    }
}

/// A version 2 macaroon begins with 2, then packets; the first is the location (1) or the identifier (2).
fn pypi(token: &[u8]) -> Outcome {
    let Some(body) = token
        .iter()
        .position(|&b| b == b'-')
        .map(|at| &token[at + 1..])
    else {
        return Unknown;
    };
    match decode(body) {
        Some(bytes) if bytes.starts_with(&[2, 1]) => {
            let host: Vec<u8> = bytes[3..]
                .iter()
                .copied()
                .take(usize::from(bytes[2]))
                .collect();
            match host.iter().all(|b| b.is_ascii_graphic()) {
                true => Proved(format!("a token for {}", String::from_utf8_lossy(&host))),
                false => Rejected("not a macaroon".into()),
            }
        }
        _ => Rejected("not a macaroon".into()),
    }
}

fn base64_json(token: &[u8]) -> Outcome {
    // `{"` is `eyJ`: where the encoded object begins, whatever the prefix.
    let Some(at) = memchr::memmem::find(token, b"eyJ") else {
        return Unknown;
    };
    let run = token[at..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || b"+/-_".contains(b))
        .count();
    // A `_` may be a digit of base64 or the separator before the next part.
    let ends = (at..=at + run)
        .rev()
        .filter(|&end| end == at + run || token[end] == b'_');
    for end in ends.take(8) {
        let parsed =
            decode(&token[at..end]).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        if parsed.is_some_and(|json| json.is_object()) {
            return Proved("holds a JSON object".into());
        }
    }
    Doubtful("its JSON does not parse".into())
}

/// Decodes base64 of either alphabet, padded or not.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    engine_for(text).decode(text).ok()
}

/// The same into memory at hand; how many bytes there are. Nothing where they do not fit.
pub fn decode_into(text: &[u8], out: &mut [u8]) -> Option<usize> {
    engine_for(text).decode_slice(text, out).ok()
}

fn engine_for(text: &[u8]) -> GeneralPurpose {
    const LAX: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LAX);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LAX);
    let url_safe = text.iter().any(|b| matches!(b, b'-' | b'_'));
    if url_safe { URL_SAFE } else { STANDARD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_aws_accounts() {
        let id = ["ASIA", "Y34FZKBOKMUTVV7A"].concat();
        let Proved(what) = aws_key_id(id.as_bytes()) else {
            panic!("must decode")
        };
        assert!(what.ends_with("609629065308"));
        assert!(matches!(aws_key_id(b"AKIA1111111111111111"), Rejected(_)));
    }

    #[test]
    fn writes_dates() {
        for (seconds, want) in [
            (0, "1970-01-01"),
            (1_516_239_022, "2018-01-18"),
            (951_782_400, "2000-02-29"),
        ] {
            assert_eq!(date(seconds), want);
        }
    }
}
