//! `connmapperl list`: what the map would show, printed.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    Format, ListArgs, Look, complain, complain_of_files, is_closed_pipe,
    table::{Row, TEXT_COLUMNS},
};
use crate::{
    filter::{Filter, Subject},
    model::{ConnectionKey, Located, LocatedConnection},
    rules::Rules,
    world::country_name,
};

/// Time between two looks with --watch.
const WATCH_EVERY: Duration = Duration::from_millis(100);

/// Prints to `out`. A reader that has gone away ends it quietly.
///
/// # Errors
/// When a file that was named or the socket table cannot be read, or the output not written.
pub fn list(args: &ListArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let common = args.look.common();
    let mut look = Look::new(&common, args.watch)?;
    for error in &look.rules.errors {
        complain(&format!("{}: {error}", look.rules.source));
    }
    look.again()?;
    complain_of_files(look.take_reports());
    // What is said of a scene's sockets is true of no machine.
    if common.demo.is_none() {
        look.status().notes.iter().for_each(|note| complain(note));
    }
    let wanted = Wanted { filter: &args.which.filter, agent: common.agent_name() };
    match print(&mut look, args, &wanted, out) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        printed => printed,
    }
}

/// Which connections are asked for.
struct Wanted<'a> {
    filter: &'a Filter,
    agent: String,
}

impl Wanted<'_> {
    fn has(&self, connection: &LocatedConnection, rules: &Rules) -> bool {
        if self.filter.is_everything() {
            return true;
        }
        let seen = &connection.observation;
        let rule = rules.matching(seen.local.port(), seen.peer.port());
        let rule = rule.and_then(|rule| rules.rules().get(rule)).map_or("", |rule| &rule.label);
        let country = connection.place.as_ref().ok().and_then(|place| place.country);
        let country = country.map_or("", country_name);
        self.filter.matches(&Subject::new(connection, country, rule, &self.agent))
    }
}

fn print(look: &mut Look, args: &ListArgs, wanted: &Wanted<'_>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut open = look.connections();
    open.retain(|connection| wanted.has(connection, &look.rules.rules));
    let mut rows: Vec<Row> = open.iter().map(|connection| Row::new(connection, &look.rules.rules)).collect();
    if !args.watch {
        return all(&rows, args.format(), out);
    }
    rows.iter_mut().for_each(|row| row.event = Some("open"));
    let mut printer = Printer::new(args.format(), out)?;
    rows.iter().try_for_each(|row| printer.row(row))?;
    drop(rows);
    // What has closed is printed as it was when it was open.
    let mut known: HashMap<ConnectionKey, LocatedConnection> =
        open.into_iter().map(|connection| (connection.key, connection)).collect();
    loop {
        printer.flush()?;
        thread::sleep(WATCH_EVERY);
        let changes = look.again()?;
        complain_of_files(look.take_reports());
        for change in changes {
            // What opens unwanted is never known, so that its end is not printed either.
            if let Located::Opened(connection) = &change
                && !wanted.has(connection, &look.rules.rules)
            {
                continue;
            }
            follow(change, &mut known, &look.rules.rules, &mut printer)?;
        }
    }
}

fn follow<W: Write>(
    change: Located,
    known: &mut HashMap<ConnectionKey, LocatedConnection>,
    rules: &Rules,
    printer: &mut Printer<W>,
) -> anyhow::Result<()> {
    match change {
        Located::Opened(connection) => {
            printer.row(&Row::new(&connection, rules).because("opened"))?;
            known.insert(connection.key, Arc::unwrap_or_clone(connection));
        }
        Located::Updated { key, traffic, owner } => {
            if let Some(connection) = known.get_mut(&key) {
                connection.observation.traffic.update(traffic.unwrap_or_default());
                if let Some(owner) = owner {
                    connection.observation.owner = owner;
                }
            }
        }
        Located::Closed { key, .. } => {
            if let Some(connection) = known.remove(&key) {
                printer.row(&Row::new(&connection, rules).because("closed"))?;
            }
        }
        Located::FullSet(_) | Located::Status(_) | Located::AgentGone(_) => {}
    }
    Ok(())
}

fn all(rows: &[Row], format: Format, out: &mut impl Write) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, rows).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        Format::Csv => {
            let mut printer = Printer::new(Format::Csv, &mut *out)?;
            rows.iter().try_for_each(|row| printer.row(row))?;
            printer.flush()?;
        }
        Format::Text => aligned(rows, out)?,
    }
    out.flush()?;
    Ok(())
}

/// Columns as wide as their widest cell.
fn aligned(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let head = TEXT_COLUMNS.map(|name| name.to_uppercase());
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::text_cells)).collect();
    let mut widths = [0; TEXT_COLUMNS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    for line in &lines {
        let padded: Vec<String> =
            line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    Ok(())
}

/// Prints rows one by one, as they come.
enum Printer<W: Write> {
    Text(W),
    Json(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Printer<W> {
    fn new(format: Format, mut out: W) -> io::Result<Self> {
        Ok(match format {
            Format::Text => {
                writeln!(out, "EVENT\t{}", TEXT_COLUMNS.map(str::to_uppercase).join("\t"))?;
                Self::Text(out)
            }
            Format::Json => Self::Json(out),
            Format::Csv => Self::Csv(Box::new(csv::Writer::from_writer(out))),
        })
    }

    fn row(&mut self, row: &Row) -> anyhow::Result<()> {
        match self {
            Self::Text(out) => {
                writeln!(out, "{}\t{}", row.event.unwrap_or("open"), row.text_cells().join("\t"))?;
            }
            Self::Json(out) => {
                serde_json::to_writer(&mut *out, row).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Self::Csv(out) => out.serialize(row).map_err(into_io)?,
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Text(out) | Self::Json(out) => out.flush(),
            Self::Csv(out) => out.flush(),
        }
    }
}

pub(super) fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}
