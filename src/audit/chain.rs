//! The chain: how a record becomes a line that seals it, and how a line is read back.
//!
//! A line is JSON without blanks, with its fields in the order of [`Record`] and its hash as the last one. The hash is
//! SHA-256 over the line's own bytes without the hash, `{...,"prev":"..."}`: what is sealed is what stands there, and a
//! shell can check it:
//!
//! ```sh
//! printf '%s}' "${line%,\"hash\"*}" | sha256sum
//! ```

use sha2::{Digest, Sha256};

use super::record::Record;

/// What stands for the hash before the first record.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The version of the format.
pub const VERSION: u32 = 1;
/// The longest line that is taken for a record, in bytes. What [`super::Log`] writes is shorter: its texts are cut.
pub const MAX_LINE: usize = 64 * 1024;
/// What every line of a log begins with.
pub const BEGINNING: &str = "{\"v\":1,\"seq\":";

const FIELD: &str = ",\"hash\":\"";

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A string takes all that is written to it.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Seals `record`: its line, without the line end, and its hash.
pub fn seal(record: &Record) -> (String, String) {
    let mut line =
        serde_json::to_string(record).expect("because texts and numbers can be written as JSON");
    let hash = sha256(line.as_bytes());
    line.pop();
    line.push_str(FIELD);
    line.push_str(&hash);
    line.push_str("\"}");
    (line, hash)
}

/// A line that has the form of a record.
#[derive(Debug)]
pub struct Sealed {
    /// The record, with the hash that the line states.
    pub record: Record,
    /// Whether that hash is the right one.
    pub intact: bool,
}

/// Reads a line, without its line end. `None` for what is no record at all.
pub fn read(line: &[u8]) -> Option<Sealed> {
    if line.len() > MAX_LINE {
        return None;
    }
    let record: Record = serde_json::from_slice(line).ok()?;
    let field = line.len().checked_sub(FIELD.len() + NOTHING.len() + 2)?;
    let stated = line.get(field..)?.strip_prefix(FIELD.as_bytes())?;
    if stated.strip_suffix(b"\"}")? != record.hash.as_bytes() {
        return None;
    }
    let mut sealed = Sha256::new();
    sealed.update(&line[..field]);
    sealed.update(b"}");
    let intact = hex(&sealed.finalize()) == record.hash;
    Some(Sealed { record, intact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_back_and_nothing_else() {
        let record = Record {
            v: VERSION,
            seq: 7,
            time: "2026-11-27T00:10:00.000Z".to_owned(),
            context: Some("a \"b\" \u{202e}\n".to_owned()),
            prev: NOTHING.to_owned(),
            ..Record::default()
        };
        let (line, hash) = seal(&record);
        let sealed = read(line.as_bytes()).expect("it is one");
        assert!(sealed.intact);
        assert_eq!(sealed.record.hash, hash);
        assert_eq!(
            Record {
                hash: String::new(),
                ..sealed.record
            },
            record
        );
        let body = format!("{}}}", line.split(",\"hash\"").next().expect("it has one"));
        assert_eq!(sha256(body.as_bytes()), hash, "as a shell would check it");
        for (from, to) in [("\"seq\":7", "\"seq\":8"), ("a \\\"b", "a \\\"c")] {
            let edited = line.replace(from, to);
            assert!(read(edited.as_bytes()).is_some_and(|sealed| !sealed.intact));
        }
        let shuffled = format!("{{\"hash\":\"{hash}\",{}", &line[1..]);
        for none in ["", "{}", &line[1..], &format!("{line} "), &shuffled] {
            assert!(read(none.as_bytes()).is_none(), "{none}");
        }
    }
}
