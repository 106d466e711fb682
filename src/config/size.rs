//! Sizes as people write them.

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

/// Reads `10 MB`, `512KiB` or a number of bytes. Units in any case; a bare `M` is refused, since tools differ in what
/// they mean by it.
///
/// # Errors
/// What was found and what was expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit);
    let (false, Some((_, factor))) = (number.is_empty(), factor) else {
        return Err(format!(
            "`{text}` is no size; expected a whole number of bytes, or one with a unit of B, kB, MB, GB, KiB, MiB, \
             GiB, such as `10 MB`"
        ));
    };
    match number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(*factor))
    {
        None => Err(format!(
            "`{text}` is too large; expected less than 2^64 bytes"
        )),
        Some(0) => Err(format!(
            "`{text}` would skip every file; expected more than 0"
        )),
        Some(size) => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_with_and_without_units() {
        let cases = [
            ("1", 1),
            ("1000", 1000),
            ("10 MB", 10_000_000),
            ("10mb", 10_000_000),
            ("512KiB", 512 << 10),
            ("512 kib", 512 << 10),
            ("3 kB", 3000),
            (" 2  GiB ", 2 << 30),
            ("7 B", 7),
            ("1GB", 1_000_000_000),
            ("4MiB", 4 << 20),
        ];
        for (text, want) in cases {
            assert_eq!(parse_size(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        let cases = [
            ("", "is no size"),
            ("MB", "is no size"),
            ("10 M", "is no size"),
            ("1.5 MB", "is no size"),
            ("-1", "is no size"),
            ("10 MB/s", "is no size"),
            ("0", "would skip every file"),
            ("99999999999999999999", "is too large"),
            ("18446744073709551615 kB", "is too large"),
        ];
        for (text, want) in cases {
            let error = parse_size(text).expect_err(text);
            assert!(
                error.contains(want) && error.contains("expected"),
                "{error}"
            );
        }
    }
}
