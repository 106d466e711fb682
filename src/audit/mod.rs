//! The record: one line of JSON for each decision, chained so that what was changed afterwards can be told.
//!
//! - [`Log::append`] writes a [`Decision`] as a [`Record`]: masked, numbered, with the hash of the record before it.
//! - [`verify()`] reads a log and says at which line it was edited, cut, thinned out or put in another order.
//! - [`Head`] names the last record; signed and kept elsewhere, it is what a cut end or a chain written anew cannot get
//!   around. A chain that one party writes proves order, not honesty: see `docs/audit.md`.
//! - [`Analysis`] sums a log up and shows what is unusual in it; [`Ocsf`] writes it for a SIEM.
//!
//! No record holds a secret: every text passes the caller's mask, and a credential is its keyed fingerprint.

mod chain;
mod head;
mod host;
mod log;
mod ocsf;
mod record;
mod report;
mod unusual;
mod verify;

use std::io;
use std::path::Path;

pub use head::{Head, beside as head_beside, generate_key, public_key, read as heads, signing_key};
pub use log::{Log, Options};
pub use ocsf::Ocsf;
pub use record::{Action, Decision, Found, Place, Record, Torn, Verdict};
pub use report::{Analysis, Count, Summary};
pub use unusual::{Kind as UnusualKind, Unusual};
pub use verify::{Finding, FindingKind, Note, Proof, Verification, verify};

/// Why a log could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The system's own words.
    #[error("{file}: {reason}")]
    Io {
        /// The file.
        file: String,
        /// What happened.
        #[source]
        reason: io::Error,
    },
    /// A line that is not what the file should hold.
    #[error("{file}:{line}: {what}")]
    Malformed {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What was found.
        what: &'static str,
    },
    /// The file is something else: nothing is added to it.
    #[error("{0}: holds something other than an audit log; nothing was added to it")]
    Foreign(String),
    /// A key that cannot be used.
    #[error("{0}: holds no ed25519 key in PEM")]
    Key(String),
}

impl LogError {
    fn io(file: &Path, reason: io::Error) -> LogError {
        LogError::Io {
            file: file.display().to_string(),
            reason,
        }
    }
}
