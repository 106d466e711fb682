//! What has to be done to put a hook in place or to take it away: planned as a whole before anything is changed, so that
//! it can be shown first.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::script::{HEAD, goes_by_its_name, is_ours, script};
use super::{Folder, Hook, HookError};
use crate::platform;

/// A hook is read this far, in bytes, to see whether it goes by its own name.
const READ: u64 = 64 << 10;

/// One change, or the word that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A hook that was there is kept under another name: the same file, with its mode, or the same link.
    Keep {
        /// Its place.
        from: PathBuf,
        /// Its place from now on.
        to: PathBuf,
    },
    /// The hook is written.
    Write {
        /// Its place.
        path: PathBuf,
        /// What it says.
        script: Vec<u8>,
    },
    /// The hook that was kept takes its place again.
    Restore {
        /// Where it was kept.
        from: PathBuf,
        /// Its place.
        to: PathBuf,
    },
    /// The hook is removed.
    Remove {
        /// Its place.
        path: PathBuf,
    },
    /// The hook is in place already.
    InPlace {
        /// Its place.
        path: PathBuf,
    },
    /// There is no hook of keysieve's to take away.
    Absent {
        /// Where it would be.
        path: PathBuf,
    },
}

/// All that has to be done for one hook, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The changes.
    pub steps: Vec<Step>,
    /// The former hook, where it seems to go by its own name and may not know itself any more.
    pub goes_by_its_name: Option<PathBuf>,
}

/// What stands in a hook's place.
enum There {
    Nothing,
    Ours,
    Other,
}

impl Plan {
    /// What puts `hook` into `folder`, calling the program at `binary`. A hook that is there and not keysieve's is kept.
    pub fn install(folder: &Folder, hook: Hook, binary: &Path) -> Result<Plan, HookError> {
        let path = folder.path.join(hook.name());
        let former = folder.path.join(hook.former_name());
        let script = script(hook, binary);
        let mut plan = Plan {
            steps: Vec::new(),
            goes_by_its_name: None,
        };
        match there(&path)? {
            There::Ours if head(&path, script.len() as u64 + 1)? == script => {
                plan.steps.push(Step::InPlace { path });
                return Ok(plan);
            }
            There::Ours | There::Nothing => {}
            There::Other if former.symlink_metadata().is_ok() => {
                return Err(HookError::TwoFormer { hook: path, former });
            }
            There::Other => {
                let text = head(&path, READ).unwrap_or_default();
                plan.goes_by_its_name = goes_by_its_name(&text).then(|| former.clone());
                plan.steps.push(Step::Keep {
                    from: path.clone(),
                    to: former,
                });
            }
        }
        plan.steps.push(Step::Write { path, script });
        Ok(plan)
    }

    /// What takes `hook` out of `folder`, and puts back what was there before it.
    pub fn uninstall(folder: &Folder, hook: Hook) -> Result<Plan, HookError> {
        let path = folder.path.join(hook.name());
        let former = folder.path.join(hook.former_name());
        let step = match there(&path)? {
            There::Ours if former.symlink_metadata().is_ok() => Step::Restore {
                from: former,
                to: path,
            },
            There::Ours => Step::Remove { path },
            There::Nothing | There::Other => Step::Absent { path },
        };
        Ok(Plan {
            steps: vec![step],
            goes_by_its_name: None,
        })
    }

    /// Whether there is anything to do.
    pub fn changes(&self) -> bool {
        let idle = |step: &Step| matches!(step, Step::InPlace { .. } | Step::Absent { .. });
        !self.steps.iter().all(idle)
    }

    /// Does it. Where writing fails, a hook that was moved away for it is back in its place.
    pub fn perform(&self) -> Result<(), HookError> {
        for (done, step) in self.steps.iter().enumerate() {
            if let Err(failed) = step.perform() {
                for step in self.steps[..done].iter().rev() {
                    step.undo();
                }
                return Err(failed);
            }
        }
        Ok(())
    }
}

impl Step {
    fn perform(&self) -> Result<(), HookError> {
        match self {
            Step::Keep { from, to } | Step::Restore { from, to } => {
                fs::rename(from, to).map_err(|e| failed(from, e))
            }
            Step::Write { path, script } => write(path, script).map_err(|e| failed(path, e)),
            Step::Remove { path } => fs::remove_file(path).map_err(|e| failed(path, e)),
            Step::InPlace { .. } | Step::Absent { .. } => Ok(()),
        }
    }

    fn undo(&self) {
        if let Step::Keep { from, to } = self {
            // The first failure is the one that is reported.
            let _ = fs::rename(to, from);
        }
    }
}

fn failed(path: &Path, reason: io::Error) -> HookError {
    HookError::Io {
        path: path.to_owned(),
        reason,
    }
}

fn there(path: &Path) -> Result<There, HookError> {
    match path.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
        Err(e) => Err(failed(path, e)),
        // A link is somebody else's, wherever it leads.
        Ok(what) if what.is_symlink() => Ok(There::Other),
        Ok(what) if !what.is_file() => Err(HookError::NotAFile {
            path: path.to_owned(),
        }),
        Ok(_) if is_ours(&head(path, HEAD)?) => Ok(There::Ours),
        Ok(_) => Ok(There::Other),
    }
}

/// The file's first `length` bytes.
fn head(path: &Path, length: u64) -> Result<Vec<u8>, HookError> {
    let mut head = Vec::new();
    platform::open(path, true)
        .and_then(|file| file.take(length).read_to_end(&mut head))
        .map_err(|e| failed(path, e))?;
    Ok(head)
}

/// Writes a script that may be run, which appears whole or not at all.
fn write(path: &Path, script: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("because a hook lies in a folder");
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keysieve-hook-");
    platform::with_permission_to_run(&mut builder);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(script)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
