//! What the program says beside its answers. What is done is done whether anybody hears of it or not, so where nothing can
//! be written the rest goes on; the exit code tells of it.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use connmapperl::lookup::show::in_line;

use crate::{Outcome, plain::Plain};

/// What was done, on standard output.
///
/// # Errors
/// For [`written`], when all is done.
pub fn say(told: &str) -> io::Result<()> {
    Plain::new(io::stdout()).write_all(told.as_bytes())
}

/// What became of writing to standard output.
pub fn written(done: io::Result<()>) -> Outcome {
    match done {
        Err(error) => {
            note(format_args!("standard output: {error}"));
            Outcome::NotWritten
        }
        Ok(()) => Outcome::Found,
    }
}

/// What is wrong or to be known, one line on standard error whatever names of others are in it.
pub fn note(told: impl Display) {
    mutter(format_args!("ip2asn: {}\n", in_line(&told.to_string())));
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
