//! Rules by their ids.

use std::fmt;

/// A rule's id, or the beginning of ids and a `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePattern {
    text: String,
    beginning: bool,
}

impl RulePattern {
    /// Reads `github-pat` or `github-*`.
    ///
    /// # Errors
    /// What was found and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let head = text.strip_suffix('*');
        let id = head.unwrap_or(text);
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || !id.bytes().all(fits) {
            return Err(format!(
                "`{text}` is no rule; expected an id such as `github-pat`, or its beginning and `*`"
            ));
        }
        Ok(RulePattern {
            text: id.to_owned(),
            beginning: head.is_some(),
        })
    }

    /// Whether it names the rule of this id.
    pub fn matches(&self, rule: &str) -> bool {
        match self.beginning {
            true => rule.starts_with(&self.text),
            false => rule == self.text,
        }
    }
}

impl fmt::Display for RulePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(if self.beginning { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_rule_or_those_that_begin_alike() {
        let cases = [
            ("github-pat", "github-pat", true),
            ("github-pat", "github-pat-2", false),
            ("github-*", "github-pat", true),
            ("github-*", "github", false),
            ("github-*", "gitlab-pat", false),
            ("*", "github-pat", true),
        ];
        for (pattern, rule, want) in cases {
            let parsed = RulePattern::parse(pattern).expect("because it is one");
            assert_eq!(parsed.matches(rule), want, "{pattern} {rule}");
            assert_eq!(parsed.to_string(), pattern);
        }
    }

    #[test]
    fn refuses_what_can_name_no_rule() {
        for text in ["", "GitHub", "a b", "*-key", "a*b", "a**", "a?"] {
            let error = RulePattern::parse(text).expect_err(text);
            assert!(error.contains("expected an id such as"), "{error}");
        }
    }
}
