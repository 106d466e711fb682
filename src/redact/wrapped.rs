//! Commands whose outputs are redacted while they run.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::{Found, RedactStream, Redacted, Redactor};
use crate::platform::child::{self, Event, Side, Terminal};

/// The most that is read at a time.
const CHUNK: usize = 64 * 1024;
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

/// Passes everything on from one end to the other. False where a defect of ours keeps the rest back. An end that
/// nobody reads any more is closed to the command as well.
fn pump(redactor: &Redactor<'_>, mut from: impl Read, to: impl Write, met: Met<'_>) -> bool {
    let mut passage = Passage::new(redactor, to, met);
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => match passage.pass(&buffer[..count]) {
                Passed::On => {}
                Passed::Unread => return true,
                Passed::Withheld => return false,
            },
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    passage.end() != Passed::Withheld
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

/// What happens while a command runs in a terminal.
enum News {
    /// Somebody has typed something.
    Typed(Vec<u8>),
    /// It has written something.
    Output(Vec<u8>),
    /// Nothing more can come.
    Closed,
    /// It has ended.
    Ended,
}

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
    let (tell, news) = channel();
    let (keys, tell_keys) = (terminal.side(), tell.clone());
    thread::spawn(move || pass_keys(keys, &tell_keys));
    let (output, tell_output) = (terminal.side(), tell.clone());
    thread::spawn(move || read_output(output, &tell_output));
    let waiting = Arc::clone(&running);
    let waiter = thread::spawn(move || {
        let code = wait(&mut child, &waiting);
        // Whoever listens may have gone.
        let _ = tell.send(News::Ended);
        code
    });
    let passed = show(redactor, &news, met);
    let code = waiter.join().unwrap_or(Ok(1));
    drop(terminal);
    Ok(Ended {
        code: code?,
        withheld: passed == Passed::Withheld,
    })
}

/// What is typed goes to the command as it is.
fn pass_keys(mut to: Side, tell: &Sender<News>) {
    let mut buffer = [0; 4096];
    let mut keys = io::stdin().lock();
    while let Ok(count @ 1..) = keys.read(&mut buffer) {
        // Before its echo can come.
        let _ = tell.send(News::Typed(buffer[..count].to_vec()));
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

fn read_output(mut from: Side, tell: &Sender<News>) {
    let mut buffer = vec![0; CHUNK];
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
fn show(redactor: &Redactor<'_>, news: &Receiver<News>, met: Met<'_>) -> Passed {
    let mut passage = Passage::new(redactor, io::stdout(), met);
    let mut patience = None;
    let mut typed = Vec::new();
    loop {
        let next = match patience {
            None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(silence) => news.recv_timeout(silence),
        };
        match next {
            Ok(News::Typed(keys)) => {
                typed.extend(keys);
                typed.drain(..typed.len().saturating_sub(TYPED));
            }
            Ok(News::Output(bytes)) => match passage.pass(&bytes) {
                Passed::Withheld => return Passed::Withheld,
                Passed::On | Passed::Unread => passage.echo(&typed),
            },
            Ok(News::Ended) => patience = Some(SILENCE),
            Ok(News::Closed) | Err(_) => return passage.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::known::KnownValues;
    use super::*;
    use crate::engine::{Engine, RuleSet};
    use crate::model::Secret;

    /// Reads pieces, and then fails, if it is to.
    struct Pieces<'p> {
        pieces: Vec<&'p [u8]>,
        fails: bool,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.pieces.is_empty() {
                true if self.fails => Err(io::Error::other("it is broken")),
                true => Ok(0),
                false => {
                    let piece = self.pieces.remove(0);
                    buffer[..piece.len()].copy_from_slice(piece);
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
            let from = Pieces { pieces: text.chunks(size).collect(), fails: false };
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
            let from = Pieces { pieces: text.chunks(size).collect(), fails: true };
            let passed = pump(&redactor, from, &mut out, &|_| {});
            prop_assert!(passed);
            prop_assert_eq!(&out, &want);
            let mut reader = Reader { shown: Vec::new(), most };
            let from = Pieces { pieces: text.chunks(size).collect(), fails: false };
            let passed = pump(&redactor, from, &mut reader, &|_| {});
            prop_assert!(passed);
            prop_assert_eq!(&reader.shown, &want[..want.len().min(most)]);
        }
    }
}
