//! `ip2asn import` and `ip2asn status`: what is imported, and what is not.

use std::{
    collections::HashSet,
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use connmapperl::{
    geo::date::Date,
    whois::{
        Whois,
        detect::Kind,
        error::WhoisError,
        import::{Folder, Imported, Order},
        index::Meta,
        input::Piece,
        sources::{SOURCES, Source},
    },
};
use serde::Serialize;

use crate::{
    Outcome,
    bar::Bar,
    options::{ImportOptions, StatusOptions},
    pack::packer,
    say::{note, say},
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
    let mut outcome = Outcome::Found;
    let mut imported: Vec<(String, PathBuf)> = Vec::new();
    let mut packer = packer()?;
    for Found { piece, is_alone, was_named } in pieces(&options.paths, &mut outcome) {
        let path = piece.shown();
        let is_meant = was_named && is_alone;
        let (name, with_names) = (options.name.as_deref(), !options.no_names);
        let order = Order { name, today, with_names, is_meant, force: options.force };
        let mut bar = Bar::new(&path);
        let done = target.import(&piece, order, &mut *packer, &mut |progress| {
            bar.import(progress);
            true
        });
        bar.clear();
        match done {
            Ok(done) => {
                tell(&done, bar.start.elapsed());
                if let Some((_, other)) = imported.iter().find(|(name, _)| *name == done.meta.name) {
                    note(format_args!(
                        "this took the place of {}: name one of them with --as",
                        other.display()
                    ));
                    outcome = outcome.max(Outcome::NotFound);
                }
                imported.push((done.meta.name, path));
            }
            Err(WhoisError::NotKnown { found, .. }) if !is_meant => {
                note(format_args!("{}: passed over: {found}", path.display()));
            }
            Err(error) if !was_named && is_not_opened(&error) => note(format_args!("passed over: {error}")),
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
    Ok(outcome)
}

/// Whether what is packed in a file cannot be told at all, so that nobody can say it is a source.
fn is_not_opened(error: &WhoisError) -> bool {
    matches!(error, WhoisError::Zip { .. } | WhoisError::Io { .. }) && error.is_of_file()
}

/// Something that may be a source.
struct Found {
    piece: Piece,
    /// Of an archive of many files most are no sources.
    is_alone: bool,
    /// The file that it is in was named itself: that is meant to be imported.
    was_named: bool,
}

/// What is in these files. One that cannot be read is told, and hides no other.
fn pieces(paths: &[PathBuf], outcome: &mut Outcome) -> Vec<Found> {
    let mut pieces = Vec::new();
    for (path, was_named) in files(paths, outcome) {
        match Piece::all(&path) {
            Ok(all) => {
                let is_alone = all.len() == 1;
                pieces.extend(all.into_iter().map(|piece| Found { piece, is_alone, was_named }));
            }
            Err(error) if !was_named && is_not_opened(&error) => note(format_args!("passed over: {error}")),
            Err(error) => {
                note(error);
                *outcome = (*outcome).max(Outcome::NotFound);
            }
        }
    }
    pieces
}

/// Files that are named, and those in folders that are, each once; whether a file was named itself.
fn files(paths: &[PathBuf], outcome: &mut Outcome) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push((path.clone(), true));
            continue;
        }
        let inside = fs::read_dir(path).and_then(|inside| inside.collect::<io::Result<Vec<_>>>());
        let mut inside: Vec<_> = match inside {
            Ok(inside) => inside.iter().map(fs::DirEntry::path).collect(),
            Err(error) => {
                note(format_args!("{}: {error}", path.display()));
                *outcome = (*outcome).max(Outcome::NotFound);
                continue;
            }
        };
        let is_hidden =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        inside.retain(|path| path.is_file() && !is_hidden(path));
        inside.sort();
        if inside.is_empty() {
            note(format_args!("{}: there are no files in it", path.display()));
        }
        files.extend(inside.into_iter().map(|path| (path, false)));
    }
    // What is named itself and is in a folder too is meant.
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let named: HashSet<_> = files.iter().filter(|file| file.1).map(|file| real(&file.0)).collect();
    let mut seen = HashSet::new();
    files.retain_mut(|(path, was_named)| {
        let path = real(path);
        *was_named = named.contains(&path);
        seen.insert(path)
    });
    files
}

pub fn tell(done: &Imported, took: Duration) {
    let Imported { meta, index_bytes, replaced } = done;
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
    if let Some(old) = replaced {
        if old.file != meta.file {
            told += &format!("  replaces what came from {}\n", old.file);
        }
        if let (Some(date), Some(old)) = (&meta.date, &old.date)
            && date < old
        {
            told += &format!("  replaces one of {old} by an older one of {date}\n");
        }
    }
    say(&told);
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
    folder: &'a Path,
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
    let has_all = is_loaded(Kind::Delegated, "nro");
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
    let problems: Vec<_> = whois.problems().iter().map(ToString::to_string).collect();
    let outcome = if problems.is_empty() { Outcome::Found } else { Outcome::NotFound };
    let mut output = BufWriter::new(io::stdout().lock());
    if options.json {
        loaded.sort_by(|a, b| a.name.cmp(&b.name));
        serde_json::to_writer(&mut output, &Status { folder, loaded, missing, problems })
            .map_err(io::Error::from)?;
        writeln!(output)?;
        output.flush()?;
        return Ok(outcome);
    }
    writeln!(output, "{}", folder.display())?;
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
        writeln!(output, "  from {}", meta.file)?;
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
    problems.iter().try_for_each(|problem| writeln!(output, "broken: {problem}"))?;
    for Missing { kind, registry, from, terms, .. } in &missing {
        writeln!(output, "missing: {} of {registry}\n  {from}\n  terms: {terms}", kind.label())?;
    }
    if !missing.is_empty() {
        writeln!(output, "ip2asn update fetches and imports what is missing, and what is newer")?;
    }
    output.flush()?;
    Ok(outcome)
}
