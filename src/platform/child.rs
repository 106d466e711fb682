//! Commands that run under our eyes: their terminal, the signals they are to get, and how they ended.

use std::io;
use std::process::{Child, ExitStatus};

/// The exit code of a command as a shell tells it: its own, or 128 and the number of the signal that ended it.
pub fn exit_code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;

        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(1)
}

/// What [`watch_signals`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The terminal has another size.
    Resized,
    /// A signal that was meant for the command, by its number.
    Signal(i32),
}

/// Calls `handler`, on a thread of its own, for each signal that would end or inform the process. They no longer end it.
///
/// # Errors
/// Where the system cannot.
#[cfg(unix)]
pub fn watch_signals(mut handler: impl FnMut(Event) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
    use signal_hook::iterator::Signals;

    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            handler(match signal {
                SIGWINCH => Event::Resized,
                other => Event::Signal(other),
            });
        }
    });
    Ok(())
}

/// Where a system has no signals, Ctrl-C reaches the command by itself, and must not end us before it.
#[cfg(not(unix))]
pub fn watch_signals(mut handler: impl FnMut(Event) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || handler(Event::Signal(2))).map_err(io::Error::other)
}

/// Sends a signal on to a child that has not been waited for. With `shared`, the child has our terminal, and what a key
/// of it means has reached the child already.
#[cfg(unix)]
pub fn forward(child: u32, signal: i32, shared: bool) {
    use rustix::process::{Pid, Signal, getpgrp, kill_process};
    use signal_hook::consts::{SIGINT, SIGQUIT};

    let by_key = matches!(signal, SIGINT | SIGQUIT);
    let foreground = || {
        let group = rustix::termios::tcgetpgrp(rustix::stdio::stdin());
        group.is_ok_and(|group| group == getpgrp())
    };
    if shared && by_key && foreground() {
        return;
    }
    let pid = i32::try_from(child).ok().and_then(Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(signal)) {
        // It may have ended by now.
        let _ = kill_process(pid, signal);
    }
}

/// Sends a signal on to a child: where a system has none, the terminal has done it.
#[cfg(not(unix))]
pub fn forward(_child: u32, _signal: i32, _shared: bool) {}

#[cfg(not(unix))]
pub use other::{Side, Terminal};
#[cfg(unix)]
pub use unix::{Side, Terminal};

#[cfg(not(unix))]
mod other {
    use std::convert::Infallible;
    use std::ffi::OsString;
    use std::io::{self, Read, Write};

    use super::Child;

    /// There is none here.
    pub struct Terminal(Infallible);

    /// There is none here.
    #[derive(Clone)]
    pub struct Side(Infallible);

    impl Terminal {
        /// Whether a command can have a terminal of its own: never.
        pub fn is_outside() -> bool {
            false
        }

        /// Runs nothing.
        ///
        /// # Errors
        /// Always.
        pub fn spawn(_program: &OsString, _args: &[OsString]) -> io::Result<(Terminal, Child)> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// Its side towards us.
        pub fn side(&self) -> Side {
            match self.0 {}
        }
    }

    impl Side {
        /// Gives it the size of ours.
        pub fn fit(&self) {
            match self.0 {}
        }
    }

    impl Read for Side {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            match self.0 {}
        }
    }

    impl Write for Side {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            match self.0 {}
        }

        fn flush(&mut self) -> io::Result<()> {
            match self.0 {}
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsString;
    use std::io::{self, IsTerminal, Read, Write};
    use std::sync::Arc;

    use pty_process::blocking::{Command, Pty, open};
    use rustix::process::getpgrp;
    use rustix::stdio::stdin;
    use rustix::termios::{
        OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
    };

    use super::Child;

    /// A terminal within the terminal, for a command that is to believe in it. While it lives, the outer one passes
    /// every key on; when it is dropped, the outer one is as it was.
    pub struct Terminal {
        inner: Arc<Pty>,
        outer: Termios,
    }

    /// One side of it that can be read and written.
    #[derive(Clone)]
    pub struct Side(Arc<Pty>);

    impl Terminal {
        /// Whether standard input, output and error are all a terminal, and ours to change: whoever does that in the
        /// background is stopped.
        pub fn is_outside() -> bool {
            let is_one = io::stdin().is_terminal()
                && io::stdout().is_terminal()
                && io::stderr().is_terminal();
            let in_front = tcgetpgrp(stdin()).map_or(true, |group| group == getpgrp());
            is_one && in_front
        }

        /// Runs a command in a terminal of its own, of the size and the settings of ours.
        ///
        /// # Errors
        /// Where there is no such program, or the system has no terminal to give.
        pub fn spawn(program: &OsString, args: &[OsString]) -> io::Result<(Terminal, Child)> {
            let (inner, end) = open().map_err(reason)?;
            let outer = tcgetattr(stdin())?;
            tcsetattr(&inner, OptionalActions::Now, &outer)?;
            let terminal = Terminal {
                inner: Arc::new(inner),
                outer,
            };
            terminal.side().fit();
            let child = Command::new(program)
                .args(args)
                .spawn(end)
                .map_err(reason)?;
            let mut raw = terminal.outer.clone();
            raw.make_raw();
            tcsetattr(stdin(), OptionalActions::Drain, &raw)?;
            Ok((terminal, child))
        }

        /// Its side towards us.
        pub fn side(&self) -> Side {
            Side(Arc::clone(&self.inner))
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            // There is nobody left to tell.
            let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.outer);
        }
    }

    impl Side {
        /// Gives it the size of ours.
        pub fn fit(&self) {
            if let Ok(size) = tcgetwinsize(stdin()) {
                let _ = self
                    .0
                    .resize(pty_process::Size::new(size.ws_row, size.ws_col));
            }
        }
    }

    impl Read for Side {
        /// Nothing more comes once the command has closed its side, which Linux calls an error.
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match (&*self.0).read(buffer) {
                Err(e) if e.raw_os_error() == Some(libc::EIO) => Ok(0),
                other => other,
            }
        }
    }

    impl Write for Side {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            (&*self.0).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn reason(error: pty_process::Error) -> io::Error {
        match error {
            pty_process::Error::Io(error) => error,
            pty_process::Error::Rustix(error) => error.into(),
        }
    }
}
