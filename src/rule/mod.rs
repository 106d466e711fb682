//! Rules: their schema, validation and compiled form.
//!
//! The build script includes this module too: it reads `rules/*.toml`, validates them with the code below and writes
//! the compiled rules down as statics, so that a start parses and compiles nothing. Rules of the user go the same way
//! at run time.

mod analyse;
mod compile;
mod error;
mod forms;
mod schema;
mod types;

pub use compile::compile_file;
pub use error::RuleError;
pub use forms::{Coding, coded, is_eligible};
pub use types::{
    Assignment, Block, Boundary, ByteSet, FileRule, Keyword, List, MAX_PATTERN_LEN, Matcher,
    Parser, Part, Pattern, Rule, Run, Step, Str, Structure,
};
