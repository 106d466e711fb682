//! Paths as URIs.

use std::fmt::Write;

/// Where a path points, as SARIF wants it.
#[derive(Debug, PartialEq, Eq)]
pub enum Uri {
    /// A reference to resolve against the scan's root.
    Relative(String),
    /// A whole `file:` URI.
    Absolute(String),
}

/// The URI of `path`, in which `/` separates; on Windows a drive's letter or a server's name may begin it.
pub fn of_path(path: &str, windows: bool) -> Uri {
    let bytes = path.as_bytes();
    let drive =
        windows && bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/";
    if drive {
        // The colon of a drive stays a colon; encoded, it would be part of a name.
        return Uri::Absolute(format!("file:///{}:{}", &path[..1], encoded(&path[2..])));
    }
    match path.strip_prefix("//") {
        Some(share) if windows => Uri::Absolute(format!("file://{}", encoded(share))),
        _ if path.starts_with('/') => Uri::Absolute(format!("file://{}", encoded(path))),
        _ => Uri::Relative(encoded(path)),
    }
}

/// The URI of a directory, which ends in `/` so that references resolve below it and not beside it. Nothing for a path
/// that is not absolute.
pub fn of_root(path: &str, windows: bool) -> Option<String> {
    let path = if windows {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    match of_path(&path, windows) {
        Uri::Absolute(uri) if uri.ends_with('/') => Some(uri),
        Uri::Absolute(uri) => Some(uri + "/"),
        Uri::Relative(_) => None,
    }
}

/// Percent-encodes everything but unreserved characters and `/`. That includes `:`, which would make the first segment
/// of a relative reference a scheme.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => write!(uri, "%{byte:02X}").expect("because writing to a string cannot fail"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_paths() {
        let (relative, absolute) = (
            |uri: &str| Uri::Relative(uri.to_owned()),
            |uri: &str| Uri::Absolute(uri.to_owned()),
        );
        let cases = [
            ("src/a-b_c.~1.rs", false, relative("src/a-b_c.~1.rs")),
            (
                "a b/ü%20?#.txt",
                false,
                relative("a%20b/%C3%BC%2520%3F%23.txt"),
            ),
            ("x:y/[z]\n\"", false, relative("x%3Ay/%5Bz%5D%0A%22")),
            ("../up", false, relative("../up")),
            ("/etc/a b", false, absolute("file:///etc/a%20b")),
            ("C:/a b", true, absolute("file:///C:/a%20b")),
            ("C:/a b", false, relative("C%3A/a%20b")),
            ("//server/share/x", true, absolute("file://server/share/x")),
            ("//odd", false, absolute("file:////odd")),
        ];
        for (path, windows, want) in cases {
            assert_eq!(of_path(path, windows), want, "{path}");
        }
    }

    #[test]
    fn roots_end_in_a_slash() {
        let cases = [
            ("/src/my tree", false, Some("file:///src/my%20tree/")),
            ("/", false, Some("file:///")),
            (r"C:\src", true, Some("file:///C:/src/")),
            ("src", false, None),
        ];
        for (path, windows, want) in cases {
            assert_eq!(of_root(path, windows).as_deref(), want, "{path}");
        }
    }
}
