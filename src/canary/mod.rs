//! Canaries: credentials that open nothing, planted to be noticed where they turn up.
//!
//! [`mint()`] makes one that looks real in every respect that can be checked offline. The [`Register`] remembers it as a
//! keyed hash, with the place it was planted in, and answers whether a secret that was found is one: it never holds the
//! value, and nothing here makes a connection. [`is_foreign`] knows the canaries of others.
//!
//! What is found in the first place is up to the rules. Kinds without a provider's format carry a canary word, a shape
//! of keysieve's own that the rule `keysieve-canary` finds wherever it stands, also in hexadecimal and base64.

mod foreign;
mod mint;
mod plant;
mod register;
mod store;

pub use foreign::{aws_account_of, is_foreign};
pub use mint::{Kind, Minted, Unminted, mint};
pub use plant::{Unplanted, plant};
pub use register::{Planted, Register, is_alarm};
pub use store::{add, default_file, load, load_usual, remove};
