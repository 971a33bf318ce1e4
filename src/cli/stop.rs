//! Asked to end, by Ctrl-C or by whoever runs services: the program hears of it, and may end what it is at.

use std::{io, process, thread, time::Duration};

use crossbeam_channel::{Receiver, bounded};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

/// Whoever is in the middle of a line may end it; but the reader of a pipe may never read it.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The channel closes when the program shall end. Should it not do so within `patience`, it is ended all the same.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn signals(patience: Duration) -> io::Result<Receiver<()>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt) = {
        let _context = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let (came, stop) = bounded(0);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        drop(came);
        thread::sleep(patience);
        process::exit(0);
    })?;
    Ok(stop)
}
