//! What differs between operating systems: the only place for such calls.

pub mod child;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for reading without waiting for anything, so that a FIFO that takes a file's place cannot stop the scan.
/// With `follow` unset, a symbolic link in the last place is an error.
#[cfg(unix)]
pub fn open(path: &Path, follow: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let link = if follow { 0 } else { libc::O_NOFOLLOW };
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | link)
        .open(path)
}

/// Opens a file for reading.
#[cfg(not(unix))]
pub fn open(path: &Path, _follow: bool) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Whether an error of [`open`] says that the path is a symbolic link.
#[cfg(unix)]
pub fn is_link_error(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

/// Whether an error of [`open`] says that the path is a symbolic link.
#[cfg(not(unix))]
pub fn is_link_error(_error: &io::Error) -> bool {
    false
}

/// Gives a new file the permissions that the user's own files have, rather than a temporary file's.
#[cfg(unix)]
pub fn with_usual_permissions(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;

    // The process's mask takes away from it what the user does not want.
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

/// Gives a new file the permissions that the user's own files have, rather than a temporary file's.
#[cfg(not(unix))]
pub fn with_usual_permissions(_builder: &mut tempfile::Builder<'_, '_>) {}

/// Whether another process has the file open; `None` where the system does not tell. Processes of other users are not
/// seen.
#[cfg(target_os = "linux")]
pub fn is_open_elsewhere(path: &Path) -> Option<bool> {
    let path = std::fs::canonicalize(path).ok()?;
    let own = std::process::id().to_string();
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let is_process = name
            .to_str()
            .is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()) && name != own);
        if !is_process {
            continue;
        }
        // It may be another user's, or gone.
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        for file in files.flatten() {
            if std::fs::read_link(file.path()).is_ok_and(|target| target == path) {
                return Some(true);
            }
        }
    }
    Some(false)
}

/// Whether another process has the file open; `None` where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn is_open_elsewhere(_path: &Path) -> Option<bool> {
    None
}
