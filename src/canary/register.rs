//! The register: which canaries there are and where they were planted, without their values.
//!
//! ```text
//! {"keysieve-canaries":1,"key":"3b0c..."}
//! {"id":"5f1c02aa","kind":"aws","place":"/home/me/.aws/credentials","planted":"2026-11-27T00:10:00Z","hashes":["..."]}
//! ```
//! A hash is HMAC-SHA-256 under the register's own key, cut to 128 bits. A canary has at least 128 random bits, so
//! nothing can be guessed from it, with or without the key.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::engine::canary_word;
use crate::model::{Fingerprint, Salt, Secret, SourceError, mask_line};

/// The length of a register's key.
pub const KEY_BYTES: usize = 32;
/// What stands in the place of a rule's id: a canary is the same whichever rule found it.
const DOMAIN: &str = "canary";

/// A canary that was planted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Its short name in lists: eight hexadecimal digits.
    pub id: String,
    /// What it looks like, by its name.
    pub kind: String,
    /// The file it was planted in, absolute; none where somebody planted it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What its maker wrote down about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was made: RFC 3339, UTC.
    pub planted: String,
    /// The keyed hashes of its secrets, 32 hexadecimal digits each.
    pub hashes: Vec<String>,
}

impl Planted {
    /// A sentence about it that is safe to print.
    pub fn describe(&self) -> String {
        let place = match &self.place {
            Some(place) => format!(" planted in {place}"),
            None => " planted by hand".to_owned(),
        };
        let note = self.note.as_ref().map(|note| format!(": {note}"));
        let day = self.planted.get(..10).unwrap_or_default();
        let text = format!(
            "{SAID}{} ({}){place} on {day}{}",
            self.id,
            self.kind,
            note.unwrap_or_default()
        );
        mask_line(text.as_bytes(), &[])
    }
}

/// What the description of a canary begins with.
const SAID: &str = "is the canary ";

/// Whether a finding's reason is the [description](Planted::describe) of a canary.
pub fn is_alarm(reason: &str) -> bool {
    reason.starts_with(SAID)
}

#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "keysieve-canaries")]
    version: u32,
    key: String,
}

/// The canaries that were planted. Answers whether a secret is one; never holds one.
#[derive(Debug, Clone)]
pub struct Register {
    key: Salt,
    planted: Vec<Planted>,
    by_hash: HashMap<Fingerprint, usize>,
}

impl Register {
    /// An empty one under a key of its own.
    pub fn new(key: [u8; KEY_BYTES]) -> Register {
        Register {
            key: Salt(key.to_vec()),
            planted: Vec::new(),
            by_hash: HashMap::new(),
        }
    }

