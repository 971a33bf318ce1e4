//! Which program this is: its version and the day of its source. Which data it looks things up in is said by that data, and
//! `--version` prints both.

/// The version, and behind it the day of the source where whoever built the program said so, as `make build` does from
/// `SOURCE_DATE_EPOCH`. It is not the day of the build: the same source makes the same program.
pub const VERSION: &str = match option_env!("CONNMAPPERL_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};
