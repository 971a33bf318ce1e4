//! From a file to its index: reads records, rejects those that cannot be used, and replaces the index of the same source
//! when the new one is complete. Until then, and whenever it is interrupted, the old one stays.

mod day;
mod head;
mod name;
mod read;
mod replace;
mod tally;
mod whole;

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

pub use self::{
    day::{Day, is_to_come},
    head::Head,
};
use self::{name::Naming, read::Reading, replace::Place};
use super::{
    detect::{Kind, detect, is_made_of},
    error::WhoisError,
    index::{FILE_ENDING, Index, IndexWriter, Meta, Packer, TEMPORARY_PREFIX},
    input::{Input, Piece},
    rejects::Rejects,
};
use crate::geo::date::Date;

const LOCK_FILE: &str = ".import.lock";

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Size of the file as it lies on the disk, bytes.
    pub file_bytes: u64,
    /// Read of these.
    pub read_bytes: u64,
    /// Unpacked so far.
    pub text_bytes: u64,
    pub records: u64,
    pub rejected: u64,
}

/// How a file is imported.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Names its source instead of what the file says.
    pub name: Option<&'a str>,
    /// Is written beside what was imported.
    pub today: Date,
    /// Words of names are indexed too, which takes a third of the time or so; without, no name is found.
    pub with_names: bool,
    /// Somebody means this very file. One that was found beside others has to be a source for the most part, and is not
    /// known otherwise.
    pub is_meant: bool,
    /// What has lost some, or replaces what is worth more or another registry's, is imported all the same.
    pub force: bool,
    /// A later file for the same place was of no use. This one was not asked for in its stead, so it does not replace what
    /// is later than it.
    pub is_fallback: bool,
}

impl Order<'_> {
    /// The usual one.
    pub const fn new(today: Date) -> Self {
        Self { name: None, today, with_names: true, is_meant: true, force: false, is_fallback: false }
    }
}

/// What a file is to be imported as, told before it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What has this name is replaced.
    pub name: String,
    pub day: Day,
}

/// A file that is open, and what was found of it so far.
struct Opened {
    input: Input,
    path: PathBuf,
    kind: Kind,
    head: Head,
    /// Its name, where somebody has given one.
    name: Option<String>,
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    pub meta: Meta,
    /// Size of the index, bytes.
    pub index_bytes: u64,
    /// What was replaced, where there was something.
    pub replaced: Option<Meta>,
    /// Why what was replaced was not compared: nobody can say whether it was worth more.
    pub unread: Option<&'static str>,
}

