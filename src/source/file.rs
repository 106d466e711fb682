//! Reading one file in bounded memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path};

use crate::model::{Origin, Skip, SkipKind};
use crate::platform;

/// A regular file, opened.
#[derive(Debug)]
pub struct Source {
    file: File,
    length: u64,
    read: u64,
    origin: Origin,
}

impl Source {
    /// Opens `path`. With `named` set the user named it: then a symbolic link is followed.
    ///
    /// # Errors
    /// What is to be reported of it: it is gone, cannot be opened, or is not a regular file.
    pub fn open(path: &Path, named: bool) -> Result<Source, Skip> {
        let origin = Origin::File(shown(path));
        let skip = |kind, detail: String| Skip {
            origin: origin.clone(),
            kind,
            detail,
        };
        let file = match platform::open(path, named) {
            Ok(file) => file,
            Err(e) if platform::is_link_error(&e) && !named => {
                return Err(skip(SkipKind::Symlink, "became a symbolic link".into()));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(skip(
                    SkipKind::Vanished,
                    "gone when it was to be read".into(),
                ));
            }
            Err(e) => return Err(skip(SkipKind::Unreadable, reason(&e))),
        };
        match file.metadata() {
            Ok(data) if data.is_file() => Ok(Source {
                file,
                length: data.len(),
                read: 0,
                origin,
            }),
            Ok(_) => Err(skip(SkipKind::NotRegular, "not a regular file".into())),
            Err(e) => Err(skip(SkipKind::Unreadable, reason(&e))),
        }
    }

    /// Its length in bytes when it was opened. Files that the system makes up (`/proc`) say 0.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How it is called in reports.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Fills `buffer` as far as the file goes, and no further than its length when it was opened, so that a file that
    /// others write to all the time comes to an end. Returns how many bytes there are; 0 at the end.
    ///
    /// # Errors
    /// What is to be reported: the file cannot be read on, or has become shorter than it was.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Skip> {
        let rest = usize::try_from(self.length - self.read.min(self.length)).unwrap_or(usize::MAX);
        let want = if self.length == 0 {
            buffer.len()
        } else {
            rest.min(buffer.len())
        };
        let mut filled = 0;
        while filled < want {
            match self.file.read(&mut buffer[filled..want]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.skip(SkipKind::Unreadable, reason(&e))),
            }
        }
        self.read += filled as u64;
        Ok(filled)
    }

    /// What is to be reported if the file came to its end too early.
    pub fn shrunk(&self) -> Option<Skip> {
        (self.read < self.length).then(|| {
            let detail = format!(
                "shrank from {} to {} bytes while it was read",
                self.length, self.read
            );
            self.skip(SkipKind::Changed, detail)
        })
    }

    fn skip(&self, kind: SkipKind, detail: String) -> Skip {
        Skip {
            origin: self.origin.clone(),
            kind,
            detail,
        }
    }
}

/// The system's words, without the error's number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

/// A path as reports show it: with `/` on every system, and without a leading `./`.
pub fn shown(path: &Path) -> String {
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    let mut root = "";
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => root = "/",
            other => parts.push(other.as_os_str().to_string_lossy()),
        }
    }
    // A drive comes before the root: `C:/x`.
    let drive = matches!(path.components().next(), Some(Component::Prefix(_)));
    match drive && !parts.is_empty() {
        true => format!("{}{root}{}", parts[0], parts[1..].join("/")),
        false if parts.is_empty() && root.is_empty() => ".".to_owned(),
        false => format!("{root}{}", parts.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_paths_the_same_everywhere() {
        let cases = [
            ("./a/b", "a/b"),
            ("a/./b", "a/b"),
            ("/a/b", "/a/b"),
            (".", "."),
            ("../a", "../a"),
            ("/", "/"),
        ];
        for (path, want) in cases {
            assert_eq!(shown(Path::new(path)), want);
        }
        #[cfg(windows)]
        assert_eq!(shown(Path::new("C:\\a\\b")), "C:/a/b");
    }

    #[test]
    fn reports_what_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kind = |path: &Path| {
            Source::open(path, false)
                .map(|_| ())
                .map_err(|skip| skip.kind)
        };
        assert_eq!(kind(&folder.path().join("none")), Err(SkipKind::Vanished));
        assert_eq!(kind(folder.path()), Err(SkipKind::NotRegular));
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("/etc/passwd", &link).expect("a link");
            assert_eq!(kind(&link), Err(SkipKind::Symlink));
            assert!(Source::open(&link, true).is_ok());
        }
    }

    #[test]
    fn tells_a_file_that_shrank() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), [b'x'; 100]).expect("written");
        let mut source = Source::open(file.path(), false).expect("it is there");
        file.as_file().set_len(40).expect("cut");
        let mut buffer = [0; 200];
        assert_eq!(source.fill(&mut buffer), Ok(40));
        assert_eq!(
            source.shrunk().map(|skip| skip.kind),
            Some(SkipKind::Changed)
        );
    }

    #[test]
    fn reads_no_further_than_the_length_at_the_start() {
        use std::io::Write;

        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(&[b'x'; 100]).expect("written");
        let mut source = Source::open(file.path(), false).expect("it is there");
        file.write_all(&[b'y'; 100]).expect("written");
        let mut buffer = [0; 60];
        let lengths: Vec<_> = (0..3).map(|_| source.fill(&mut buffer)).collect();
        assert_eq!(lengths, [Ok(60), Ok(40), Ok(0)]);
        assert_eq!(source.shrunk(), None);
    }
}
