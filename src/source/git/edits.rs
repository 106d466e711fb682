//! Git's deltas: a base's length, a result's length, then instructions that copy from the base or insert.
//!
//! Format: <https://git-scm.com/docs/pack-format>, "Deltified representation".

use crate::model::Edit;

/// Applies `delta` to `base`. `bytes` and `edits` are cleared and filled with the result and with how it came about.
///
/// Errors say what is wrong with the delta. Nothing larger than `limit` bytes is built.
pub fn apply(
    base: &[u8],
    delta: &[u8],
    limit: usize,
    result: (&mut Vec<u8>, &mut Vec<Edit>),
) -> Result<(), &'static str> {
    let (bytes, edits) = result;
    bytes.clear();
    edits.clear();
    let mut rest = delta;
    if size(&mut rest)? != base.len() as u64 {
        return Err("a delta is of another base");
    }
    let length = size(&mut rest)?;
    if length > limit as u64 {
        return Err(TOO_LARGE);
    }
    let length = length as usize;
    bytes.reserve(length);
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let room = length - bytes.len();
        if first & 0x80 != 0 {
            let range = copied(first, &mut rest)?;
            let from = base.get(range.clone()).filter(|from| from.len() <= room);
            bytes.extend_from_slice(from.ok_or("a delta copies what is not there")?);
            copy(edits, range);
        } else if first != 0 {
            let (new, after) = rest
                .split_at_checked(usize::from(first))
                .filter(|(new, _)| new.len() <= room)
                .ok_or("a delta ends within an insertion")?;
            bytes.extend_from_slice(new);
            insert(edits, new.len());
            rest = after;
        } else {
            return Err("a delta has an unknown instruction");
        }
    }
    if bytes.len() == length {
        Ok(())
    } else {
        Err("a delta makes less than it says")
    }
}

/// What [`apply`] says of a result beyond the limit.
pub const TOO_LARGE: &str = "larger than the limit";

/// The length of what `delta` makes; zero if it is cut off.
pub fn result_length(delta: &[u8]) -> u64 {
    let mut rest = delta;
    let _ = size(&mut rest);
    size(&mut rest).unwrap_or(0)
}

fn copy(edits: &mut Vec<Edit>, range: std::ops::Range<usize>) {
    match edits.last_mut() {
        // Git cuts long copies into several.
        Some(Edit::Copy(last)) if last.end == range.start => last.end = range.end,
        _ => edits.push(Edit::Copy(range)),
    }
}

fn insert(edits: &mut Vec<Edit>, length: usize) {
    match edits.last_mut() {
        Some(Edit::Insert(last)) => *last += length,
        _ => edits.push(Edit::Insert(length)),
    }
}

/// The range that a copy instruction names: bits of its first byte say which bytes of offset and length follow.
fn copied(first: u8, rest: &mut &[u8]) -> Result<std::ops::Range<usize>, &'static str> {
    let mut field = |bits: std::ops::Range<u32>| {
        let mut value = 0usize;
        for (place, bit) in bits.enumerate() {
            if first & 1 << bit != 0 {
                let (&byte, after) = rest
                    .split_first()
                    .ok_or("a delta ends within an instruction")?;
                value |= usize::from(byte) << (8 * place);
                *rest = after;
            }
        }
        Ok::<usize, &'static str>(value)
    };
    let offset = field(0..4)?;
    let length = match field(4..7)? {
        0 => 0x10000,
        length => length,
    };
    Ok(offset..offset + length)
}

/// A length of seven bits a byte, the lowest first.
fn size(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or("a delta ends within its head")?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a delta names an impossible length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn applied(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Edit>), &'static str> {
        let (mut bytes, mut edits) = (Vec::new(), Vec::new());
        apply(base, delta, 1 << 20, (&mut bytes, &mut edits)).map(|()| (bytes, edits))
    }

    #[test]
    fn copies_and_inserts() {
        let base = b"hello, world";
        // Copy 0..5, insert two, copy 5..12 in two parts.
        let delta = [12, 14, 0x90, 5, 2, b'a', b'b', 0x91, 5, 3, 0x91, 8, 4];
        let (bytes, edits) = applied(base, &delta).expect("it is a good delta");
        assert_eq!(bytes, b"helloab, world");
        assert_eq!(
            edits,
            [Edit::Copy(0..5), Edit::Insert(2), Edit::Copy(5..12)]
        );
    }

    #[test]
    fn refuses_what_is_wrong() {
        let cases: [(&[u8], &str); 8] = [
            (&[], "head"),
            (&[3, 1, 1, b'a'], "another base"),
            (&[4, 1, 0], "unknown instruction"),
            (&[4, 1, 0x91, 9, 1], "not there"),
            (&[4, 9, 0x90, 1], "less"),
            (&[4, 1, 2, b'a', b'b'], "insertion"),
            (&[4, 2, 0x91], "instruction"),
            (&[4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1], "limit"),
        ];
        for (delta, want) in cases {
            let got = applied(b"base", delta).expect_err("it is a bad delta");
            assert!(got.contains(want), "{delta:?}: {got}");
        }
    }

    proptest! {
        /// No bytes make it panic, and what it says of its result is so.
        #[test]
        fn edits_make_the_result(base in proptest::collection::vec(any::<u8>(), 0..40), body in proptest::collection::vec(any::<u8>(), 0..60), length in 0u8..120) {
            let delta = [&[base.len() as u8, length][..], &body].concat();
            if let Ok((bytes, edits)) = applied(&base, &delta) {
                prop_assert_eq!(bytes.len(), usize::from(length));
                let mut at = 0;
                for edit in edits {
                    match edit {
                        Edit::Copy(from) => {
                            prop_assert_eq!(&bytes[at..at + from.len()], &base[from.clone()]);
                            at += from.len();
                        }
                        Edit::Insert(count) => at += count,
                    }
                }
                prop_assert_eq!(at, bytes.len());
            }
        }
    }
}
