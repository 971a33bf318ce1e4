//! The agent, started as a user starts it, against a display that does what a test tells it to: over loopback, with real
//! TLS and this machine's own sockets.

#![cfg(test)]

mod chroot;
mod display;
mod in_process;
#[path = "../lab/namespace.rs"]
mod namespace;
mod program;
mod refusals;
mod resume;
mod silence;
mod sleep;
mod state;
mod token;
mod usage;

/// A runtime for one test.
fn wait_for<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}
