//! Asked to end, by Ctrl-C, by whoever runs services, or because the terminal has gone: a thread waits for that. What the
//! program then does is its own business.

use std::{
    fs, future, io,
    os::{fd::AsFd, unix::net::UnixStream},
    thread,
};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

/// Of a process: what it is at, and in hexadecimal digits a bit for each signal that it ignores, from the first one on.
const STATUS: &str = "/proc/self/status";
const IGNORED: &str = "SigIgn:";
/// Files that waiting for signals opens beside two of its own: some more than it needs.
const FILES_TO_WAIT: usize = 6;

/// Calls `then` on the thread that waits, with the signal that came, once. From now on no such signal ends the program. One
/// that whoever started the program has it ignore, as `nohup` does and a shell for what runs in its background, stays ignored.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn when_told_to_end(then: impl FnOnce(SignalKind) + Send + 'static) -> io::Result<()> {
    has_files_to_wait()?;
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let (terminate, interrupt, hangup) =
        (SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup());
    let ignored = ignored();
    let listen = |kind: SignalKind, if_unknown: bool| {
        let bit = 1 << (kind.as_raw_value() - 1);
        let is_ignored = ignored.map_or(if_unknown, |ignored: u64| ignored & bit != 0);
        (!is_ignored).then(|| signal(kind)).transpose()
    };
    let (mut terminated, mut interrupted, mut hung_up) = {
        let _context = runtime.enter();
        // Where nobody can say what is ignored, it had better outlive its terminal.
        (listen(terminate, false)?, listen(interrupt, false)?, listen(hangup, true)?)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let came = runtime.block_on(async {
            tokio::select! {
                () = received(terminated.as_mut()) => terminate,
                () = received(interrupted.as_mut()) => interrupt,
                () = received(hung_up.as_mut()) => hangup,
            }
        });
        then(came);
    })?;
    Ok(())
}

/// Where the system gives no more files, the library that waits for signals panics instead of saying so.
fn has_files_to_wait() -> io::Result<()> {
    let (one, _other) = UnixStream::pair()?;
    let more = (0..FILES_TO_WAIT).map(|_| one.as_fd().try_clone_to_owned());
    more.collect::<io::Result<Vec<_>>>().map(drop)
}

/// Waits for a signal, for ever where there is none to wait for.
async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => future::pending().await,
    }
}

/// Signals that the program was started to ignore, a bit for each; `None` where nobody can say.
fn ignored() -> Option<u64> {
    let status = fs::read_to_string(STATUS).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(IGNORED))?;
    u64::from_str_radix(line.trim(), 16).ok()
}
