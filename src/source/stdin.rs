//! Bytes that come by themselves: standard input.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// The most bytes of a chunk.
const CHUNK: usize = 256 * 1024;
/// Chunks that may wait, so that an endless input needs no more memory than this: 4 MiB of a file, a quarter of that from a
/// pipe, which hands over less at a time.
const WAITING: usize = 16;

/// Reads on a thread of its own and hands over what comes as soon as it comes, so that the scan can be stopped while
/// the input is silent. The last chunk, at the end or after an error, is followed by nothing.
pub fn chunks(mut input: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(WAITING);
    thread::spawn(move || {
        let mut buffer = vec![0; CHUNK];
        loop {
            let message = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => Err(e),
            };
            let over = message.is_err();
            // The receiver is gone when the scan was stopped.
            if sender.send(message).is_err() || over {
                return;
            }
        }
    });
    receiver
}
