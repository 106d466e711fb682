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
            let bar = bar();
            while ended.recv_timeout(TURN) == Err(RecvTimeoutError::Timeout) {
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

fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner:.cyan} scanning  {msg}  {elapsed_precise:.dim}");
    ProgressBar::new_spinner().with_style(style.expect("because the template is fixed and right"))
}

fn message(progress: &Progress) -> String {
    let (files, bytes, found) = (progress.files(), progress.bytes(), progress.found());
    let stopping = if progress.stopped() { "  stopping" } else { "" };
    format!(
        "{} files  {}  {} found{stopping}",
        HumanCount(files),
        HumanBytes(bytes),
        HumanCount(found)
    )
}
