//! What the program says beside its answers. What is done is done whether anybody hears of it or not, so where nothing can
//! be written the rest goes on.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// What was done, on standard output.
pub fn say(told: &str) {
    let _ = io::stdout().write_all(told.as_bytes());
}

/// What is wrong or to be known, a line on standard error.
pub fn note(told: impl Display) {
    mutter(format!("ip2asn: {told}\n"));
}

/// Text on standard error as it is.
pub fn mutter(text: impl Display) {
    let _ = io::stderr().write_all(text.to_string().as_bytes());
}

/// Clears the line that the cursor is on, where standard error is a terminal.
pub fn clear_line() {
    if io::stderr().is_terminal() {
        mutter("\r\x1b[K");
    }
}
