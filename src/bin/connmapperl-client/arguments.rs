//! The agent's command line. What is said of it in words is in its man page, packaging/man/connmapperl-client.1.

use std::path::PathBuf;

use clap::Parser;
use connmapperl::{net::agent::ServerAddress, version::VERSION};

/// Reports the TCP and connected UDP sockets of this machine, with their programs, to a connmapperl on another.
///
/// What is not given is looked for: the display's address in the variable CONNMAPPERL_SERVER or a file "server", its
/// certificate in a file "server-cert.pem", the token in the variable CONNMAPPERL_TOKEN or a file "token". Files are
/// looked for beside this program and in ~/.config/connmapperl.
#[derive(Parser)]
#[command(name = "connmapperl-client", version = VERSION)]
pub struct Arguments {
    /// The display to report to; port 6789 if none is given
    #[arg(long, value_name = "HOST[:PORT]")]
    pub server: Option<ServerAddress>,
    /// The display's certificate (PEM), copied from there
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// SHA-256 of the display's certificate, instead of the file
    #[arg(long, value_name = "SHA256", conflicts_with = "cert")]
    pub fingerprint: Option<String>,
    /// File with the token that the display gave for this machine; only its owner may read it. Read again when it changes
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// What this machine is called on the map [default: its host name]
    #[arg(long)]
    pub name: Option<String>,
    /// Time between two looks at the socket table, in milliseconds; lengthened by itself where looking is dear
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    pub interval: u32,
    /// Report to nobody: print the connections that there are now, and exit
    #[arg(long)]
    pub once: bool,
    /// Report to nobody: print connections as they come and go
    #[arg(long, conflicts_with = "once")]
    pub print: bool,
    /// Print JSON: an array with --once, one event a line with --print
    #[arg(long)]
    pub json: bool,
    /// Tell how the sockets are read, and of every attempt to connect, on standard error
    #[arg(short, long)]
    pub verbose: bool,
}
