//! What the run could not do, and what narrowed it, as tool notifications.

use serde_json::json;
use serde_sarif::sarif::{
    Invocation, Message, Notification, NotificationLevel, ReportingDescriptor,
    ReportingDescriptorReference,
};

use super::{physical, place, text};
use crate::model::{Origin, Skip, SkipKind, Summary};
use crate::report::shown::{harmless, meaning};

/// Notifications that are not about one input; they follow those of [`SkipKind::ALL`] in the list.
const OF_RUN: [(&str, &str); 4] = [
    (
        INCOMPLETE,
        "The run is not complete: no finding does not mean no secret",
    ),
    (INTERRUPTED, "The run was stopped before its end"),
    (NARROWED, "Something narrowed what is reported"),
    (UNUSED, "A suppression no longer matches anything"),
];
const INCOMPLETE: &str = "incomplete";
const INTERRUPTED: &str = "interrupted";
const NARROWED: &str = "narrowed";
const UNUSED: &str = "unused-suppression";

fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    SkipKind::ALL
        .into_iter()
        .map(|kind| (kind.name(), meaning(kind)))
        .chain(OF_RUN)
}

/// Every notification that there is; always all of them, so that an index means the same in every report.
pub fn descriptors() -> Vec<ReportingDescriptor> {
    let described = |(id, what)| {
        ReportingDescriptor::builder()
            .id(id)
            .short_description(text(what))
            .build()
    };
    kinds().map(described).collect()
}

/// The run as SARIF tells it.
pub fn invocation(skips: &[Skip], summary: &Summary) -> Invocation {
    let mut execution: Vec<Notification> = skips.iter().map(of_skip).collect();
    let reasons = summary.incomplete.iter();
    execution.extend(reasons.map(|why| notification(INCOMPLETE, NotificationLevel::Error, why)));
    if summary.interrupted {
        let why = "Interrupted: these are the results until then";
        execution.push(notification(INTERRUPTED, NotificationLevel::Error, why));
    }
    let notes = summary.notes.iter();
    let mut configuration: Vec<Notification> = notes
        .map(|note| notification(NARROWED, NotificationLevel::Note, note))
        .collect();
    configuration.extend(summary.unused.iter().map(|unused| {
        let what = format!("Unused suppression: {}: {}", unused.place, unused.entry);
        notification(UNUSED, NotificationLevel::Note, &what)
    }));
    Invocation::builder()
        .execution_successful(summary.incomplete.is_empty() && !summary.interrupted)
        .tool_execution_notifications(execution)
        .tool_configuration_notifications(configuration)
        .build()
}

fn of_skip(skip: &Skip) -> Notification {
    let level = match skip.kind.is_policy() {
        true => NotificationLevel::Warning,
        false => NotificationLevel::Error,
    };
    let what = format!("{}: {}", skip.origin, skip.detail);
    let mut told = notification(skip.kind.name(), level, &what);
    if let Origin::File(_) = skip.origin {
        told.locations = Some(vec![place(physical(&skip.origin))]);
    }
    told
}

fn notification(id: &str, level: NotificationLevel, what: &str) -> Notification {
    let index = kinds().position(|(known, _)| known == id);
    let index = index.expect("because every id in use is in the list");
    Notification::builder()
        .descriptor(
            ReportingDescriptorReference::builder()
                .id(id)
                .index(index as i64)
                .build(),
        )
        .level(json!(level))
        .message(Message::from(&*harmless(what)))
        .build()
}
