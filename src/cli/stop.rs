//! Asked to end, by Ctrl-C or by whoever runs services: the program hears of it, and may end what it is at.

use std::{io, process, thread, time::Duration};

use crossbeam_channel::{Receiver, bounded};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

/// What a program does that is told to end.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// How long it may take for that. Whoever it writes to may never read.
    pub patience: Duration,
    /// Its exit code, whether it ends in time or is ended.
    pub exit_code: u8,
}

/// The channel closes when the program shall end. Should it not do so in time, it is ended all the same.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn signals(ending: Ending) -> io::Result<Receiver<()>> {
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
        thread::sleep(ending.patience);
        process::exit(ending.exit_code.into());
    })?;
    Ok(stop)
}
