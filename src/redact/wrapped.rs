//! Commands whose outputs are redacted while they run.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::together::{TOGETHER, together};
use super::{Found, RedactStream, Redacted, Redactor};
use crate::platform::child::{self, Event, Side, Terminal};

/// The most that a pipe is read at a time.
const PIPE: usize = 64 * 1024;
/// The most that a terminal hands out at a time.
const TERMINAL: usize = 4 * 1024;
/// How long a terminal may be silent after its command has ended, before what others may still write there is left.
const SILENCE: Duration = Duration::from_millis(200);

/// How much of what was typed is remembered, in bytes.
const TYPED: usize = 64;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code as a shell tells it: 128 and the signal's number where a signal ended it.
    pub code: i32,
    /// Whether a defect of ours kept a part of its output back.
    pub withheld: bool,
}

/// Is told what was covered, before that comes out; from any thread.
pub type Met<'m> = &'m (dyn Fn(&[Found]) + Sync);

/// The child while it can be sent signals: its id, and 0 before it is there and once it has been waited for.
type Running = Arc<AtomicU32>;

/// Runs a command with its outputs redacted, and waits for its end.
///
/// Signals that are sent to us are sent on to it. Its outputs are two pipes, each redacted by itself, or a terminal of
/// its own where standard input, output and error are all the terminal.
///
/// # Errors
/// Where the command cannot be run.
pub fn run(
    redactor: &Redactor<'_>,
    program: &OsString,
    args: &[OsString],
    met: Met<'_>,
) -> io::Result<Ended> {
    match Terminal::is_outside() {
        true => in_terminal(redactor, program, args, met),
        false => through_pipes(redactor, program, args, met),
    }
}

fn through_pipes(
    redactor: &Redactor<'_>,
    program: &OsString,
    args: &[OsString],
    met: Met<'_>,
) -> io::Result<Ended> {
    let running = Running::default();
    let to = Arc::clone(&running);
    child::watch_signals(move |event| send_on(event, &to, true))?;
    let mut child = Command::new(program)
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    running.store(child.id(), Ordering::SeqCst);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let all = thread::scope(|scope| {
        let out = scope.spawn(|| out.is_none_or(|from| pump(redactor, from, io::stdout(), met)));
        let err = scope.spawn(|| err.is_none_or(|from| pump(redactor, from, io::stderr(), met)));
        [out, err]
            .into_iter()
            .all(|one| one.join().unwrap_or(false))
    });
    let code = wait(&mut child, &running)?;
    Ok(Ended {
        code,
        withheld: !all,
    })
}

fn wait(child: &mut Child, running: &Running) -> io::Result<i32> {
    let status = child.wait();
    running.store(0, Ordering::SeqCst);
    status.map(child::exit_code)
}

fn send_on(event: Event, running: &Running, shared: bool) {
    let id = running.load(Ordering::SeqCst);
    if let (Event::Signal(signal), true) = (event, id != 0) {
        child::forward(id, signal, shared);
    }
}

/// Passes everything on from one end to the other. False where a defect of ours keeps the rest back. Where nobody
/// reads us any more, the command finds its end closed as well once it has written again.
fn pump(
    redactor: &Redactor<'_>,
    from: impl Read + Send + 'static,
    to: impl Write,
    met: Met<'_>,
) -> bool {
    let (tell, news) = sync_channel(TOGETHER / PIPE);
    thread::spawn(move || read_output(from, PIPE, &tell));
    let mut passage = Passage::new(redactor, to, met);
    let mut next = news.recv().ok();
    while let Some(News::Output(mut bytes)) = next {
        next = take_along(&mut bytes, &news);
        match passage.pass(&bytes) {
            Passed::On => {}
            Passed::Unread => return true,
            Passed::Withheld => return false,
        }
        next = next.or_else(|| news.recv().ok());
    }
    passage.end() != Passed::Withheld
}

/// Takes along the output that waits behind `bytes`, and gives back the news behind it, if there is any.
fn take_along(bytes: &mut Vec<u8>, news: &Receiver<News>) -> Option<News> {
    together(bytes, || {
        news.try_recv().ok().map(|news| match news {
            News::Output(more) => Ok(more),
            other => Err(other),
        })
    })
}

/// What became of a piece of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// It has been passed on, or waits.
    On,
    /// Nobody reads it any more.
    Unread,
    /// A defect of ours keeps it back.
    Withheld,
}

