//! `ip2asn update`: says what would be fetched, asks, fetches, looks whether it is what it should be, and imports it.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    mem,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{bail, ensure};
use connmapperl::{
    download::{Base, Client, Downloads, Fetched, New, Sum, Wanted},
    geo::date::Date,
    lookup::show::in_line,
    whois::{
        detect::{Kind, detect},
        error::WhoisError,
        import::{Day, Folder, Head, Order, is_to_come, kept},
        index::{FILE_ENDING, Meta, Packer},
        input::{Input, Piece},
        sources::{SOURCES, Source, WITH_ACCOUNT, select},
    },
};

use crate::{
    Outcome,
    bar::Bar,
    manage::tell,
    options::UpdateOptions,
    pack::packer,
    plain::Plain,
    say::{mutter, note, say, written},
    stop::clear_on_signals,
};

/// Within the folder of the indexes: what is half there.
const DOWNLOADS: &str = "downloads";

pub fn update(folder: &Path, options: &UpdateOptions) -> anyhow::Result<Outcome> {
    let sources = match select(&options.only) {
        Ok(sources) => sources,
        Err(word) => {
            let names: Vec<_> = SOURCES.iter().map(|source| source.name).collect();
            note(format_args!(
                "{word:?} is no source: say delegated, as-org2info, rpsl, a registry, or one of"
            ));
            mutter(format_args!("  {}\n", names.join("\n  ")));
            return Ok(Outcome::BadInput);
        }
    };
    let base = match options.from_base.as_deref().map(Base::new).transpose() {
        Ok(base) => base,
        Err(error) => {
            note(format_args!("--from-base {error}"));
            return Ok(Outcome::BadInput);
        }
    };
    let client = Client::new(base, Duration::from_secs(options.timeout))?;
    let told = plan(&sources, &client, folder);
    if !options.yes && told.is_err() {
        // Nobody can agree to what they have not read.
        return Ok(Outcome::NotFound.max(written(told)));
    }
    if !(options.yes || agreed(sources.len())?) {
        note("nothing was fetched");
        return Ok(Outcome::NotFound);
    }
    let target = Folder::open(folder)?;
    clear_on_signals(folder)?;
    let downloads = Downloads::new(&folder.join(DOWNLOADS), client)?;
    let mut updating = Updating { folder, target, downloads, packer: packer()?, force: options.force, told };
    let mut failed = Vec::new();
    for source in &sources {
        if let Err(error) = updating.one(source) {
            note(format_args!("{}: {error}", source.name));
            failed.push(source.name);
        }
    }
    let outcome = written(updating.told);
    if failed.is_empty() {
        return Ok(outcome);
    }
    note(format_args!(
        "{} of {} were not updated, and stay as they were: {}",
        failed.len(),
        sources.len(),
        failed.join(", ")
    ));
    Ok(Outcome::NotFound.max(outcome))
}

/// Says what would be fetched from where, of which size and on which terms, and what is not, before anything is.
fn plan(sources: &[&Source], client: &Client, folder: &Path) -> io::Result<()> {
    let mut output = BufWriter::new(Plain::new(io::stdout().lock()));
    let shown = in_line(&folder.to_string_lossy());
    writeln!(output, "To be fetched and imported into\n  {shown}\n")?;
    for source in sources {
        let size = match source.about_bytes {
            Some(bytes) => format!("about {:.0} MB", bytes as f64 / 1e6),
            None => "size not known before it comes".to_owned(),
        };
        writeln!(
            output,
            "{} ({size})\n  {}\n  terms: {}",
            source.name,
            client.url(source.url),
            source.terms
        )?;
    }
    writeln!(output, "\nNot fetched, as they need an account (tables of places, for the map):")?;
    for (name, how) in WITH_ACCOUNT {
        writeln!(output, "  {name}: {how}")?;
    }
    writeln!(output, "\nThe terms are their makers': read them before you pass anything on.")?;
    output.flush()
}

