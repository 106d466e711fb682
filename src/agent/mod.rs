//! The gate for agents: hook protocols, what is installed for them, their transcripts and settings.
//!
//! An event comes in, is read by the protocol of the agent it is known to be from ([`protocol`]), judged by the one guard
//! for all ([`guard`]), and answered in the same protocol. Decoded strings are scanned ([`text`]), so that escapes hide
//! nothing. Nothing here reads a repository's configuration or its comments: otherwise an agent would write one and walk
//! out.

pub mod event;
pub mod guard;
pub mod hook;
pub mod install;
pub mod protocol;
pub mod record;
pub mod rehearsal;
pub mod secret_file;
pub mod settings;
pub mod shell;
pub mod text;
pub mod transcripts;
