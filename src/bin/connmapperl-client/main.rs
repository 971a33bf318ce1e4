//! `connmapperl-client`: the agent. Reports this machine's connections to a display; or prints them.

mod arguments;
mod memory;
mod print;
mod report;

use std::{env, ffi::OsString, io, process::ExitCode};

use clap::Parser;

use self::arguments::Arguments;

/// For arguments that cannot be used, as clap has it.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    memory::keep_small();
    if has_password(env::args_os()) {
        complain(
            "--password is not taken, because everybody on this machine could read it in the list of processes: put \
             the password or token into a file that only you may read (chmod 600) and name it with --token-file.",
        );
        return ExitCode::from(WRONG_USAGE);
    }
    let arguments = Arguments::parse();
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

/// As connmap took it. No option of ours, so that no shell offers it.
fn has_password(mut arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.any(|it| it == "--password" || it.as_encoded_bytes().starts_with(b"--password="))
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
