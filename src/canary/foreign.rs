//! Canaries of others: AWS keys of accounts that are known to belong to a service that makes them.

use crate::engine::aws_account;

/// Accounts of canarytokens.org and of its imitations, as several public scanners list them (seen November 2026).
const ACCOUNTS: [u64; 25] = [
    44_858_866_125,
    52_310_077_262,
    171_436_882_533,
    251_535_659_677,
    266_735_846_894,
    344_043_088_457,
    351_906_852_752,
    390_477_818_340,
    426_127_672_474,
    427_150_556_519,
    439_872_796_651,
    445_142_720_921,
    465_867_158_099,
    534_261_010_715,
    595_918_472_158,
    637_958_123_769,
    693_412_236_332,
    717_712_589_309,
    730_335_385_048,
    732_624_840_810,
    735_421_457_923,
    819_147_034_852,
    959_235_150_393,
    982_842_642_351,
    992_382_622_183,
];

/// The account that an AWS key id names, offline. `None` for what is no key id, and for the older ids, whose fifth
/// character is I or J: they hold none.
pub fn aws_account_of(key_id: &[u8]) -> Option<u64> {
    let (prefix, body) = key_id.split_at_checked(4)?;
    let is_id = body.len() == 16
        && prefix.starts_with(b"A")
        && prefix.iter().all(u8::is_ascii_alphanumeric)
        && !matches!(body[0], b'I' | b'J');
    is_id.then(|| aws_account(body))?
}

/// Whether an AWS key id belongs to an account that is known for its canaries. Such a credential is never to be used:
/// whoever made it would be told.
pub fn is_foreign(key_id: &[u8]) -> bool {
    aws_account_of(key_id).is_some_and(|account| ACCOUNTS.binary_search(&account).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key id of an account, put together here so that none stands in the source.
    fn key_id(account: u64) -> String {
        const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits = u128::from(account << 7 | 1 << 47) << 32 | 0x1234_5678;
        let digit = |at: usize| char::from(BASE32[(bits >> (75 - 5 * at)) as usize & 31]);
        let body: String = (0..16).map(digit).collect();
        ["AKIA", &body].concat()
    }

    #[test]
    fn the_account_of_a_key_id_is_known_offline() {
        let cases = [
            ("ASIA", "Y34FZKBOKMUTVV7A", Some(609_629_065_308)),
            ("ASIA", "I34FZKBOKMUTVV7A", None),
            ("ASIA", "Y34FZKBOKMUTVV71", None),
            ("ASIA", "Y34FZKBOKMUTVV7", None),
            ("XSIA", "Y34FZKBOKMUTVV7A", None),
            ("ASIA", "", None),
            ("", "", None),
        ];
        for (prefix, body, want) in cases {
            let id = [prefix, body].concat();
            assert_eq!(aws_account_of(id.as_bytes()), want, "{id}");
            assert!(!is_foreign(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn every_listed_account_is_foreign_and_its_neighbours_are_not() {
        assert!(ACCOUNTS.is_sorted());
        for account in ACCOUNTS {
            assert_eq!(aws_account_of(key_id(account).as_bytes()), Some(account));
            assert!(is_foreign(key_id(account).as_bytes()));
            assert!(!is_foreign(key_id(account + 1).as_bytes()));
        }
    }
}