    /// Reads the file called `name`.
    ///
    /// # Errors
    /// Every line that has no place in a register. None is quoted.
    pub fn parse(name: &str, text: &str) -> Result<Register, Vec<SourceError>> {
        let mut errors = Vec::new();
        let mut register: Option<Register> = None;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let span = at..at + line.len();
            at += line.len();
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let read = match &mut register {
                None => head(line).map(|new| register = Some(new)),
                Some(register) => entry(line).and_then(|planted| register.insert(planted)),
            };
            if let Err(message) = read {
                let mut error = SourceError::at(name, text, span, message);
                // What is no register may be a file of credentials.
                error.text.clear();
                errors.push(error);
                if register.is_none() {
                    break;
                }
            }
        }
        match register {
            Some(register) if errors.is_empty() => Ok(register),
            None if errors.is_empty() => {
                let message = "an empty file; expected a register of canaries";
                Err(vec![SourceError::at(name, text, 0..0, message)])
            }
            _ => Err(errors),
        }
    }

    /// The file's text.
    pub fn render(&self) -> String {
        let head = Head {
            version: 1,
            key: self
                .key
                .0
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        let mut text = json(&head);
        for planted in &self.planted {
            text.push('\n');
            text.push_str(&json(planted));
        }
        text.push('\n');
        text
    }

    /// Takes a canary in, which is `secrets`; what is filled in are its hashes.
    ///
    /// # Errors
    /// The id or one of the secrets is in it already.
    pub fn add(&mut self, mut planted: Planted, secrets: &[Secret]) -> Result<(), String> {
        let hash = |secret: &Secret| self.hash(secret.expose()).to_string();
        planted.hashes = secrets.iter().map(hash).collect();
        self.insert(planted)
    }

    fn insert(&mut self, planted: Planted) -> Result<(), String> {
        if self.planted.iter().any(|other| other.id == planted.id) {
            return Err(format!("the id `{}` a second time", planted.id));
        }
        for hash in &planted.hashes {
            let hash = Fingerprint::parse(hash)
                .ok_or("a hash that is not 32 lower-case hexadecimal digits")?;
            if self.by_hash.insert(hash, self.planted.len()).is_some() {
                return Err("a hash that another canary has".to_owned());
            }
        }
        self.planted.push(planted);
        Ok(())
    }

    /// Takes a canary out by its id.
    pub fn remove(&mut self, id: &str) -> Option<Planted> {
        let at = self.planted.iter().position(|planted| planted.id == id)?;
        let removed = self.planted.remove(at);
        self.by_hash.retain(|_, index| *index != at);
        let later = self.by_hash.values_mut().filter(|index| **index > at);
        later.for_each(|index| *index -= 1);
        Some(removed)
    }

    /// All of them, the oldest first.
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// The canary that `secret` is, as a rule handed it out, encoded or not. One or two HMACs.
    pub fn matches(&self, secret: &[u8]) -> Option<&Planted> {
        let known = |secret: &[u8]| self.by_hash.get(&self.hash(secret));
        let index = known(secret).or_else(|| known(&canary_word(secret)?))?;
        self.planted.get(*index)
    }

    fn hash(&self, secret: &[u8]) -> Fingerprint {
        Fingerprint::new(&self.key, DOMAIN, secret)
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("because texts and lists can be written as JSON")
}

fn head(line: &str) -> Result<Register, String> {
    let expected = "expected a register of canaries, version 1";
    let head: Head =
        serde_json::from_str(line).map_err(|_| format!("another file altogether; {expected}"))?;
    if head.version != 1 {
        return Err(format!(
            "version {} of the format; {expected}",
            head.version
        ));
    }
    let digits = head.key.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let key: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    match key.map(<[u8; KEY_BYTES]>::try_from) {
        Some(Ok(key)) => Ok(Register::new(key)),
        _ => Err(format!(
            "a key that is not {} hexadecimal digits",
            2 * KEY_BYTES
        )),
    }
}

fn entry(line: &str) -> Result<Planted, String> {
    serde_json::from_str(line)
        .map_err(|e| format!("no canary's entry (column {} of the line)", e.column()))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::canary::Kind;
    use crate::engine::example::expand;

    fn planted(id: &str) -> Planted {
        Planted {
            id: id.to_owned(),
            kind: Kind::Word.name().to_owned(),
            place: Some("/x/.env".to_owned()),
            note: None,
            planted: "2026-11-27T00:10:00Z".to_owned(),
            hashes: Vec::new(),
        }
    }

    fn word(seed: u64) -> String {
        expand("<crc32-base62:svk_>", seed)
    }

    fn register(seeds: std::ops::Range<u64>) -> Register {
        let mut register = Register::new([7; KEY_BYTES]);
        for seed in seeds {
            let secret = Secret::new(word(seed).as_bytes());
            register
                .add(planted(&format!("{seed:08x}")), &[secret])
                .expect("it is new");
        }
        register
    }

    fn id<'r>(register: &'r Register, secret: &str) -> Option<&'r str> {
        register.matches(secret.as_bytes()).map(|p| &p.id[..])
    }

    #[test]
    fn knows_its_canaries_and_no_others() {
        let mut register = register(0..5);
        assert_eq!(id(&register, &word(3)), Some("00000003"));
        assert_eq!(id(&register, &word(5)), None);
        let hex: String = word(3).bytes().map(|b| format!("{b:02x}")).collect();
        assert_eq!(id(&register, &hex), Some("00000003"));
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(word(3));
        assert_eq!(id(&register, &base64), Some("00000003"));
        assert!(register.remove("00000003").is_some());
        assert!(register.remove("00000003").is_none());
        assert_eq!(id(&register, &word(3)), None);
        assert_eq!(
            id(&register, &word(4)),
            Some("00000004"),
            "the later ones stay"
        );
        assert_eq!(
            id(&register, &word(0)),
            Some("00000000"),
            "the earlier ones stay"
        );
    }

    #[test]
    fn holds_no_value_and_reads_what_it_writes() {
        let register = register(0..3);
        let text = register.render();
        for seed in 0..3 {
            assert!(!text.contains(&word(seed)[4..14]), "{text}");
        }
        let read = Register::parse("r", &text).expect("it is one");
        assert_eq!(read.planted(), register.planted());
        assert_eq!(id(&read, &word(2)), Some("00000002"));
        let mut other = Register::new([8; KEY_BYTES]);
        let secret = Secret::new(word(2).as_bytes());
        other
            .add(planted("00000002"), &[secret])
            .expect("it is new");
        assert_ne!(
            other.planted()[0].hashes,
            register.planted()[2].hashes,
            "another key, another hash"
        );
    }

    #[test]
    fn what_is_said_of_one_does_not_act_on_a_terminal() {
        let planted = Planted {
            note: Some("\u{1b}[2J".to_owned()),
            ..planted("0a")
        };
        let want = "is the canary 0a (word) planted in /x/.env on 2026-11-27: \u{fffd}[2J";
        assert_eq!(planted.describe(), want);
    }

    #[test]
    fn says_what_is_wrong_and_quotes_nothing() {
        let whole = register(0..2).render();
        let lines: Vec<&str> = whole.lines().collect();
        let secret = word(9);
        let cases = [
            (
                String::new(),
                "r:1:1: an empty file; expected a register of canaries",
            ),
            (
                format!("{secret}\n"),
                "r:1:1: another file altogether; expected a register of canaries, version 1",
            ),
            (
                lines[0].replace(":1,", ":2,"),
                "r:1:1: version 2 of the format; expected a register of canaries, version 1",
            ),
            (
                lines[0].replace("07", "0g"),
                "r:1:1: a key that is not 64 hexadecimal digits",
            ),
            (
                format!("{}\n{}\n{}", lines[0], lines[1], lines[1]),
                "r:3:1: the id `00000000` a second time",
            ),
            (
                format!("{}\n{secret}", lines[0]),
                "r:2:1: no canary's entry (column 1 of the line)",
            ),
        ];
        for (text, want) in cases {
            let errors = Register::parse("r", &text).expect_err(want);
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(errors, [want]);
        }
    }
}
