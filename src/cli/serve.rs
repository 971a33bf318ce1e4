//! `connmapperl serve`: the listener, with the window or without. Without one it prints what agents say as JSON lines,
//! and can keep them in a file from which a killed one goes on, so that nothing is lost and nothing written twice.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use crossbeam_channel::bounded;

use super::{Cli, agents::folder};
use crate::{
    config,
    enrich::{FLEET_CAPACITY, FleetLines, FleetLog, Sources},
    net::server::{FleetMessage, ListenAddress},
    systems::services::fleet::{FleetStart, start_listening},
};

#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// No window: print what agents say, one JSON object a line
    #[arg(long)]
    pub no_gui: bool,
    /// Append the lines to this file, and go on where it ends
    #[arg(long, value_name = "FILE", requires = "no_gui")]
    pub log: Option<PathBuf>,
}

/// What the window is to do about agents.
///
/// # Errors
/// When what was remembered is no address.
pub fn fleet_start(args: &Cli) -> anyhow::Result<FleetStart> {
    // A scene is shown to others; it opens no port and touches no register.
    if args.common.demo.is_some() {
        return Ok(FleetStart::default());
    }
    let asked = args.listener.listen.or(args.command.is_some().then(ListenAddress::default));
    let listen = match asked {
        Some(listen) => Some(listen),
        None => config::remembered_listen().map(|text| text.parse()).transpose()?,
    };
    let folder = match listen {
        Some(_) => Some(folder(&args.listener)?),
        None => args.listener.fleet.clone().or_else(config::fleet_folder),
    };
    Ok(FleetStart { folder, listen })
}

/// Runs until it is killed, or until nobody reads what it prints.
///
/// # Errors
/// When it cannot listen, or the file cannot be read or written.
pub fn serve(args: &Cli, serve: &ServeArgs) -> anyhow::Result<()> {
    let folders = args.common.folders()?;
    let mut sources = Sources::open(folders.data.as_deref(), folders.cache.as_deref());
    let (out, known_runs): (Box<dyn Write>, _) = match &serve.log {
        Some(path) => {
            let log = FleetLog::open(path)?;
            (Box::new(log.file), log.known_runs)
        }
        None => (Box::new(io::stdout().lock()), Default::default()),
    };
    let (to_us, messages) = bounded(FLEET_CAPACITY);
    let address = args.listener.listen.unwrap_or_default();
    let (_listener, facts) = start_listening(address, &folder(&args.listener)?, known_runs.clone(), to_us)?;
    eprintln!("listening on {}; the certificate is {}", facts.address, facts.certificate.display());
    eprintln!("its SHA-256 fingerprint is {}", facts.fingerprint);
    eprintln!("on another machine: {}", facts.command);
    let mut lines = FleetLines::new(out, known_runs);
    for message in &messages {
        let waiting = std::iter::once(message).chain(messages.try_iter().take(FLEET_CAPACITY));
        sources.poll();
        match lines.write_all(waiting.filter_map(said), sources.geography()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

/// Notices go to standard error, all else on.
fn said(message: FleetMessage) -> Option<crate::net::server::AgentNews> {
    match message {
        FleetMessage::Agent(news) => Some(news),
        FleetMessage::Notice { topic, line, .. } => {
            eprintln!("{topic}: {line}");
            None
        }
    }
}
