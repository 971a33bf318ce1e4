//! The program `ip2asn` as a person runs it, with a cache folder of the tests' own.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// `folder` is the user's data folder, with a `connmapperl` in it or none.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ip2asn"));
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).env("XDG_DATA_HOME", folder);
    command
}

pub fn ip2asn(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
