/// A mistake in a rule file, with the place it stands in.
pub use crate::model::SourceError as RuleError;
