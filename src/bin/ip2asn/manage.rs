//! `ip2asn import` and `ip2asn status`: what is imported, and what is not.

use std::{
    borrow::Cow,
    collections::HashSet,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use connmapperl::{
    geo::date::Date,
    lookup::show::in_line,
    whois::{
        Whois,
        detect::Kind,
        error::WhoisError,
        import::{Folder, Imported, Order},
        index::{Index, Meta},
        sources::{OF_ALL_REGISTRIES, SOURCES, Source},
    },
};
use serde::Serialize;

use crate::{
    Outcome,
    bar::Bar,
    found::{Found, found, is_not_opened},
    options::{ImportOptions, StatusOptions},
    pack::packer,
    plain::Plain,
    say::{note, say, written},
    stop::clear_on_signals,
};

/// Rejected records that an import tells at once; `status --rejected` tells more.
const TOLD: usize = 10;
/// Of a terminal that nobody has made wider.
const COLUMNS: usize = 80;
/// What took less than this has no rate worth telling.
const LEAST_RATED_SECS: f64 = 0.2;

pub fn import(folder: &Path, options: &ImportOptions) -> anyhow::Result<Outcome> {
    let target = Folder::open(folder)?;
    clear_on_signals(folder)?;
    let today = Date::from_system_time(SystemTime::now());
    let (mut outcome, mut told) = (Outcome::Found, Ok(()));
    let order = Order {
        name: options.name.as_deref(),
        with_names: !options.no_names,
        force: options.force,
        ..Order::new(today)
    };
    let mut imported: Vec<(Meta, PathBuf)> = Vec::new();
    let mut failed = HashSet::new();
    let mut packer = packer()?;
    let (in_order, is_unread) = found(&options.paths, &target, order, &mut outcome);
    for found in in_order {
        let path = found.piece.shown();
        let is_taken =
            |(other, _): &&(Meta, PathBuf)| found.look.as_ref().is_some_and(|look| look.name == other.name);
        if let Some((meta, other)) = imported.iter().find(is_taken) {
            let doubt = is_in_doubt(&found, meta);
            note(passed_over(&found, &path, meta, other, doubt));
            if found.was_named || doubt {
                outcome = outcome.max(Outcome::NotFound);
            }
            continue;
        }
        let mut bar = Bar::new(&path);
        let name = found.look.as_ref().map(|look| look.name.clone());
        // What cannot be read may be the later one of any place.
        let is_fallback = is_unread || name.as_ref().is_some_and(|name| failed.contains(name));
        let order = Order { is_meant: found.is_meant(), is_fallback, ..order };
        let done = target.import(&found.piece, order, &mut *packer, &mut |progress| {
            bar.import(progress);
            true
        });
        bar.clear();
        if done.is_err() {
            failed.extend(name);
        }
        match done {
            Ok(done) => {
                told = told.and(tell(&done, bar.start.elapsed()));
                imported.push((done.meta, path));
            }
            Err(WhoisError::NotKnown { found: what, .. }) if !found.is_meant() => {
                note(format_args!("{}: passed over: {what}", path.display()));
            }
            Err(error) if !found.was_named && is_not_opened(&error) => {
                note(format_args!("passed over: {error}"));
            }
            Err(error) => {
                note(error);
                outcome = outcome.max(Outcome::NotFound);
            }
        }
    }
    if imported.is_empty() {
        note("nothing was imported");
        outcome = Outcome::NotFound;
    }
    Ok(outcome.max(written(told)))
}

/// Whether a file is passed over that may be the later one: it was written later than the day that the other tells, and tells
/// none itself. A copy is written later than its data.
fn is_in_doubt(found: &Found, meta: &Meta) -> bool {
    let day = found.look.as_ref().map(|look| &look.day);
    day.is_some_and(|day| !day.is_own && meta.is_own_date && day.date > meta.date)
}

/// Why a file is not imported whose place another has taken.
fn passed_over(found: &Found, path: &Path, meta: &Meta, other: &Path, is_in_doubt: bool) -> String {
    let of = |date: Option<&str>, is_own| match date {
        Some(date) if is_own => format!(" of {date}"),
        Some(date) => format!(" (written on {date})"),
        None => String::new(),
    };
    let day = found.look.as_ref().map(|look| &look.day);
    let mut told = format!(
        "{}{}: passed over: {}{} is imported as {} already; ",
        path.display(),
        of(day.and_then(|day| day.date.as_deref()), day.is_some_and(|day| day.is_own)),
        other.display(),
        of(meta.date.as_deref(), meta.is_own_date),
        meta.name,
    );
    if is_in_doubt {
        told += "which of them is later nobody can say, as a copy is written later than its data: import this one alone \
                 if it is meant, or ";
    }
    told += "--as NAME makes room for both";
    for doubt in day.into_iter().flat_map(|day| &day.doubts) {
        told += &format!("; {doubt}");
    }
    told
}

pub fn tell(done: &Imported, took: Duration) -> io::Result<()> {
    let Imported { meta, index_bytes, replaced, unread } = done;
    let secs = took.as_secs_f64();
    let rate = if secs < LEAST_RATED_SECS {
        String::new()
    } else {
        format!(" ({:.0} MB/s)", meta.text_bytes as f64 / 1e6 / secs)
    };
    let mut told =
        format!("{}: {} of {}\n", meta.name, records(meta), meta.date.as_deref().unwrap_or("unknown date"));
    told += &format!("  {} in {secs:.1} s{rate}, index {}\n", size(meta.text_bytes), size(*index_bytes));
    meta.notes.iter().for_each(|note| told += &indented(note));
    for rejected in meta.rejects.told.iter().take(TOLD) {
        told += &format!("  line {}: {}\n", rejected.line, rejected.reason);
    }
    if meta.rejects.count > TOLD as u64 {
        told += &format!("  and {} more: ip2asn status --rejected\n", meta.rejects.count - TOLD as u64);
    }
    if let Some(problem) = unread {
        told += &indented(&format!(
            "what it replaces cannot be compared with it, so that nobody can say whether that was worth more: {problem}"
        ));
    }
    if let Some(old) = replaced {
        if old.file != meta.file {
            told += &format!("  replaces what came from {}\n", in_line(&old.file));
        }
        let old_is_own = old.is_own_date;
        if let (Some(date), Some(old)) = (&meta.date, &old.date)
            // A copy that was written later says nothing of a day that the data tells.
            && (old_is_own || !meta.is_own_date)
            && date < old
        {
            told += &format!("  replaces one of {old} by an older one of {date}\n");
        }
    }
    say(&told)
}

/// How many records there are, and what else was in the file.
fn records(meta: &Meta) -> String {
    let s = if meta.records == 1 { "" } else { "s" };
    let mut text = format!("{} record{s}", meta.records);
    for (count, what) in [(meta.passed_over, "of other kinds"), (meta.rejects.count, "rejected")] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Lines of a sentence, two columns in, that fit into a terminal.
fn indented(text: &str) -> String {
    let mut lines = String::from(" ");
    let mut width = 1;
    for word in text.split(' ') {
        if width + 1 + word.chars().count() > COLUMNS {
            lines += "\n ";
            width = 1;
        }
        lines.extend([" ", word]);
        width += 1 + word.chars().count();
    }
    lines + "\n"
}

#[derive(Serialize)]
struct Status<'a> {
    folder: Cow<'a, str>,
    loaded: Vec<&'a Meta>,
    missing: Vec<Missing>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Missing {
    name: &'static str,
    kind: Kind,
    registry: &'static str,
    from: &'static str,
    terms: &'static str,
}

pub fn status(folder: &Path, options: &StatusOptions) -> anyhow::Result<Outcome> {
    let whois = Whois::open(folder);
    let mut loaded: Vec<_> = whois.indexes().iter().map(|index| index.meta()).collect();
    let is_loaded = |kind: Kind, registry: &str| {
        loaded.iter().any(|meta| meta.kind == kind && meta.registry.eq_ignore_ascii_case(registry))
    };
    // A registry has several dumps: they are told apart by name. That of all classes has what one of them has.
    let has_dump = |name: &str| {
        loaded.iter().filter(|meta| meta.kind == Kind::Rpsl).any(|meta| {
            name.strip_prefix(&meta.name).is_some_and(|class| class.is_empty() || class.starts_with('.'))
        })
    };
    // One file of all registries has what each has.
    let has_all = is_loaded(Kind::Delegated, OF_ALL_REGISTRIES);
    let missing: Vec<_> = SOURCES
        .iter()
        .filter(|source| match source.kind {
            Kind::Rpsl => !has_dump(source.name),
            kind => !is_loaded(kind, source.registry),
        })
        .filter(|source| !(has_all && source.kind == Kind::Delegated))
        .map(|&Source { name, kind, registry, url: from, terms, .. }| Missing {
            name,
            kind,
            registry,
            from,
            terms,
        })
        .collect();
    let mut problems: Vec<_> = whois.problems().iter().map(ToString::to_string).collect();
    if options.check {
        problems.extend(whois.indexes().iter().filter_map(Index::check).map(|error| error.to_string()));
    }
    let outcome = if problems.is_empty() { Outcome::Found } else { Outcome::NotFound };
    let mut output = BufWriter::new(Plain::new(io::stdout().lock()));
    if options.json {
        loaded.sort_by(|a, b| a.name.cmp(&b.name));
        serde_json::to_writer(
            &mut output,
            &Status { folder: folder.to_string_lossy(), loaded, missing, problems },
        )
        .map_err(io::Error::from)?;
        writeln!(output)?;
        output.flush()?;
        return Ok(outcome);
    }
    writeln!(output, "{}", in_line(&folder.to_string_lossy()))?;
    for index in whois.indexes() {
        let meta = index.meta();
        let date = meta.date.as_deref().unwrap_or("unknown date");
        writeln!(
            output,
            "loaded: {} ({}) of {date}, imported {}",
            meta.name,
            meta.kind.label(),
            meta.imported
        )?;
        writeln!(output, "  from {}", in_line(&meta.file))?;
        writeln!(output, "  {}", records(meta))?;
        let [asns, ipv4, ipv6] = index.range_counts();
        writeln!(output, "  ranges: {asns} of AS numbers, {ipv4} of IPv4, {ipv6} of IPv6")?;
        writeln!(output, "  {} of text, index {}", size(meta.text_bytes), size(index.file_bytes()))?;
        meta.notes.iter().try_for_each(|note| write!(output, "{}", indented(note)))?;
        if options.rejected {
            let mut told = meta.rejects.told.iter();
            told.try_for_each(|rejected| writeln!(output, "  line {}: {}", rejected.line, rejected.reason))?;
        }
    }
    problems.iter().try_for_each(|problem| writeln!(output, "broken: {}", in_line(problem)))?;
    for Missing { kind, registry, from, terms, .. } in &missing {
        writeln!(output, "missing: {} of {registry}\n  {from}\n  terms: {terms}", kind.label())?;
    }
    if !missing.is_empty() {
        writeln!(output, "ip2asn update fetches and imports what is missing, and what is newer")?;
    }
    output.flush()?;
    Ok(outcome)
}
