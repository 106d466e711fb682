//! What differs between operating systems: the only place for such calls.

pub mod child;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

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

/// Fills `buffer` from `offset` of a file on, without a position that threads would share.
#[cfg(unix)]
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Fills `buffer` from `offset` of a file on, without a position that threads would share.
#[cfg(windows)]
pub fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;

    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

/// Gives a new file the permissions of a program, less what the process's mask takes away.
#[cfg(unix)]
pub fn with_permission_to_run(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;

    builder.permissions(std::fs::Permissions::from_mode(0o777));
}

/// Gives a new file the permissions of a program, which every file has here.
#[cfg(not(unix))]
pub fn with_permission_to_run(_builder: &mut tempfile::Builder<'_, '_>) {}

/// A path from the bytes that another program prints for it; none where they cannot be a path.
#[cfg(unix)]
pub fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    Some(std::ffi::OsString::from_vec(bytes).into())
}

/// A path from the bytes that another program prints for it; none where they cannot be a path.
#[cfg(not(unix))]
pub fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// A file that is created with these options is its owner's alone to read and to write.
#[cfg(unix)]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600)
}

/// A file that is created with these options is its owner's alone, as far as the folder it lies in says so.
#[cfg(not(unix))]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Waits until no other process has the lock of a file, which ends with the file or with its process at the latest.
///
/// # Errors
/// Somebody kept it for ten seconds, or the file system has no locks.
pub fn lock(file: &File) -> io::Result<()> {
    /// A lock is held for the time of a write: who has it for so long was stopped within one.
    const LONGEST: Duration = Duration::from_secs(10);
    const TURN: Duration = Duration::from_micros(200);
    let began = Instant::now();
    loop {
        match FileExt::try_lock(file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(e)) => return Err(e),
            Err(TryLockError::WouldBlock) if began.elapsed() > LONGEST => {
                return Err(io::Error::other("another process keeps it locked"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(TURN),
        }
    }
}

/// Gives a lock back.
pub fn unlock(file: &File) {
    // The lock ends with the file at the latest.
    let _ = FileExt::unlock(file);
}

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
