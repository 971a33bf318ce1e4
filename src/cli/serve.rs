//! `connmapperl serve`: the listener, with the window or without. Without one it prints what agents say as JSON lines,
//! and can keep them in a file from which a killed one goes on, so that nothing is lost and nothing written twice.

use std::{
    io::{self, BufWriter},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use crossbeam_channel::{Receiver, bounded};

use super::{Cli, Command, agents::folder, complain, complain_of_files, stop};
use crate::{
    config,
    enrich::{FLEET_CAPACITY, FleetLines, FleetLog, Sink, Sources},
    net::server::{FleetMessage, ListenAddress},
    systems::services::fleet::{FleetStart, start_listening},
};

/// Counts of what went wrong are told when they have changed, and no more often than this.
const BETWEEN_COUNTS: Duration = Duration::from_secs(60);

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
        refuse_scene(args)?;
        return Ok(FleetStart::default());
    }
    let asked = args.listener.listen.or(serves(args).then(ListenAddress::default));
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

const fn serves(args: &Cli) -> bool {
    matches!(args.command, Some(Command::Serve(_)))
}

/// Whoever asks for agents by name shall not wait for them in vain.
fn refuse_scene(args: &Cli) -> anyhow::Result<()> {
    if args.common.demo.is_some() && serves(args) {
        bail!("a scene opens no port: leave out either `serve` or --demo");
    }
    Ok(())
}

/// Runs until it is told to end, or until nobody reads what it prints. What it has read and not written by then, agents
/// tell again.
///
/// # Errors
/// When it cannot listen, or the file cannot be read or written.
pub fn serve(args: &Cli, serve: &ServeArgs) -> anyhow::Result<()> {
    refuse_scene(args)?;
    let stop = stop::signals(stop::PATIENCE).context("cannot wait for signals")?;
    let folders = args.common.folders()?;
    let mut sources = Sources::open(folders.data.as_deref(), folders.cache.as_deref());
    let mut log = serve.log.as_deref().map(FleetLog::open).transpose()?;
    let (known_agents, earlier) = log.as_mut().map(FleetLog::take_earlier).unwrap_or_default();
    let left_open: usize = earlier.iter().map(|(_, agent)| agent.open.len()).sum();
    let (to_us, messages) = bounded(FLEET_CAPACITY);
    let address = args.listener.listen.unwrap_or_default();
    let (listener, facts) = start_listening(address, &folder(&args.listener)?, known_agents, to_us)?;
    // Only now: nothing is changed for a program that cannot listen.
    let out: Box<dyn Sink> = match log {
        Some(log) => {
            log.complaint.iter().for_each(|line| complain(line));
            if !earlier.is_empty() {
                complain(&format!("the lines go on: {left_open} connections were open when they ended"));
            }
            Box::new(log.go_on()?)
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    complain_of_files(sources.take_reports());
    complain(&format!("listening on {}; the certificate is {}", facts.address, facts.certificate.display()));
    complain(&format!("its SHA-256 fingerprint is {}", facts.fingerprint));
    complain(&format!("{}: {}", facts.place(), facts.command));
    let (mut counted, mut count_at) = (listener.counters(), Instant::now() + BETWEEN_COUNTS);
    let mut lines = FleetLines::new(out, earlier, sources.geography());
    while let Some(message) = next(&messages, &stop) {
        let waiting = std::iter::once(message).chain(messages.try_iter().take(FLEET_CAPACITY));
        if sources.poll() {
            complain_of_files(sources.take_reports());
        }
        match lines.write_all(waiting.filter_map(said), sources.geography()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => {
                written.context("cannot write what agents say; it is told again after the next start")?
            }
        }
        let counters = listener.counters();
        if counters.differs_in_faults(&counted) && Instant::now() >= count_at {
            complain(&format!("so far: {}", serde_json::to_string(&counters)?));
            (counted, count_at) = (counters, Instant::now() + BETWEEN_COUNTS);
        }
    }
    // That agents hear goodbye is no news of them: their connections go on.
    drop(messages);
    Ok(())
}

/// `None` when it shall end.
fn next(messages: &Receiver<FleetMessage>, stop: &Receiver<()>) -> Option<FleetMessage> {
    crossbeam_channel::select! {
        recv(messages) -> message => message.ok(),
        recv(stop) -> _ => None,
    }
}

/// Notices go to standard error, all else on.
fn said(message: FleetMessage) -> Option<crate::net::server::AgentNews> {
    match message {
        FleetMessage::Agent(news) => Some(news),
        FleetMessage::Notice { topic, line, .. } => {
            complain(&format!("{topic}: {line}"));
            None
        }
    }
}
