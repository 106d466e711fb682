//! The embedded rules and their tables, as the build script laid them down.

use std::borrow::Cow;

use super::lexicon::Lexicon;
use super::sieve::{Buckets, Entry, Sieve};
use super::tables::Index;
use crate::model::{Confidence, Severity};
use crate::rule::*;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));
