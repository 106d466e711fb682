//! What agents keep of their conversations: found, scanned, scrubbed.
//!
//! Decoded strings are scanned, not raw JSON. Scrubbing changes those strings that hold a secret and not a byte beside
//! them: a file of JSON stays one. A store in use is left alone.

mod context;
mod literal;
mod rewrite;
mod scrub;
mod sqlite;
mod stores;

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::text::Found;

pub use context::Context;
pub use rewrite::scan;
pub use scrub::scrub;
pub use stores::{Format, Store, agents, find, named};

/// A secret in a store.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The store's file, and behind `#` what is known of the place: session, turn, tool, time, table, row.
    pub origin: String,
    /// The line that its text begins in, from 1; in a text that is no JSON, its own; always 1 in a database.
    pub line: u64,
    /// The column of that text's beginning, in characters from 1.
    pub column: u64,
    /// The same in bytes from the start of the file; 0 in a database.
    pub offset: u64,
    /// What it is, and where in that text.
    pub found: Found,
    /// The text around it with every secret covered, cut to a line.
    pub snippet: String,
}

/// Why a store was not scanned or scrubbed, or not wholly. Holds nothing of its content.
#[derive(Debug)]
pub enum Trouble {
    /// The system says no.
    Io(io::Error),
    /// Somebody has it open, or changed it a moment ago, or while we read it.
    InUse(&'static str),
    /// Something in it is not as it should be: what, and in which line if it has lines.
    Malformed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Io(error) => write!(f, "{error}"),
            Trouble::InUse(how) => write!(f, "it is in use: {how}"),
            Trouble::Malformed(what) => f.write_str(what),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

/// What scrubbing has to respect.
#[derive(Debug, Clone, Copy)]
pub struct Care {
    /// A store that was changed less than so long ago is in use.
    pub idle: std::time::Duration,
    /// Only look.
    pub dry_run: bool,
}

/// What came of scrubbing a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// The store's file.
    pub path: PathBuf,
    /// How many secrets were covered.
    pub secrets: u64,
}
