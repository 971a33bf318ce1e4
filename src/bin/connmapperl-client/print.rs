//! What this machine has, on standard output: once, or as it changes.

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use anyhow::Context;
use connmapperl::{
    model::{AgentStatus, Change, Direction, Event, Observation, Owner, Protocol, Traffic},
    net::collector::{Collector, CollectorMessage, Settings, spawn},
};

use crate::arguments::Arguments;

/// Messages that may wait to be printed; then the collector waits.
const CHANNEL_MESSAGES: usize = 64;

pub fn print_once(arguments: &Arguments) -> anyhow::Result<()> {
    let mut collector = Collector::for_this_machine();
    let mut events = Vec::new();
    collector.tick(collector.now_unix_millis(), &mut events).context("cannot list connections")?;
    let observations = || {
        events.iter().filter_map(|event| match &event.change {
            Change::Opened(observation) => Some(observation),
            Change::Updated { .. } | Change::Closed { .. } => None,
        })
    };
    if arguments.verbose {
        eprintln!("method: {}", collector.method().label());
        collector.notes().iter().for_each(|note| eprintln!("note: {note}"));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &observations().collect::<Vec<_>>())
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        for observation in observations() {
            writeln!(out, "{}", text_from_observation(observation))?;
        }
    }
    out.flush()?;
    Ok(())
}

pub fn follow(arguments: &Arguments) -> anyhow::Result<()> {
    let (sender, receiver) = crossbeam_channel::bounded(CHANNEL_MESSAGES);
    let settings =
        Settings { shortest_tick: Duration::from_millis(arguments.interval.into()), ..Settings::default() };
    let _collector =
        spawn(Collector::for_this_machine(), settings, sender).context("cannot start the collector")?;
    let mut out = BufWriter::new(io::stdout().lock());
    for message in receiver {
        match message {
            CollectorMessage::Events(events) => {
                for event in &events {
                    print_event(&mut out, event, arguments.json)?;
                }
                out.flush()?;
            }
            CollectorMessage::Status(status) if arguments.verbose => print_status(&status),
            CollectorMessage::Status(_) => {}
        }
    }
    anyhow::bail!("the collector ended")
}

fn print_event(out: &mut impl Write, event: &Event, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, event)?;
        return writeln!(out);
    }
    let number = event.connection.0;
    match &event.change {
        Change::Opened(observation) => writeln!(out, "+{number} {}", text_from_observation(observation)),
        Change::Updated { traffic, owner } => {
            write!(out, "~{number}")?;
            if let Some(owner) = owner {
                write!(out, " {}", text_from_owner(owner))?;
            }
            writeln!(out, "{}", traffic.map(text_from_traffic).unwrap_or_default())
        }
        Change::Closed { traffic } => {
            writeln!(out, "-{number}{}", traffic.map(text_from_traffic).unwrap_or_default())
        }
    }
}

fn print_status(status: &AgentStatus) {
    eprintln!("{}: {}, a look every {} ms", status.name, status.method.label(), status.tick_millis);
    status.notes.iter().for_each(|note| eprintln!("note: {note}"));
}

fn text_from_observation(seen: &Observation) -> String {
    let protocol = match seen.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let arrow = match seen.direction {
        Direction::Inbound => "<-",
        Direction::Outbound => "->",
    };
    let owner = text_from_owner(&seen.owner);
    let traffic = text_from_traffic(seen.traffic);
    format!(
        "{protocol} {:<46} {arrow} {:<46} {owner}{traffic}",
        seen.local.to_string(),
        seen.peer.to_string()
    )
}

fn text_from_owner(owner: &Owner) -> String {
    match owner {
        // A name may hold anything, but shall not command the terminal.
        Owner::Program { pid, name } => format!("{}[{pid}]", name.escape_debug()),
        Owner::NotPermitted | Owner::Unknown => owner.name().to_owned(),
    }
}

/// Begins with a space, or is empty where nothing is known.
fn text_from_traffic(traffic: Traffic) -> String {
    let mut text = String::new();
    for (label, count) in [("sent", traffic.sent_bytes), ("received", traffic.received_bytes)] {
        if let Some(count) = count {
            text += &format!(" {label} {count} B");
        }
    }
    if let Some(micros) = traffic.rtt_micros {
        text += &format!(" rtt {}.{:03} ms", micros / 1000, micros % 1000);
    }
    text
}
