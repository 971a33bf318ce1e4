//! What the program says beside its answers. What is done is done whether anybody hears of it or not, so where nothing can
//! be written the rest goes on; the exit code tells of it.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use crate::{Outcome, plain::Plain};

/// What was done, on standard output.
///
/// # Errors
/// For [`written`], when all is done.
pub fn say(told: &str) -> io::Result<()> {
    Plain::new(io::stdout()).write_all(told.as_bytes())
}

/// What became of writing to standard output. Whoever has read enough of it is no failure.
pub fn written(done: io::Result<()>) -> Outcome {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            note(format_args!("standard output: {error}"));
            Outcome::NotWritten
        }
        _ => Outcome::Found,
    }
}

/// What is wrong or to be known, a line on standard error.
pub fn note(told: impl Display) {
    let _ = Plain::new(io::stderr()).write_all(format!("ip2asn: {told}\n").as_bytes());
}

/// Text on standard error as it is: the program's own.
pub fn mutter(text: impl Display) {
    let _ = io::stderr().write_all(text.to_string().as_bytes());
}

/// Clears the line that the cursor is on, where standard error is a terminal.
pub fn clear_line() {
    if io::stderr().is_terminal() {
        mutter("\r\x1b[K");
    }
}