/// A folder of indexes, held by one import at a time.
pub struct Folder {
    path: PathBuf,
    lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A program that was started meanwhile may hold the file open until it runs; closing ours would not end the lock.
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Makes the folder where it is missing, and clears away what interrupted imports have left.
    ///
    /// # Errors
    /// Where it cannot be made, or another import runs.
    pub fn open(path: &Path) -> Result<Self, WhoisError> {
        fs::create_dir_all(path).map_err(WhoisError::io(path))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(WhoisError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WhoisError::Busy { path: path.into() }),
            Err(TryLockError::Error(error)) => return Err(WhoisError::io(lock_path)(error)),
        }
        clear_half_written(path)?;
        Ok(Self { path: path.into(), lock })
    }

    /// Looks at the first lines of a file, or of one in a zip file.
    ///
    /// # Errors
    /// Where it cannot be read, or is of no known kind.
    pub fn look(&self, piece: &Piece, order: Order) -> Result<Look, WhoisError> {
        let Opened { input, path, kind, head, name } = self.open_piece(piece, order)?;
        let stem = piece.file_name();
        let name = Naming { path: &path, kind, folder: &self.path }.name(name, &head.registry, &stem)?;
        Ok(Look { name, day: Day::of(&head, &stem, input.modified_day(), order.today) })
    }

    fn open_piece(&self, piece: &Piece, order: Order) -> Result<Opened, WhoisError> {
        let input = Input::open(piece)?;
        let path = piece.shown();
        let not_known = |found| WhoisError::NotKnown { path: path.clone(), found };
        let kind = detect(&input.head).map_err(not_known)?;
        if !(order.is_meant || is_made_of(kind, &input.head)) {
            return Err(not_known(format!("it has lines as {} has, among other things", kind.label())));
        }
        let head = Head::of(kind, &input.head);
        let naming = Naming { path: &path, kind, folder: &self.path };
        let name = order.name.map(|name| naming.given(name)).transpose()?;
        Ok(Opened { input, path, kind, head, name })
    }

    /// Imports a file, or one in a zip file. `progress` is called now and then, and ends the import by `false`. A `packer`
    /// of an import that failed may still hold blocks of it: it is cleared first.
    ///
    /// # Errors
    /// Where the file cannot be read, is of no known kind, has no record that can be used, or has lost some.
    pub fn import(
        &self,
        piece: &Piece,
        order: Order,
        packer: &mut dyn Packer,
        progress: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<Imported, WhoisError> {
        let Opened { input, path, kind, head, name } = self.open_piece(piece, order)?;
        let path = path.as_path();
        let stem = piece.file_name();
        let day = Day::of(&head, &stem, input.modified_day(), order.today);
        let (file_bytes, is_checked) = (input.file_bytes, input.is_checked);
        while packer.finish().map_err(WhoisError::io(&self.path))?.is_some() {}
        let writer =
            IndexWriter::new(&self.path, packer, order.with_names).map_err(WhoisError::io(&self.path))?;
        let mut reading = Reading::new(path, writer, file_bytes, head.registry, progress);
        match kind {
            Kind::Delegated => reading.delegated(input.into_lines())?,
            Kind::AsOrg => reading.as_org(input.into_lines(), is_checked)?,
            Kind::Rpsl => reading.rpsl(input.into_lines())?,
        }
        let reading = reading.finished();
        if reading.progress.records == 0 {
            return Err(no_records(path, &reading.rejects));
        }
        let naming = Naming { path, kind, folder: &self.path };
        let name = naming.name(name, &reading.registry, &stem)?;
        let index_path = self.path.join(format!("{name}.{FILE_ENDING}"));
        let (replaced, unread) = match kept(&index_path) {
            Ok(kept) => (kept.map(|kept| kept.meta().clone()), None),
            Err(WhoisError::Damaged { problem, .. }) => (None, Some(problem)),
            Err(WhoisError::OtherVersion { .. }) => (None, Some("it is of another version of this program")),
            // Who means to replace whatever is there need not know what that is.
            Err(_) if order.force => (None, Some("it cannot be read")),
            Err(WhoisError::Io { path: kept, source }) => {
                return Err(WhoisError::KeptUnread { path: path.into(), kept, source });
            }
            Err(error) => return Err(error),
        };
        if !order.force {
            let place =
                Place { name: &name, path, day: &day, today: order.today, is_fallback: order.is_fallback };
            replace::check(&reading, &place, replaced.as_ref())?;
        }
        let Reading { writer, progress, registry, has_header, rejects, passed_over, mut notes, .. } = reading;
        notes.extend(day.doubts);
        if !order.with_names && kind != Kind::Delegated {
            notes.push("imported without names: --org finds none of it".to_owned());
        }
        let meta = Meta {
            kind,
            name,
            file: path.display().to_string(),
            registry,
            has_header,
            is_own_date: day.is_own,
            date: day.date,
            imported: order.today.to_string(),
            text_bytes: progress.text_bytes,
            records: progress.records,
            passed_over,
            rejects,
            notes,
        };
        writer.finish(&self.path, &meta).map_err(WhoisError::io(&self.path))?;
        let index_bytes = fs::metadata(&index_path).map_err(WhoisError::io(&index_path))?.len();
        Ok(Imported { meta, index_bytes, replaced, unread })
    }
}

/// What is kept as this index; `None` where there is none.
///
/// # Errors
/// Where it is damaged, or cannot be read.
pub fn kept(index: &Path) -> Result<Option<Index>, WhoisError> {
    match Index::open(index) {
        Ok(kept) => Ok(Some(kept)),
        Err(WhoisError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what is half written in a folder of indexes: for whoever has it open, and imports nothing any more.
///
/// # Errors
/// Where something cannot be removed.
pub fn clear_half_written(folder: &Path) -> Result<(), WhoisError> {
    for entry in fs::read_dir(folder).map_err(WhoisError::io(folder))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
            match fs::remove_file(entry.path()) {
                // Who wrote it has just removed or finished it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(WhoisError::io(entry.path()))?,
            }
        }
    }
    Ok(())
}

fn no_records(path: &Path, rejects: &Rejects) -> WhoisError {
    let first = rejects.first().unwrap_or_else(|| "there are none".to_owned());
    WhoisError::NoRecords { path: path.into(), rejected: rejects.count, first }
}
