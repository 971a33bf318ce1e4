//! What can be found out about one address when the user asks: what this machine knows ([`ip2asn`]), its lines in a web
//! server's log ([`weblog`]), and what a program says of it ([`command`]). Everything here blocks; the caller brings a thread, and a flag to stop it. Nothing
//! here draws, and nothing here speaks with the network itself: a program that is run may.

pub mod command;
pub mod ip2asn;
pub mod show;
pub mod weblog;