/// A redacted way from one output to another.
struct Passage<'r, W> {
    stream: RedactStream<'r>,
    out: Redacted,
    to: W,
    met: Met<'r>,
}

impl<'r, W: Write> Passage<'r, W> {
    fn new(redactor: &'r Redactor<'_>, to: W, met: Met<'r>) -> Passage<'r, W> {
        Passage {
            stream: redactor.stream(),
            out: Redacted::default(),
            to,
            met,
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> Passed {
        let Passage { stream, out, .. } = self;
        // The message of a panic may quote what it stumbled over; nothing of it gets out here.
        match catch_unwind(AssertUnwindSafe(|| stream.feed(bytes, out))) {
            Ok(()) => self.write(),
            Err(_) => Passed::Withheld,
        }
    }

    /// Shows the echo of what was typed, which waits for the word's end otherwise.
    fn echo(&mut self, typed: &[u8]) {
        self.stream.echo(typed, &mut self.out);
        self.write();
    }

    fn end(self) -> Passed {
        let Passage {
            stream,
            mut out,
            to,
            met,
        } = self;
        match catch_unwind(AssertUnwindSafe(|| stream.finish(&mut out))) {
            Ok(()) => write(&mut out, to, met),
            Err(_) => Passed::Withheld,
        }
    }

    fn write(&mut self) -> Passed {
        write(&mut self.out, &mut self.to, self.met)
    }
}

fn write(out: &mut Redacted, mut to: impl Write, met: Met<'_>) -> Passed {
    if !out.found.is_empty() {
        met(&out.found);
    }
    let written = to.write_all(&out.text).and_then(|()| to.flush());
    out.clear();
    match written {
        Ok(()) => Passed::On,
        Err(_) => Passed::Unread,
    }
}

/// What happens while a command runs.
enum News {
    /// It has written something.
    Output(Vec<u8>),
    /// Nothing more can come.
    Closed,
    /// It has ended; told of a command in a terminal.
    Ended,
}

/// What was typed of late.
type Typed = Arc<Mutex<Vec<u8>>>;

fn in_terminal(
    redactor: &Redactor<'_>,
    program: &OsString,
    args: &[OsString],
    met: Met<'_>,
) -> io::Result<Ended> {
    let (terminal, mut child) = Terminal::spawn(program, args)?;
    let running = Running::new(AtomicU32::new(child.id()));
    let (to, side) = (Arc::clone(&running), terminal.side());
    child::watch_signals(move |event| match event {
        Event::Resized => side.fit(),
        signal => send_on(signal, &to, false),
    })?;
    // Keys do not wait in a line behind output that nobody takes: one of them may end it.
    let typed = Typed::default();
    let (keys, note) = (terminal.side(), Arc::clone(&typed));
    thread::spawn(move || pass_keys(keys, &note));
    let (tell, news) = sync_channel(TOGETHER / TERMINAL);
    let (output, tell_output) = (terminal.side(), tell.clone());
    thread::spawn(move || read_output(output, TERMINAL, &tell_output));
    let waiting = Arc::clone(&running);
    let waiter = thread::spawn(move || {
        let code = wait(&mut child, &waiting);
        // Whoever listens may have gone.
        let _ = tell.send(News::Ended);
        code
    });
    let passed = show(redactor, &news, &typed, met);
    // What still comes goes nowhere, so that nothing waits for somebody to take it.
    thread::spawn(move || news.into_iter().for_each(drop));
    let code = waiter.join().unwrap_or(Ok(1));
    drop(terminal);
    Ok(Ended {
        code: code?,
        withheld: passed == Passed::Withheld,
    })
}

/// What is typed goes to the command as it is.
fn pass_keys(mut to: Side, typed: &Typed) {
    let mut buffer = [0; 4096];
    let mut keys = io::stdin().lock();
    while let Ok(count @ 1..) = keys.read(&mut buffer) {
        // Before its echo can come.
        let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
        typed.extend_from_slice(&buffer[..count]);
        let old = typed.len().saturating_sub(TYPED);
        typed.drain(..old);
        drop(typed);
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// Tells what comes, at most `most` bytes at a time, as soon as it comes.
fn read_output(mut from: impl Read, most: usize, tell: &SyncSender<News>) {
    let mut buffer = vec![0; most];
    loop {
        let news = match from.read(&mut buffer) {
            Ok(0) => News::Closed,
            Ok(count) => News::Output(buffer[..count].to_vec()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => News::Closed,
        };
        let closed = matches!(news, News::Closed);
        if tell.send(news).is_err() || closed {
            return;
        }
    }
}

/// Shows the output until the command has ended and its terminal is silent.
fn show(redactor: &Redactor<'_>, news: &Receiver<News>, typed: &Typed, met: Met<'_>) -> Passed {
    let mut passage = Passage::new(redactor, io::stdout(), met);
    let mut patience = None;
    let mut waiting = None;
    loop {
        let next = match (waiting.take(), patience) {
            (Some(news), _) => Ok(news),
            (None, None) => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            (None, Some(silence)) => news.recv_timeout(silence),
        };
        match next {
            Ok(News::Output(mut bytes)) => {
                waiting = take_along(&mut bytes, news);
                if passage.pass(&bytes) == Passed::Withheld {
                    return Passed::Withheld;
                }
                // A key does not wait until the echo of others can be written.
                let typed = typed.lock().unwrap_or_else(PoisonError::into_inner).clone();
                passage.echo(&typed);
            }
            Ok(News::Ended) => patience = Some(SILENCE),
            Ok(News::Closed) | Err(_) => return passage.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::super::known::KnownValues;
    use super::*;
    use crate::engine::{Engine, RuleSet};
    use crate::model::Secret;

    /// Reads pieces, and then fails, if it is to.
    struct Pieces {
        pieces: VecDeque<Vec<u8>>,
        fails: bool,
    }

    impl Pieces {
        fn of(text: &[u8], size: usize, fails: bool) -> Pieces {
            let pieces = text.chunks(size).map(<[u8]>::to_vec).collect();
            Pieces { pieces, fails }
        }
    }

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.pieces.pop_front() {
                None if self.fails => Err(io::Error::other("it is broken")),
                None => Ok(0),
                Some(piece) => {
                    buffer[..piece.len()].copy_from_slice(&piece);
                    Ok(piece.len())
                }
            }
        }
    }

    /// Takes so many bytes, and then fails.
    struct Reader {
        shown: Vec<u8>,
        most: usize,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.most - self.shown.len());
            self.shown.extend_from_slice(&bytes[..count]);
            match count {
                0 if !bytes.is_empty() => Err(io::ErrorKind::BrokenPipe.into()),
                count => Ok(count),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Words with the known value between some of them.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec("[a-z \n]{0,30}(some-value)?", 0..8)
            .prop_map(|pieces| pieces.concat().into_bytes())
    }

    fn knowing(engine: &Engine) -> Redactor<'_> {
        let value = (Arc::from("a test"), Secret::new(b"some-value"));
        let known = KnownValues::new([value]).expect("one value");
        Redactor::new(engine).with_known(known)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Invariant 12: where something is wrong with us, nothing more comes out, whatever comes and however it is cut.
        #[test]
        fn a_defect_keeps_the_rest_back(before in "[a-z \n]{0,60}", behind in text(), size in 1usize..80) {
            let engine = Engine::new(RuleSet::new(Vec::new()));
            // Its automaton finds a form that no value has.
            let redactor = Redactor::new(&engine).with_known(KnownValues::broken("some-value"));
            let text = [before.as_bytes(), b"some-value", &behind].concat();
            let mut out = Vec::new();
            let from = Pieces::of(&text, size, false);
            std::panic::set_hook(Box::new(|_| {}));
            let passed = pump(&redactor, from, &mut out, &|_| {});
            let _ = std::panic::take_hook();
            prop_assert!(!passed);
            prop_assert!(before.as_bytes().starts_with(&out));
        }

        /// Invariant 6: where the command's output cannot be read any more, or nobody reads ours, redacted text alone
        /// has come out, and as much of it as there was.
        #[test]
        fn broken_ends_let_go_redacted_text(text in text(), size in 1usize..80, most in 0usize..200) {
            let engine = Engine::new(RuleSet::new(Vec::new()));
            let redactor = knowing(&engine);
            let want = redactor.redact(&text).text;
            let mut out = Vec::new();
            let from = Pieces::of(&text, size, true);
            let passed = pump(&redactor, from, &mut out, &|_| {});
            prop_assert!(passed);
            prop_assert_eq!(&out, &want);
            let mut reader = Reader { shown: Vec::new(), most };
            let from = Pieces::of(&text, size, false);
            let passed = pump(&redactor, from, &mut reader, &|_| {});
            prop_assert!(passed);
            prop_assert_eq!(&reader.shown, &want[..want.len().min(most)]);
        }
    }
}
