//! `connmapperl-client`: the agent. Reports this machine's connections to a display; or prints them.

mod memory;
mod print;
mod report;

use std::{ffi::OsString, io, path::PathBuf, process::ExitCode};

use clap::Parser;
use connmapperl::net::agent::ServerAddress;

/// For arguments that cannot be used, as clap has it.
const WRONG_USAGE: u8 = 2;

/// Reports the TCP and connected UDP sockets of this machine, with their programs, to a connmapperl on another.
///
/// What is not given is looked for: the display's address in the variable CONNMAPPERL_SERVER or a file "server", its
/// certificate in a file "server-cert.pem", the token in the variable CONNMAPPERL_TOKEN or a file "token". Files are
/// looked for beside this program and in ~/.config/connmapperl.
#[derive(Parser)]
#[command(name = "connmapperl-client", version)]
struct Arguments {
    /// The display to report to; port 6789 if none is given
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Option<ServerAddress>,
    /// The display's certificate (PEM), copied from there
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// SHA-256 of the display's certificate, instead of the file
    #[arg(long, value_name = "SHA256", conflicts_with = "cert")]
    fingerprint: Option<String>,
    /// File with the token that the display gave for this machine; only its owner may read it. Read again when it changes
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// What this machine is called on the map [default: its host name]
    #[arg(long)]
    name: Option<String>,
    /// Time between two looks at the socket table, in milliseconds; lengthened by itself where looking is dear
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    interval: u32,
    /// Report to nobody: print the connections that there are now, and exit
    #[arg(long)]
    once: bool,
    /// Report to nobody: print connections as they come and go
    #[arg(long, conflicts_with = "once")]
    print: bool,
    /// Print JSON: an array with --once, one event a line with --print
    #[arg(long)]
    json: bool,
    /// Tell how the sockets are read, and of every attempt to connect, on standard error
    #[arg(short, long)]
    verbose: bool,
    /// As connmap had it. Everybody on a machine can read its programs' arguments.
    #[arg(long, hide = true, num_args = 0..=1, value_name = "PASSWORD")]
    password: Option<Option<OsString>>,
}

fn main() -> ExitCode {
    memory::keep_small();
    let arguments = Arguments::parse();
    if arguments.password.is_some() {
        complain(
            "--password is not taken, because everybody on this machine could read it in the list of processes: put \
             the password or token into a file that only you may read (chmod 600) and name it with --token-file.",
        );
        return ExitCode::from(WRONG_USAGE);
    }
    if arguments.json && !arguments.once && !arguments.print {
        complain("--json goes with --once or --print: a display is told in another language.");
        return ExitCode::from(WRONG_USAGE);
    }
    let done = if arguments.once {
        print::print_once(&arguments)
    } else if arguments.print {
        print::follow(&arguments)
    } else {
        report::report(&arguments)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever started the program; where nobody listens any more, it goes on all the same.
fn complain(line: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "connmapperl-client: {line}");
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
