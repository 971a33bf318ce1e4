//! Asked to end, by Ctrl-C, by whoever runs services, or because the terminal has gone: a thread waits for that. What the
//! program then does is its own business.

use std::{fs, future, io, thread};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

/// Of a process: what it is at, and in hexadecimal digits a bit for each signal that it ignores, from the first one on.
const STATUS: &str = "/proc/self/status";
const IGNORED: &str = "SigIgn:";

/// Calls `then` on the thread that waits, with the signal that came, once. From now on no such signal ends the program. A
/// program that was started to outlive its terminal, with `nohup`, does so.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn when_told_to_end(then: impl FnOnce(SignalKind) + Send + 'static) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let (terminate, interrupt, hangup) =
        (SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup());
    let (mut terminated, mut interrupted, mut hung_up) = {
        let _context = runtime.enter();
        let hung_up = if outlives_its_terminal() { None } else { Some(signal(hangup)?) };
        (signal(terminate)?, signal(interrupt)?, hung_up)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let came = runtime.block_on(async {
            tokio::select! {
                _ = terminated.recv() => terminate,
                _ = interrupted.recv() => interrupt,
                () = received(hung_up.as_mut()) => hangup,
            }
        });
        then(came);
    })?;
    Ok(())
}

/// Waits for a signal, for ever where there is none to wait for.
async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => future::pending().await,
    }
}

/// Whether the end of the terminal was to be ignored, or nobody can say so.
fn outlives_its_terminal() -> bool {
    let ignored = fs::read_to_string(STATUS).ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix(IGNORED))?;
        u64::from_str_radix(line.trim(), 16).ok()
    });
    let hangup = 1 << (SignalKind::hangup().as_raw_value() - 1);
    ignored.is_none_or(|ignored| ignored & hangup != 0)
}
