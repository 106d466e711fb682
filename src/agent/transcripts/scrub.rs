//! Puts a store without its secrets in the store's place.

use std::fs::{File, FileTimes, Metadata};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::SystemTime;

use super::rewrite::rewrite;
use super::{Care, Format, Scrubbed, Sighting, Store, Trouble, sqlite};
use crate::agent::text::Scanner;
use crate::platform;

/// Scrubs a store: it is replaced as a whole or left as it is. There is no copy of what was there before.
pub fn scrub(
    store: &Store,
    scanner: &mut Scanner<'_>,
    care: Care,
    tell: &mut dyn FnMut(Sighting),
) -> Result<Scrubbed, Trouble> {
    let done = |secrets| Scrubbed {
        path: store.path.clone(),
        secrets,
    };
    let before = std::fs::metadata(&store.path)?;
    if !care.dry_run {
        at_rest(&store.path, &before, care)?;
    }
    if store.format == Format::Sqlite {
        return sqlite::scrub(store, scanner, tell, care.dry_run).map(done);
    }
    let mut secrets = 0;
    let mut counting = |sighting: Sighting| {
        secrets += 1;
        tell(sighting);
    };
    let input = platform::open(&store.path, true)?;
    if care.dry_run {
        rewrite(store, input, scanner, &mut counting, None)?;
        return Ok(done(secrets));
    }
    let path = std::fs::canonicalize(&store.path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".keysieve-")
        .suffix(".partial")
        .tempfile_in(folder)?;
    temporary.as_file().set_permissions(before.permissions())?;
    let mut out = BufWriter::new(temporary.reopen()?);
    rewrite(store, input, scanner, &mut counting, Some(&mut out))?;
    if secrets == 0 {
        return Ok(done(0));
    }
    out.flush()?;
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    keep_times(&file, &before);
    file.sync_all()?;
    drop(file);
    let now = std::fs::metadata(&path)?;
    if now.len() != before.len() || now.modified().ok() != before.modified().ok() {
        return Err(Trouble::InUse("it changed while it was read"));
    }
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(done(secrets))
}

/// Agents order sessions by the time of their files.
fn keep_times(file: &File, before: &Metadata) {
    let mut times = FileTimes::new();
    if let Ok(modified) = before.modified() {
        times = times.set_modified(modified);
    }
    // A file system that keeps no times loses nothing.
    let _ = file.set_times(times);
}

/// Refuses what somebody has open or has just written.
fn at_rest(path: &Path, data: &Metadata, care: Care) -> Result<(), Trouble> {
    let age = data
        .modified()
        .ok()
        .and_then(|at| SystemTime::now().duration_since(at).ok());
    // A file from the future is as good as new.
    if !care.idle.is_zero() && age.is_none_or(|age| age < care.idle) {
        return Err(Trouble::InUse("it was changed a moment ago"));
    }
    match platform::is_open_elsewhere(path) {
        Some(true) => Err(Trouble::InUse("another program has it open")),
        _ => Ok(()),
    }
}
