//! Pieces that wait are redacted together: each look at a piece's end costs as much as redacting some 50 KiB.

/// Bytes that are redacted at a time where so many wait.
pub const TOGETHER: usize = 1024 * 1024;

/// Takes along what waits behind `bytes`. `next` says what does, if anything; gives back what of it is no bytes, behind
/// which nothing is taken.
pub fn together<E>(
    bytes: &mut Vec<u8>,
    mut next: impl FnMut() -> Option<Result<Vec<u8>, E>>,
) -> Option<E> {
    while bytes.len() < TOGETHER {
        match next()? {
            Ok(more) => bytes.extend_from_slice(&more),
            Err(other) => return Some(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_waits_up_to_something_else() {
        let waiting = [Ok(b"b".to_vec()), Err("other"), Ok(b"c".to_vec())];
        let mut waiting = waiting.into_iter();
        let mut bytes = b"a".to_vec();
        assert_eq!(together(&mut bytes, || waiting.next()), Some("other"));
        assert_eq!(bytes, b"ab");
        assert_eq!(together(&mut bytes, || waiting.next()), None);
        assert_eq!(bytes, b"abc");
    }

    #[test]
    fn takes_no_more_than_it_may() {
        let mut bytes = Vec::new();
        let endless = || Some(Ok::<_, ()>(vec![0; TOGETHER / 4]));
        assert_eq!(together(&mut bytes, endless), None);
        assert_eq!(bytes.len(), TOGETHER);
    }
}
