//! Credentials that providers and standards publish as examples. They open nothing, and stand in copied code.
//!
//! Values are known by their hash, so that nothing in this file looks like a credential. Only what the documentation of
//! its own provider, or the standard, shows belongs in here. A line is made with
//! `python3 -c "import hashlib,zlib;v=input().encode();print(hex(zlib.crc32(v)),hashlib.sha256(v).hexdigest()[:16])"`.

use sha2::{Digest, Sha256};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html>
const AWS: &str = "AWS";
/// <https://docs.stripe.com/keys>
const STRIPE: &str = "Stripe";
/// <https://www.jwt.io/>
const JWT: &str = "jwt.io";
/// <https://www.rfc-editor.org/rfc/rfc7515#appendix-A> and <https://www.rfc-editor.org/rfc/rfc7517#appendix-A>
const JOSE: &str = "RFC 7515 or RFC 7517";
/// <https://www.rfc-editor.org/rfc/rfc6749>
const OAUTH: &str = "RFC 6749";
/// <https://www.rfc-editor.org/rfc/rfc6750>
const BEARER: &str = "RFC 6750";
/// <https://www.rfc-editor.org/rfc/rfc7617>
const BASIC: &str = "RFC 7617";
/// <https://firebase.google.com/docs/reference/android/com/google/firebase/FirebaseOptions>
const FIREBASE: &str = "Firebase";

/// The key of the storage emulator's only account:
/// <https://learn.microsoft.com/en-us/azure/storage/common/storage-connect-azurite>
const AZURITE: &str = "Microsoft";

/// CRC-32, by which the table is sorted, the first eight bytes of the SHA-256, and who publishes it.
const KNOWN: [(u32, u64, &str); 22] = [
    (0x0bcef39d, 0x584b27d64ebc1b33, OAUTH),
    (0x0fc657b9, 0xb8e148545b13c78b, BEARER),
    (0x203b26c1, 0x8b1b17a9740c068a, JOSE),
    (0x23d0b368, 0x6ca6473b42d9c17e, FIREBASE),
    (0x269d4cea, 0xca7459e2b26776de, OAUTH),
    (0x2bdd531a, 0x00cf4c781dc37003, OAUTH),
    (0x396d8142, 0xf2d6ca16515033e5, STRIPE),
    (0x401f50a0, 0x7e8de44ea9ecf6d5, STRIPE),
    (0x494bda51, 0x53f5da0aaa93d64c, OAUTH),
    (0x5771bcf5, 0xc794fa6d20c64efb, JWT),
    (0x6d0d2fc4, 0xda816f9f2c16e6c5, JWT),
    (0x776de070, 0x2cafc0970149a84f, STRIPE),
    (0x7a77589d, 0xcf4d418ed3de92d7, BASIC),
    (0x8bb4b6ef, 0xb1471f544ceeea31, STRIPE),
    (0x9e49269d, 0x6c96130f130ab0d6, OAUTH),
    (0xa7f91447, 0x687da00b09c83361, BASIC),
    (0xb4cbd586, 0x0011cc25eb432071, AZURITE),
    (0xce36aa1d, 0x57afc11665beb68d, JOSE),
    (0xcea67886, 0x7f75367e78812551, JWT),
    (0xd7579d97, 0x5ccf2edb4f070f0b, JOSE),
    (0xe0318833, 0xe9974c507d2a8021, OAUTH),
    (0xe379cea5, 0x8d4ef6536dc8895f, JOSE),
];

/// Who publishes `secret` as an example, if anybody does.
pub fn publisher(secret: &[u8]) -> Option<&'static str> {
    if is_of_aws(secret) {
        return Some(AWS);
    }
    let sum = crc32fast::hash(secret);
    let at = KNOWN.binary_search_by_key(&sum, |known| known.0).ok()?;
    let digest = Sha256::digest(secret);
    let (_, hash, whose) = KNOWN[at];
    (digest[..8] == hash.to_be_bytes()).then_some(whose)
}

/// The examples of AWS say so at their end, where ids of 20 and secrets of 40 characters are random.
fn is_of_aws(secret: &[u8]) -> bool {
    match secret.len() {
        20 => {
            secret.ends_with(b"EXAMPLE")
                && secret[0] == b'A'
                && secret
                    .iter()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }
        40 => {
            secret.ends_with(b"EXAMPLEKEY")
                && secret
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/".contains(b))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_without_doubles() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn knows_what_is_published_and_nothing_near_it() {
        // In two halves, so that nobody takes them for credentials.
        let cases = [
            ("AKIAIOSFODNN7", "EXAMPLE", Some(AWS)),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKEY", Some(AWS)),
            ("sk_test_4eC39HqL", "yjWDarjtT1zdp7dc", Some(STRIPE)),
            ("mF_9.B5f", "-4.1JqM", Some(BEARER)),
            ("2YotnFZFEj", "r1zCsicMWpAA", Some(OAUTH)),
            ("QWxhZGRpbjpv", "cGVuIHNlc2FtZQ==", Some(BASIC)),
            (
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T",
                "-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
                Some(JOSE),
            ),
            (
                "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U",
                "VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
                Some(AZURITE),
            ),
            ("sk_test_4eC39HqL", "yjWDarjtT1zdp7dd", None),
            ("AKIAIOSFODNN7", "EXAMPLF", None),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKE", None),
            ("", "", None),
        ];
        for (head, tail, want) in cases {
            assert_eq!(publisher([head, tail].concat().as_bytes()), want, "{head}");
        }
    }
}
