//! Examples of rules: texts whose secrets are generated, so that no rule file holds a token in clear.
//!
//! `<hex:40>` stands for forty random hexadecimal digits, `<crc32-base62:ghp_>` for a whole token with a right
//! checksum; `rules/README.md` lists them all. What is not a generator stands for itself.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::check::{base36, base62, crc16, marvin32};
use super::{Engine, Verdict};
use crate::rule::{Matcher, Rule};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// With how many different generated values each example is tried.
const SEEDS: u64 = 12;

/// Where `rule` does not do what its examples and counter-examples say, beside all other rules of `engine`, which must
/// hand out dropped candidates too. One sentence each.
pub fn failures(engine: &Engine, rule: &Rule) -> Vec<String> {
    let mut failures = Vec::new();
    for (texts, want) in [(&rule.examples, true), (&rule.counter_examples, false)] {
        for template in texts.iter() {
            let outcomes = (0..SEEDS).map(|seed| outcome(engine, rule, &expand(template, seed)));
            let wrong: Vec<String> = outcomes
                .filter(|(kept, _)| *kept != want)
                .map(|(_, said)| said)
                .collect();
            // A random value can hold a placeholder's letters once in a great while, never twice in a dozen.
            if wrong.len() > usize::from(want) {
                let what = if want {
                    "silent on example"
                } else {
                    "reports in counter-example"
                };
                failures.push(format!("{what} {template:?}: {}", wrong[0]));
            }
        }
    }
    failures
}

/// Whether the rule reports in `text`, and what became of all candidates there.
fn outcome(engine: &Engine, rule: &Rule, text: &str) -> (bool, String) {
    let name = match &rule.matcher {
        Matcher::File(file) => &file.files[0][..],
        _ => "",
    };
    let found = engine.scan(name, text.as_bytes(), &mut engine.scratch());
    let id = |index: u16| &engine.rules().rules()[index as usize].id;
    let kept = found.iter().any(|c| c.kept() && *id(c.rule) == rule.id);
    let said: Vec<String> = found
        .iter()
        .map(|candidate| match &candidate.verdict {
            Verdict::Keep(_) => format!("{} kept", id(candidate.rule)),
            Verdict::Drop(reason) => format!("{} dropped, {reason}", id(candidate.rule)),
        })
        .collect();
    (
        kept,
        if said.is_empty() {
            "no candidate".to_owned()
        } else {
            said.join("; ")
        },
    )
}

/// Writes `template` out with pseudo-random text, the same for the same seed on every machine.
pub fn expand(template: &str, seed: u64) -> String {
    let mut random = Random(seed ^ fnv(template));
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let generated = rest
            .find('>')
            .and_then(|close| Some((close, random.generator(&rest[1..close])?)));
        match generated {
            Some((close, value)) => {
                text.push_str(&value);
                rest = &rest[close + 1..];
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    })
}

