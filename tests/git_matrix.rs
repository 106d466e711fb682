//! Everything that a repository can hold and every way in which it can be broken, made by real git.
//!
//! Each case builds a repository and plants secrets in it. What is whole must be found to the last; what cannot be seen
//! must be named, and all else found. How a report says it is read in one place, `git_matrix/case.rs`.
//!
//! Not on Windows, where half of these names cannot be written.
#![cfg(unix)]

#[path = "git_matrix/case.rs"]
#[macro_use]
mod case;
#[path = "git_matrix/broken.rs"]
mod broken;
#[path = "git_matrix/content.rs"]
mod content;
#[path = "git_matrix/history.rs"]
mod history;
#[path = "git_matrix/hostile.rs"]
mod hostile;
#[path = "git_matrix/layout.rs"]
mod layout;
#[path = "git_matrix/range.rs"]
mod range;
#[path = "git_matrix/storage.rs"]
mod storage;
mod support;
