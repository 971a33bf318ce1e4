//! Ctrl+C, or being told to end, while something is imported: what is half written, some gigabytes perhaps, is removed
//! before the program ends. What was imported before stays, and what was fetched too.

use std::{io, path::Path, process};

use connmapperl::{signals::when_told_to_end, whois::import::clear_half_written};

use crate::say::{clear_line, note};

/// Exit codes of programs that a signal ends are this and its number.
const ENDED_BY: i32 = 128;

/// Ends the program on a signal from now on. The folder is open for imports.
///
/// # Errors
/// When the system gives no thread, or no signals.
pub fn clear_on_signals(folder: &Path) -> io::Result<()> {
    let folder = folder.to_owned();
    when_told_to_end(move |signal| {
        clear_line();
        note("interrupted; what was imported before stays as it was");
        if let Err(error) = clear_half_written(&folder) {
            note(error);
        }
        process::exit(ENDED_BY + signal.as_raw_value());
    })
}
