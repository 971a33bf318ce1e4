//! `ip2asn`: who holds an address or an AS number and where it is, from what the user has imported and from the tables
//! built into the program. `ip2asn update` uses the network, and nothing else does.

mod ask;
mod bar;
mod found;
mod manage;
mod options;
mod pack;
mod plain;
mod say;
mod stop;
mod update;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, error::ErrorKind};
use connmapperl::{geo::embedded::built_in, lookup::show::in_line, whois::default_folder};

use self::{
    options::{Command, Options},
    plain::Plain,
    say::{note, say, written},
};

/// Where what was imported lies, or would, cannot be told.
const NO_FOLDER: &str = "neither XDG_DATA_HOME nor HOME is set: name a folder with --data DIR";

/// The worst that became of any query, or of telling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Found = 0,
    NotFound = 1,
    /// As with a command line that is wrong.
    BadInput = 2,
    /// Standard output took not all of it.
    NotWritten = 3,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    match run(options) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // Each says all of it, what it comes from included.
            note(error);
            ExitCode::FAILURE
        }
    }
}

/// The command line, or the exit code of one that is wrong or asks for help: what is to be said is said.
fn options() -> Result<Options, ExitCode> {
    Options::try_parse().map_err(|error| {
        // It quotes what is wrong: the lines of the message are to be the program's own.
        let in_lines = env::args_os().map(|argument| in_line(&argument.to_string_lossy()));
        let error = Options::try_parse_from(in_lines).err().unwrap_or(error);
        let mut told = error.render().to_string();
        if error.kind() == ErrorKind::DisplayVersion {
            match built_in() {
                Ok(info) => told += &format!("{info}\n"),
                Err(error) => note(error),
            }
        }
        if error.use_stderr() {
            // As of all that is said beside answers, nobody has to hear of it.
            let _ = Plain::new(io::stderr()).write_all(told.as_bytes());
            return Outcome::BadInput.into();
        }
        written(say(&told)).into()
    })
}

fn run(mut options: Options) -> anyhow::Result<Outcome> {
    let folder = options.data.clone().or_else(default_folder);
    let named = || folder.as_deref().context(NO_FOLDER);
    let done = match options.command.take() {
        Some(Command::Import(import)) => return manage::import(named()?, &import),
        Some(Command::Update(update)) => return update::update(named()?, &update),
        Some(Command::Status(status)) => manage::status(named()?, &status),
        None => ask::run(folder.as_deref(), &options),
    };
    // Nothing but the output fails in this way: what was asked and what was imported have errors of their own.
    done.or_else(|error| Ok(written(Err(error.downcast::<io::Error>()?))))
}
