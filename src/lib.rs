//! keysieve finds leaked credentials in files, streams and agent output.

pub mod model;
