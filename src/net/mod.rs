//! The network edge: what this machine's sockets say.

pub mod collector;