/// SplitMix64: small, and good enough for text that only has to look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters = alphabet.as_bytes();
        (0..length)
            .map(|_| char::from(letters[self.below(letters.len())]))
            .collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn generator(&mut self, name: &str) -> Option<String> {
        let (kind, argument) = name.split_once(':').unwrap_or((name, ""));
        let alphanumeric = [DIGITS, UPPER, LOWER].concat();
        if let Ok(length) = argument.parse::<usize>() {
            return self.characters(kind, length.min(4096), &alphanumeric);
        }
        Some(match kind {
            "uuid" => {
                let hex = |r: &mut Random, n| r.of("0123456789abcdef", n);
                let parts = [
                    hex(self, 8),
                    hex(self, 4),
                    format!("4{}", hex(self, 3)),
                    format!("a{}", hex(self, 3)),
                    hex(self, 12),
                ];
                parts.join("-")
            }
            "crc32-base62" => {
                let body = self.of(&alphanumeric, 30);
                let sum = base62(crc32fast::hash(body.as_bytes()));
                format!("{argument}{body}{}", ascii(&sum))
            }
            "gitlab-routable" => {
                let payload = [self.bytes(16), b"o:1\nu:2".to_vec(), vec![7]].concat();
                let payload = URL_SAFE_NO_PAD.encode(payload);
                let length = ascii(&base36(payload.len() as u32)[5..]);
                let head = format!("{argument}{payload}.01.{length}");
                let sum = base36(crc32fast::hash(head.as_bytes()));
                format!("{head}{}", ascii(&sum))
            }
            "cloudflare-crc32" => {
                let body = self.of(&alphanumeric, 40);
                format!("{argument}{body}{:08x}", crc32fast::hash(body.as_bytes()))
            }
            "atlassian-crc32" => {
                let body = self.of(&alphanumeric, 183 - argument.len());
                let head = format!("{argument}{body}=");
                format!("{head}{:08X}", crc32fast::hash(head.as_bytes()))
            }
            "azure-storage" => {
                // Base64 characters 76 to 79 are bytes 57 to 59.
                let mut key = [self.bytes(57), STANDARD.decode("+ASt").ok()?].concat();
                let sum = marvin32(&key, 0x4465_6661_756c_7430);
                key.extend_from_slice(&sum.to_le_bytes());
                STANDARD.encode(key)
            }
            "aws-key-id" => self.aws_key_id(argument),
            "jwt-cut" => {
                let jwt = self.jwt("HS256", true);
                jwt[..jwt.rfind('.')?].to_owned()
            }
            "jwt-altered" => self
                .jwt("HS256", true)
                .replacen("eyJhbGciOiJ", "eyJhbGciOie", 1),
            "jwt" | "jwt-none" => self.jwt(
                if kind == "jwt" {
                    "HS256"
                } else {
                    "NONE-OF-ALL"
                },
                kind == "jwt",
            ),
            "private-key" => self.private_key(argument),
            "nkey" => self.nkey(argument)?,
            "snowflake" => STANDARD_NO_PAD.encode(format!("1{}", self.of(DIGITS, 17))),
            "age" => {
                let hrp = bech32::Hrp::parse("age-secret-key-").ok()?;
                bech32::encode_upper::<bech32::Bech32>(hrp, &self.bytes(32)).ok()?
            }
            "pypi-macaroon" => {
                let body = [
                    b"\x02\x01\x08pypi.org\x02\x24".to_vec(),
                    self.of("0123456789abcdef", 36).into_bytes(),
                    vec![0, 0, 6, 32],
                    self.bytes(32),
                ];
                format!("pypi-{}", URL_SAFE_NO_PAD.encode(body.concat()))
            }
            "base64-json" => {
                let json = format!(
                    "{{\"o\":\"{}\",\"n\":\"key\",\"k\":\"{}\",\"m\":{{\"r\":\"eu\"}}}}",
                    self.of(DIGITS, 6),
                    self.of(&alphanumeric, 24)
                );
                STANDARD_NO_PAD.encode(json)
            }
            "basic-auth" => STANDARD.encode(format!(
                "svc-deploy:{}",
                self.characters("password", 15, "")?
            )),
            _ => return None,
        })
    }

    fn characters(&mut self, kind: &str, length: usize, alphanumeric: &str) -> Option<String> {
        Some(match kind {
            "hex" => self.of("0123456789abcdef", length),
            "HEX" => self.of("0123456789ABCDEF", length),
            "b62" => self.of(alphanumeric, length),
            "b64" => self.of(&[alphanumeric, "+/"].concat(), length),
            "b64url" => self.of(&[alphanumeric, "_-"].concat(), length),
            "b32" => self.of(&[UPPER, "234567"].concat(), length),
            "b32l" => self.of(&[LOWER, "234567"].concat(), length),
            "lower" => self.of(&[LOWER, DIGITS].concat(), length),
            "upper" => self.of(&[UPPER, DIGITS].concat(), length),
            "alpha" => self.of(&[LOWER, UPPER].concat(), length),
            "digit" => [
                self.of("123456789", 1),
                self.of(DIGITS, length.saturating_sub(1)),
            ]
            .concat(),
            "password" => {
                let parts = [
                    UPPER,
                    LOWER,
                    DIGITS,
                    "bcdfghjkmnpqrstvwxz",
                    "23456789",
                    "-!.%",
                ];
                (0..length)
                    .map(|at| self.of(parts[at % parts.len()], 1))
                    .collect()
            }
            _ => return None,
        })
    }

    /// A key id whose account number is in range: base32 of ten bytes, of which the first six hold it.
    fn aws_key_id(&mut self, prefix: &str) -> String {
        const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        loop {
            let account = (self.next() % 1_000_000_000_000) << 7 | 1 << 47;
            let bits = u128::from(account) << 32 | u128::from(self.next() as u32);
            let body: String = (0..16)
                .map(|at| char::from(BASE32[(bits >> (75 - 5 * at)) as usize & 31]))
                .collect();
            if !body.starts_with(['I', 'J']) && super::check::placeholder(body.as_bytes()).is_none()
            {
                return format!("{prefix}{body}");
            }
        }
    }

    fn jwt(&mut self, alg: &str, signed: bool) -> String {
        let alg = if signed { alg } else { "none" };
        let header = format!("{{\"alg\":\"{alg}\",\"typ\":\"JWT\"}}");
        let payload = format!("{{\"sub\":\"{}\",\"exp\":1900000000}}", self.of(DIGITS, 10));
        let signature = URL_SAFE_NO_PAD.encode(self.bytes(32));
        [
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload),
            signature,
        ]
        .join(".")
    }

    /// The seed of an NKey of the kind that a letter names.
    fn nkey(&mut self, kind: &str) -> Option<String> {
        const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let kind = BASE32.iter().position(|&b| kind.as_bytes() == [b])? as u8;
        // `S`, the kind and three zero bits are the first two bytes.
        let mut bytes = vec![18 << 3 | kind >> 2, kind << 6];
        bytes.extend(self.bytes(32));
        bytes.extend(crc16(&bytes).to_le_bytes());
        let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
        let digit = |at: usize| (0..5).fold(0, |digit, of| digit << 1 | bit(5 * at + of));
        Some(
            (0..58)
                .map(|at| char::from(BASE32[digit(at) as usize]))
                .collect(),
        )
    }

    /// Not a key, but of a key's outer form: a sequence of the right length, or OpenSSH's head.
    fn private_key(&mut self, label: &str) -> String {
        let body = match label.starts_with("OPENSSH") {
            true => [
                b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none".to_vec(),
                self.bytes(150),
            ]
            .concat(),
            false => [
                vec![0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x00],
                self.bytes(253),
            ]
            .concat(),
        };
        let digits = STANDARD.encode(body);
        let lines: Vec<&str> = (0..digits.len())
            .step_by(64)
            .map(|at| &digits[at..digits.len().min(at + 64)])
            .collect();
        let lines = lines.join("\n");
        format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----")
    }
}

fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn leaves_other_brackets_alone() {
        for text in [
            "<password>",
            "a < b > c",
            "<hex>",
            "<unknown:12>",
            "<",
            "<a<b",
        ] {
            assert_eq!(expand(text, 1), text);
        }
    }

    #[test]
    fn is_the_same_on_every_machine() {
        assert_eq!(
            expand("<hex:8>-<digit:4>", 7),
            expand("<hex:8>-<digit:4>", 7)
        );
        assert_ne!(expand("<hex:8>", 7), expand("<hex:8>", 8));
    }
}
