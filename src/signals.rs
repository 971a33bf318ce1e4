//! Asked to end, by Ctrl-C or by whoever runs services: a thread waits for that. What the program then does is its own
//! business.

use std::{io, thread};

use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

/// Calls `then` on the thread that waits, with the signal that came, once. From now on no such signal ends the program.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn when_told_to_end(then: impl FnOnce(SignalKind) + Send + 'static) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
    let (mut terminated, mut interrupted) = {
        let _context = runtime.enter();
        (signal(terminate)?, signal(interrupt)?)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let came = runtime.block_on(async {
            tokio::select! {
                _ = terminated.recv() => terminate,
                _ = interrupted.recv() => interrupt,
            }
        });
        then(came);
    })?;
    Ok(())
}
