//! The configuration: `keysieve.toml` in a repository, `config.toml` of the user, `--config FILE`.
//!
//! A file is parsed and validated as a whole into a [`Config`]; mistakes name their line. [`load()`] finds the files,
//! [`Settings`] is what comes out of all of them together. Scalars: the later layer wins; lists add up.
//!
//! A repository's own file is written by whoever wrote the repository. It can narrow what is reported, which
//! [`Settings::notes`] shows, and nothing else: it loads no rules and runs nothing.

mod load;
mod parse;
mod schema;
mod settings;
mod size;

pub use load::{Layer, Request, find_upwards, load, user_file};
pub use parse::{Config, Listed, parse};
pub use settings::{Setting, Settings};
pub use size::parse_size;

/// The name of a repository's configuration.
pub const FILE_NAME: &str = "keysieve.toml";

/// Where a configuration comes from; a later kind wins over an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// What holds without any file.
    BuiltIn,
    /// The user's own file.
    User,
    /// The scanned repository's file.
    Repository,
    /// Named on the command line: `--config`, or an option for the setting itself.
    Explicit,
}
