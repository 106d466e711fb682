//! What people are told of a credential in a repository's history.

use crate::model::{Finding, GitHistory};
use crate::report::shown::count;

/// Notes for a finding of a repository: which commit brought it, and where it still stands.
pub fn notes(finding: &Finding) -> Vec<(&'static str, String)> {
    let place = finding.primary().origin.git();
    let commit = place.and_then(|place| place.commit.as_ref());
    let mut notes = Vec::new();
    if let Some(commit) = commit {
        let text = format!("{} by {} on {}", commit, commit.author, commit.date);
        notes.push(("since", text));
    }
    if let Some(history) = &finding.history {
        notes.push(("history", stands(history)));
    }
    notes
}

fn stands(history: &GitHistory) -> String {
    let mut text = match (history.commits, history.paths) {
        (0, _) => return "in no commit: an object that nothing refers to".to_owned(),
        (commits, 0 | 1) => format!("in {}", count(commits, "commit", "commits")),
        (commits, paths) => format!(
            "in {}, under {}",
            count(commits, "commit", "commits"),
            count(paths, "path", "paths")
        ),
    };
    text += match (history.in_head, history.reachable) {
        (true, _) => "; still in HEAD",
        (false, true) => "; no longer in HEAD",
        (false, false) => "; no reference leads there (a reflog or a lost commit)",
    };
    if !history.branches.is_empty() {
        text += "; at the tip of ";
        text += &history.branches.join(", ");
        let more = history
            .branch_count
            .saturating_sub(history.branches.len() as u64);
        if more > 0 {
            text += &format!(" and {more} more");
        }
    }
    text
}