/// Whether somebody at a terminal says yes. Without one nobody can.
fn agreed(count: usize) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        note("nobody is there to be asked: --yes fetches without asking");
        return Ok(false);
    }
    mutter(format_args!("Fetch these {count} files? [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

struct Updating<'a> {
    folder: &'a Path,
    target: Folder,
    downloads: Downloads,
    packer: Box<dyn Packer>,
    force: bool,
    /// Whether all that was said could be written.
    told: io::Result<()>,
}

impl Updating<'_> {
    fn tell(&mut self, done: io::Result<()>) {
        let told = mem::replace(&mut self.told, Ok(()));
        self.told = told.and(done);
    }

    fn one(&mut self, source: &Source) -> anyhow::Result<()> {
        let index = self.folder.join(format!("{}.{FILE_ENDING}", source.name));
        // What there is counts for nothing where it is to be fetched all the same.
        let old = match kept(&index) {
            _ if self.force => None,
            // What is damaged is replaced, whatever the server has.
            Ok(old) => old.filter(|old| old.check().is_none()).map(|old| old.meta().clone()),
            Err(WhoisError::Damaged { .. } | WhoisError::OtherVersion { .. }) => None,
            Err(error) => bail!("what is kept cannot be read, and stays: {error}"),
        };
        let mut wanted = Wanted {
            url: source.url,
            name: source.name,
            has_md5: source.has_md5,
            only_newer: false,
            anew: self.force,
        };
        // What was imported from elsewhere since says nothing of what the server had.
        wanted.only_newer = old.as_ref().is_some_and(|old| old.file == self.downloads.url(&wanted));
        let mut bar = Bar::new(source.name.as_ref());
        let fetched = self.downloads.fetch(&wanted, &mut |progress| bar.download(progress));
        bar.clear();
        let new = match fetched? {
            Fetched::Unchanged => {
                self.tell(say(&format!("{}: nothing newer is there\n", source.name)));
                return Ok(());
            }
            Fetched::New(new) => new,
        };
        self.tell(tell_fetched(source, &new));
        let piece = Piece { origin: Some(self.downloads.url(&wanted)), ..Piece::file(&new.path) };
        let imported = fits(&piece, source, old.as_ref()).and_then(|()| self.import(&piece, source));
        let Err(error) = imported else {
            return Ok(self.downloads.done(&wanted, &new)?);
        };
        // A disk that is full or fails is not the file's fault: the next time it is imported without being fetched.
        let is_local = error.downcast_ref().is_some_and(|error: &WhoisError| !error.is_of_file());
        if !is_local && let Err(other) = self.downloads.refuse(&wanted, &new) {
            bail!("{error}; and it cannot be removed: {other}");
        }
        Err(error)
    }

    fn import(&mut self, piece: &Piece, source: &Source) -> anyhow::Result<()> {
        let today = Date::from_system_time(SystemTime::now());
        let mut bar = Bar::new(source.name.as_ref());
        let order = Order { name: Some(source.name), force: self.force, ..Order::new(today) };
        let done = self.target.import(piece, order, &mut *self.packer, &mut |progress| {
            bar.import(progress);
            true
        });
        bar.clear();
        self.tell(tell(&done?, bar.start.elapsed()));
        Ok(())
    }
}

fn tell_fetched(source: &Source, new: &New) -> io::Result<()> {
    let md5 = match new.md5 {
        Sum::Agrees => ", its MD5 agrees",
        Sum::Missing => ", no MD5 is there to compare",
        Sum::NotAsked => "",
    };
    let resumed = match new.resumed_at {
        0 => String::new(),
        at if at == new.bytes => ", all of it earlier".to_owned(),
        at => format!(", {:.1} MB of it earlier", at as f64 / 1e6),
    };
    say(&format!("{}: {:.1} MB fetched{resumed}{md5}\n", source.name, new.bytes as f64 / 1e6))
}

/// Whether a file that was fetched is of this source, and not older than what is imported. Nothing is replaced before.
fn fits(piece: &Piece, source: &Source, old: Option<&Meta>) -> anyhow::Result<()> {
    let input = Input::open(piece)?;
    let url = piece.shown();
    let kind = detect(&input.head);
    let kind = kind.map_err(|found| anyhow::anyhow!("{}: not what it should be: {found}", url.display()))?;
    let label = source.kind.label();
    ensure!(kind == source.kind, "{}: not {label}, but {}", url.display(), kind.label());
    let head = Head::of(kind, &input.head);
    if kind == Kind::Delegated {
        let Head { registry, date } = &head;
        ensure!(date.is_some(), "{}: there is no header in it that tells a day", url.display());
        ensure!(*registry == source.registry, "{}: of {registry:?}, not {}", url.display(), source.registry);
    }
    let today = Date::from_system_time(SystemTime::now());
    // The name of the file is ours.
    let day = Day::of(&head, "", input.modified_day(), today);
    let Some(old) = old.filter(|old| !old.date.as_ref().is_some_and(|date| is_to_come(date, today))) else {
        return Ok(());
    };
    // A day that the data tells is compared with one alone, and that of the file where both are from there.
    let is_from_there = old.file == url.display().to_string();
    match (day.is_own && old.is_own_date, is_from_there) {
        (true, _) => not_older(day.date, old, &url),
        (false, true) => not_older(input.modified_day(), old, &url),
        (false, false) => Ok(()),
    }
}

fn not_older(date: Option<String>, old: &Meta, url: &Path) -> anyhow::Result<()> {
    if let (Some(date), Some(old)) = (date, &old.date)
        && date < *old
    {
        bail!("{}: its data is of {date}, older than that of {old}, which is imported", url.display());
    }
    Ok(())
}
