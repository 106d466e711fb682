//! Reading what suppresses: the only part of it that opens files and asks the system for randomness.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{Baseline, FingerprintFile, SALT_BYTES};
use crate::model::SourceError;

/// A scanned repository brings files along that are read before anything else: a limit keeps them from filling the
/// memory. A line of a baseline has about 60 bytes, so this is a million of them.
const LIMIT: u64 = 64 << 20;

/// Why a file that governs a run could not be used. Such a run does not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system's own words.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file as it was named.
        file: String,
        /// What happened.
        #[source]
        reason: io::Error,
    },
    /// Mistakes in it, each with its line.
    #[error("{}", lines(.0))]
    Malformed(Vec<SourceError>),
}

fn lines(errors: &[SourceError]) -> String {
    let lines: Vec<String> = errors.iter().map(SourceError::to_string).collect();
    lines.join("\n")
}

/// Reads a baseline, called `name` in messages.
///
/// # Errors
/// It cannot be read, or is no baseline.
pub fn baseline(path: &Path, name: &str) -> Result<Baseline, LoadError> {
    let text = read_text(path, name)?;
    Baseline::parse(name, &text).map_err(LoadError::Malformed)
}

/// Reads the fingerprints of a repository's ignore file, called `name` in messages; `None` where there is no such
/// file.
///
/// # Errors
/// It cannot be read, or holds what looks like a fingerprint and is none.
pub fn ignore_file(path: &Path, name: &str) -> Result<Option<FingerprintFile>, LoadError> {
    if !exists(path) {
        return Ok(None);
    }
    let text = read_text(path, name)?;
    let file = FingerprintFile::parse(name, &text, true).map_err(LoadError::Malformed)?;
    Ok(Some(file))
}

/// A new repository's salt, from the system's randomness.
///
/// # Errors
/// The system has none to give.
pub fn new_salt() -> io::Result<[u8; SALT_BYTES]> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    Ok(salt)
}

/// Whether there is something of this name, readable or not: what is there and cannot be read is an error, not an
/// absence.
pub(crate) fn exists(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(e) => !matches!(
            e.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// The text of a regular file of bounded size, without a byte-order mark.
pub(crate) fn read_text(path: &Path, name: &str) -> Result<String, LoadError> {
    let bytes = read_bounded(path, LIMIT).map_err(|reason| LoadError::Unreadable {
        file: name.to_owned(),
        reason,
    })?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(e.as_bytes());
        let message = "bytes that are not UTF-8; expected a text file in UTF-8";
        LoadError::Malformed(vec![SourceError::at(name, &text, valid..valid, message)])
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Looked at before it is opened: to open a FIFO is to wait for whoever writes it.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("is larger than {} MiB", limit >> 20);
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bounded_regular_text_only() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let path = folder.path().join("a");
        let put = |bytes: &[u8]| std::fs::write(&path, bytes).expect("because it can be written");
        put(b"\xef\xbb\xbfa\n");
        assert_eq!(read_text(&path, "a").expect("it is text"), "a\n");
        put(b"12345");
        assert_eq!(read_bounded(&path, 5).expect("it fits"), b"12345");
        assert!(read_bounded(&path, 4).is_err());
        put(b"a\nb \xff\n");
        let error = read_text(&path, "a").expect_err("because it is no text");
        assert!(error.to_string().starts_with("a:2:3: bytes"), "{error}");
        for gone in [folder.path(), &folder.path().join("none")] {
            let error = read_text(gone, "some/file").expect_err("because it is no file");
            assert!(error.to_string().starts_with("some/file: "), "{error}");
        }
        assert!(ignore_file(&folder.path().join("none"), "none").is_ok_and(|f| f.is_none()));
        assert!(ignore_file(&path.join("below-a-file"), "none").is_ok_and(|f| f.is_none()));
    }

    #[test]
    fn every_salt_is_another() {
        let salts = [new_salt(), new_salt()].map(|salt| salt.expect("the system has randomness"));
        assert_ne!(salts[0], salts[1]);
    }
}
