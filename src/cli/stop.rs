//! What a program does that is asked to end: it hears of it, and may end what it is at.

use std::{io, process, thread, time::Duration};

use crossbeam_channel::{Receiver, bounded};

use crate::signals::when_told_to_end;

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
    let (came, stop) = bounded(0);
    when_told_to_end(move |_| {
        drop(came);
        thread::sleep(ending.patience);
        process::exit(ending.exit_code.into());
    })?;
    Ok(stop)
}
