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

use std::{io, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use connmapperl::whois::default_folder;

use self::{
    options::{Command, Options},
    say::{note, written},
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
    match run(Options::parse()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // Each says all of it, what it comes from included.
            note(error);
            ExitCode::FAILURE
        }
    }
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
