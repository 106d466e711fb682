//! keysieve finds leaked credentials in files, streams and agent output.
//!
//! Sources push bytes into one [`engine`]; the engine yields candidates and judges them; sinks show or act.
//!
//! Invariants, each held by a test:
//! - Detection is local: whether bytes are a candidate depends on a bounded stretch around them. So a whole blob, any
//!   cut of it into chunks, and any edit of a scanned base yield the same candidates.
//! - `model <- rule <- engine`, and never the other way round: the engine knows no file system and no report.
//! - A secret reaches an output only through [`model::Secret::expose`].

pub mod agent;
pub mod audit;
pub mod canary;
pub mod config;
pub mod engine;
pub mod hooks;
pub mod model;
pub mod platform;
pub mod redact;
pub mod report;
pub mod rule;
pub mod scan;
pub mod source;
pub mod suppress;
