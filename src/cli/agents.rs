//! `connmapperl agents`: who may connect. Works on the same file as the window; a listener that runs notices at once.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{complain, is_closed_pipe};
use crate::{
    config,
    net::server::{Agent, Home, Proof, Register},
};

#[derive(Clone, Debug, Args)]
pub struct AgentsArgs {
    /// Folder with agents.json
    #[arg(long, value_name = "DIR", global = true)]
    fleet: Option<PathBuf>,
    #[command(subcommand)]
    command: AgentsCommand,
}

#[derive(Clone, Debug, Subcommand)]
pub enum AgentsCommand {
    /// Let a machine in: prints its token, this once
    Add {
        /// What it is called on the map
        name: String,
    },
    /// Who may connect
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Cut a machine off for good
    Revoke {
        /// As `agents list` shows it
        name: String,
    },
    /// Give a machine a new token; the old one ends
    Rotate {
        /// As `agents list` shows it
        name: String,
    },
    /// Show it under another name
    Rename {
        /// As `agents list` shows it
        name: String,
        /// What it is called from now on
        new_name: String,
    },
    /// Where it stands, in degrees north and east; without them nowhere
    #[command(allow_negative_numbers = true)]
    Home {
        /// As `agents list` shows it
        name: String,
        /// Degrees north, -90 to 90
        #[arg(requires = "lon")]
        lat: Option<f32>,
        /// Degrees east, -180 to 180
        lon: Option<f32>,
    },
    /// Set one password for all, read from standard input; tokens are safer
    Password {
        /// Take the password back
        #[arg(long)]
        remove: bool,
    },
}

/// The folder of the fleet's files.
///
/// # Errors
/// When none was named and this user has no home.
pub fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = named.map(Path::to_owned).or_else(config::fleet_folder);
    folder.context("there is no folder for the agents' register: HOME is not set; name one with --fleet")
}

/// A reader that has gone away ends it quietly, but for a token that nobody has read then.
///
/// # Errors
/// When the register cannot be read or written, the name does not fit, or the output cannot be written.
pub fn agents(args: &AgentsArgs, out: &mut impl Write) -> anyhow::Result<()> {
    match answer(args, out) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        answered => answered,
    }
}

fn answer(AgentsArgs { fleet, command }: &AgentsArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let folder = folder(fleet.as_deref())?;
    let begins = matches!(command, AgentsCommand::Add { .. } | AgentsCommand::Password { remove: false });
    // Whoever looks into a folder by a wrong name shall not find it made.
    if !begins && !folder.exists() {
        return match command {
            AgentsCommand::List { json } => list(&[], &folder, *json, out),
            _ => bail!("there is no folder {}, and so no agent", folder.display()),
        };
    }
    let register = Register::open(&folder)?;
    match command {
        AgentsCommand::Add { name } => {
            let (agent, token) = register.add(name)?;
            say_token(out, agent.shown_name(), &token)?;
        }
        AgentsCommand::List { json } => list(&register.list()?, &folder, *json, out)?,
        AgentsCommand::Revoke { name } => {
            let agent = register.revoke(name)?;
            writeln!(out, "{} is revoked", agent.shown_name())?;
        }
        AgentsCommand::Rotate { name } => say_token(out, name, &register.rotate(name)?)?,
        AgentsCommand::Rename { name, new_name } => {
            let agent = register.rename(name, new_name)?;
            writeln!(out, "{name} is shown as {}", agent.shown_name())?;
        }
        AgentsCommand::Home { name, lat, lon } => {
            let home = lat.zip(*lon).map(|(lat, lon)| Home { lat, lon });
            let agent = register.set_home(name, home)?;
            match agent.home {
                Some(Home { lat, lon }) => writeln!(out, "{} stands at {lat} {lon}", agent.shown_name())?,
                None => writeln!(out, "{} has no place", agent.shown_name())?,
            }
        }
        AgentsCommand::Password { remove: true } => {
            register.set_password(None)?;
            writeln!(out, "there is no shared password any more")?;
        }
        AgentsCommand::Password { remove: false } => {
            register.set_password(Some(&read_password()?))?;
            writeln!(out, "the shared password is set")?;
        }
    }
    Ok(())
}

fn say_token(out: &mut impl Write, name: &str, token: &str) -> anyhow::Result<()> {
    complain(&format!(
        "The token of {name}, shown this once. On that machine, put it into a file that only you can read:"
    ));
    complain("  umask 077; echo TOKEN > token");
    if let Err(error) = writeln!(out, "{token}").and_then(|()| out.flush()) {
        bail!("the token could not be printed ({error}); `connmapperl agents rotate {name}` makes another");
    }
    Ok(())
}

/// Never from the command line, where `ps` shows it.
fn read_password() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("Password (it will be seen): ");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    // Agents take theirs without blanks at the ends too.
    let password = line.trim();
    if password.is_empty() {
        bail!("no password came; give it on standard input");
    }
    Ok(password.to_owned())
}

/// One entry as it is printed: no hash leaves the file.
#[derive(Serialize)]
struct Entry<'a> {
    number: u32,
    name: &'a str,
    proof: &'static str,
    created: String,
    last_seen: Option<String>,
    revoked: Option<String>,
    home: Option<[f32; 2]>,
}

impl<'a> From<&'a Agent> for Entry<'a> {
    fn from(agent: &'a Agent) -> Self {
        Self {
            number: agent.number,
            name: agent.shown_name(),
            proof: match agent.proof {
                Proof::Token(_) => "token",
                Proof::Password { .. } => "password",
            },
            created: time_text(agent.created_unix_secs),
            last_seen: agent.last_seen_unix_secs.map(time_text),
            revoked: agent.revoked_unix_secs.map(time_text),
            home: agent.home.map(|Home { lat, lon }| [lat, lon]),
        }
    }
}

fn list(agents: &[Agent], folder: &Path, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let entries: Vec<Entry<'_>> = agents.iter().map(Entry::from).collect();
    if json {
        serde_json::to_writer_pretty(&mut *out, &entries).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    if entries.is_empty() {
        let folder = folder.display();
        complain(&format!("no agents in {folder}; `connmapperl agents add NAME` lets one in"));
    }
    let widest = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
    for entry in entries {
        let seen = entry.last_seen.map_or_else(|| "never seen".to_owned(), |seen| format!("seen {seen}"));
        let state = entry.revoked.map_or(seen, |revoked| format!("revoked {revoked}"));
        let home = entry.home.map(|[lat, lon]| format!("  at {lat} {lon}")).unwrap_or_default();
        let name = format!("{:widest$}", entry.name);
        writeln!(out, "{name}  {}  added {}  {state}{home}", entry.proof, entry.created)?;
    }
    Ok(())
}

/// UTC, to the second.
fn time_text(unix_secs: i64) -> String {
    jiff::Timestamp::from_second(unix_secs).map_or_else(|_| unix_secs.to_string(), |time| time.to_string())
}
