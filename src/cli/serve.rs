//! `connmapperl serve`: the listener, with the window or without. Without one it prints what agents say as JSON lines,
//! and can keep them in a file from which a killed one goes on, so that nothing is lost and nothing written twice.

use std::{
    io::{self, BufWriter},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use crossbeam_channel::{Receiver, bounded};

use super::{WindowArgs, agents::folder, complain, complain_of_files, stop};
use crate::{
    config,
    enrich::{FLEET_CAPACITY, FleetLines, FleetLog, Sink, Sources},
    net::server::{FleetMessage, ListenAddress},
    systems::services::fleet::{FleetStart, start_listening},
};

/// It runs until it is told to end, so that is success. A line that is begun may be ended.
const ENDING: stop::Ending = stop::Ending { patience: Duration::from_secs(2), exit_code: 0 };
/// What shows nothing has no use for these.
const WINDOW_ALONE: [&str; 14] = [
    "config",
    "history",
    "fullscreen",
    "decorated",
    "light",
    "reduced_motion",
    "hilbert",
    "hilbert_window",
    "wall",
    "wall_scene",
    "monitor",
    "trails",
    "integrate",
    "filter",
];
/// Counts of what went wrong are told when they have changed, and no more often than this.
const BETWEEN_COUNTS: Duration = Duration::from_secs(60);

/// A scene is taken only to be refused in plain words.
#[derive(Clone, Debug, Args)]
#[command(mut_arg("demo", |arg| arg.hide(true)))]
pub struct ServeArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// No window: print what agents say, one JSON object a line
    #[arg(long, conflicts_with_all = WINDOW_ALONE)]
    pub no_gui: bool,
    /// Append the lines to this file, and go on where it ends
    #[arg(long, value_name = "FILE", requires = "no_gui")]
    pub log: Option<PathBuf>,
}

/// What the window is to do about agents; `serves` where it was asked for by `serve`.
///
/// # Errors
/// When what was remembered is no address.
pub fn fleet_start(window: &WindowArgs, serves: bool) -> anyhow::Result<FleetStart> {
    // A scene is shown to others; it opens no port and touches no register.
    if window.common().demo.is_some() {
        return if serves { refuse_scene() } else { Ok(FleetStart::default()) };
    }
    let asked = window.listener.listen.or(serves.then(ListenAddress::default));
    let listen = match asked {
        Some(listen) => Some(listen),
        None => config::remembered_listen().map(|text| text.parse()).transpose()?,
    };
    let named = window.listener.fleet.as_deref();
    let folder = match listen {
        Some(_) => Some(folder(named)?),
        None => named.map(Path::to_owned).or_else(config::fleet_folder),
    };
    Ok(FleetStart { folder, listen })
}

/// Whoever asks for agents by name shall not wait for them in vain.
fn refuse_scene<T>() -> anyhow::Result<T> {
    bail!("a scene opens no port: leave out either `serve` or --demo")
}

/// Runs until it is told to end, or until nobody reads what it prints. What it has read and not written by then, agents
/// tell again.
///
/// # Errors
/// When it cannot listen, or the file cannot be read or written.
pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let (common, listener) = (args.window.common(), &args.window.listener);
    if common.demo.is_some() {
        return refuse_scene();
    }
    let stop = stop::signals(ENDING).context("cannot wait for signals")?;
    let folders = common.folders()?;
    let mut sources = Sources::open(&folders);
    let mut log = args.log.as_deref().map(FleetLog::open).transpose()?;
    let (known_agents, earlier) = log.as_mut().map(FleetLog::take_earlier).unwrap_or_default();
    let left_open: usize = earlier.iter().map(|(_, agent)| agent.open.len()).sum();
    let (to_us, messages) = bounded(FLEET_CAPACITY);
    let (address, folder) = (listener.listen.unwrap_or_default(), folder(listener.fleet.as_deref())?);
    let (listener, facts) = start_listening(address, &folder, known_agents, to_us)?;
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
        sources.poll();
        complain_of_files(sources.take_reports());
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
