//! Which program this is. Which data it looks things up in is said by that data.

/// The version, and behind it the day of the source where whoever built the program said so, as `make build` does. It is
/// not the day of the build: the same source makes the same program.
pub const VERSION: &str = match option_env!("CONNMAPPERL_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};
