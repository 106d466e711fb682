//! What a person sees while a scan runs: on a terminal only, and only if it takes a while.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use keysieve::scan::Progress;

/// Shorter scans show nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the line is drawn anew.
const TURN: Duration = Duration::from_millis(80);

/// What is shown while nobody knows how much there is.
const UNKNOWN: &str = "{spinner:.cyan} scanning  {msg}  {elapsed_precise:.dim}";
/// What is shown of a repository, whose objects are counted.
const KNOWN: &str = "{spinner:.cyan} scanning  {bar:24.cyan/dim} {human_pos} of {human_len} objects  {msg}  \
                     {elapsed_precise:.dim}, about {eta_precise:.dim} left";

/// A line of progress; gone when dropped.
pub struct Display(Option<(Sender<()>, JoinHandle<()>)>);

impl Display {
    /// Shows `progress`, unless `quiet` or standard error is not a terminal.
    pub fn new(progress: &Arc<Progress>, quiet: bool) -> Display {
        if quiet || !io::stderr().is_terminal() {
            return Display(None);
        }
        let progress = Arc::clone(progress);
        let (end, ended) = channel::<()>();
        let thread = thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_style(style(UNKNOWN));
            let mut told = false;
            while ended.recv_timeout(TURN) == Err(RecvTimeoutError::Timeout) {
                if progress.expected() > 0 && !told {
                    bar.set_style(style(KNOWN));
                    told = true;
                }
                bar.set_length(progress.expected());
                bar.set_position(progress.objects());
                bar.set_message(message(&progress));
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Display(Some((end, thread)))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.expect("because the templates are fixed and right")
}

fn message(progress: &Progress) -> String {
    let (bytes, found) = (HumanBytes(progress.bytes()), HumanCount(progress.found()));
    let stopping = if progress.stopped() { "  stopping" } else { "" };
    let files = match progress.expected() {
        0 => format!("{} files  ", HumanCount(progress.files())),
        _ => String::new(),
    };
    format!("{files}{bytes}  {found} found{stopping}")
}
