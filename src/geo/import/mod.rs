//! Geography and ASN tables of others: MMDB files (MaxMind, DB-IP, IPinfo), GeoLite2 CSV, DB-IP CSV,
//! IP2Location LITE CSV, IPinfo CSV, iptoasn TSV, connmap's `ipv4.csv`, Tor's geoip; plain, gzip or in a
//! zip file, told apart by content. A file is read once, whole, into sorted columns; a broken one gives one error and no
//! table. Which table is asked first is decided elsewhere, and so is where files are looked for.
//!
//! The date of a table is the build date inside an MMDB file; other files carry none, and theirs is the day
//! the file was last modified, which is never earlier than that of the data.

mod address;
mod columns;
mod country_points;
mod date;
mod error;
mod file;
mod folder;
mod headerless;
mod input;
mod layout;
mod locations;
mod mmdb;
mod mmdb_record;
mod producer;
mod table;
mod text;

use std::{path::Path, sync::Arc};

pub use self::{
    address::AddressRange,
    columns::{Address, Columns, Span},
    error::ImportError,
};
use self::{
    file::DataFile,
    input::Input,
    layout::{Detected, detect},
    locations::Locations,
    producer::Producer,
    table::{ImportedTable, TableBuilder},
};
use crate::geo::{GeoSource, SourceInfo};

/// What a table is good for; also the order in which tables are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Coordinates; ASNs too in some.
    Places,
    /// ASNs. What such a file says of countries is not used: it would put cities known elsewhere on one
    /// point.
    Asns,
    /// Countries alone. A place is the point of the country where most of its addresses are, without a city;
    /// to be asked only after every table with coordinates.
    Countries,
}

/// A table and what it is good for.
#[derive(Clone)]
pub struct Import {
    pub kind: Kind,
    pub source: Arc<dyn GeoSource>,
}

/// Reads a table of any known format. Use [`open_import`] to learn its [`Kind`] as well.
pub fn open(path: &Path) -> Result<Arc<dyn GeoSource>, ImportError> {
    open_import(path).map(|import| import.source)
}

/// Reads a table of any known format. A zip file must have nothing else in it.
pub fn open_import(path: &Path) -> Result<Import, ImportError> {
    let files = DataFile::all(path)?;
    let [file] = files.as_slice() else {
        return Err(not_a_table(path, format!("a zip file of {} files: unpack it first", files.len())));
    };
    match read(file)? {
        Found::Table(import) => Ok(import),
        Found::Locations => Err(not_a_table(&file.shown(), Detected::Locations.to_string())),
        Found::NoTable(found) => Err(not_a_table(&file.shown(), found)),
    }
}

/// Whether a folder has anything for this program in it: tables, or the user's own places.
pub fn holds_data(folder: &Path) -> bool {
    let has_tables = folder::files_and_one_level_down(folder).is_ok_and(|files| !files.is_empty());
    has_tables || folder.join(folder::USER_PLACES).is_file()
}

/// Reads every table in a folder, in the folders directly in it, and in zip files there, by [`Kind`] and then by
/// name. Files that are no data (a README, `places.csv`, hidden files) are passed over.
pub fn open_folder(folder: &Path) -> (Vec<Arc<dyn GeoSource>>, Vec<ImportError>) {
    let (imports, errors) = open_folder_imports(folder);
    (imports.into_iter().map(|import| import.source).collect(), errors)
}

/// As [`open_folder`], with the kinds.
pub fn open_folder_imports(folder: &Path) -> (Vec<Import>, Vec<ImportError>) {
    let paths = match folder::files_and_one_level_down(folder) {
        Ok(paths) => paths,
        Err(source) => return (Vec::new(), vec![ImportError::Io { path: folder.to_owned(), source }]),
    };
    let (mut imports, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match DataFile::all(&path) {
            Ok(files) => read_all(&path, &files, &mut imports, &mut errors),
            // Documents are zip files too.
            Err(error) if folder::is_meant_as_data(&path) || matches!(error, ImportError::Io { .. }) => {
                errors.push(error)
            }
            Err(_) => {}
        }
    }
    // Stable: within a kind the order of the names stays.
    imports.sort_by_key(|import| import.kind);
    (imports, errors)
}

/// Reads the files of a path: itself, or what is in it.
fn read_all(path: &Path, files: &[DataFile], imports: &mut Vec<Import>, errors: &mut Vec<ImportError>) {
    let told_before = imports.len() + errors.len();
    for file in files {
        match read(file) {
            Ok(Found::Table(import)) => imports.push(import),
            Ok(Found::NoTable(found)) if file.is_meant_as_data() => {
                errors.push(not_a_table(&file.shown(), found))
            }
            Ok(Found::NoTable(_) | Found::Locations) => {}
            Err(error) => errors.push(error),
        }
    }
    let is_told = imports.len() + errors.len() > told_before;
    let is_zip = files.first().is_none_or(DataFile::is_in_zip);
    if is_zip && !is_told && folder::is_meant_as_data(path) {
        errors.push(not_a_table(path, "a zip file without one".into()));
    }
}

enum Found {
    Table(Import),
    Locations,
    /// With what it is instead.
    NoTable(String),
}

fn read(file: &DataFile) -> Result<Found, ImportError> {
    let input = Input::open(file)?;
    let path = &file.shown();
    if let Some(archive) = archive(&input.head) {
        return Ok(Found::NoTable(format!("{archive}: unpack it first")));
    }
    let modified = input.modified.and_then(date::date_from_time);
    if input.is_binary() {
        return match mmdb::read(input, path)? {
            Some(mmdb) => {
                let date = mmdb.date.or(modified);
                finish(path, mmdb.producer, date, mmdb.builder).map(Found::Table)
            }
            None => Ok(Found::NoTable("binary data without MMDB metadata".into())),
        };
    }
    let layout = match detect(&input.head, input.head_is_all) {
        Detected::Table(layout) => layout,
        Detected::Locations => return Ok(Found::Locations),
        unknown @ Detected::Unknown(_) => return Ok(Found::NoTable(unknown.to_string())),
    };
    let locations = if layout.geonames.is_empty() { None } else { Some(Locations::beside(file)?) };
    let builder = text::read(input.into_reader(), &layout, locations.as_ref(), path)?;
    finish(path, layout.producer, modified, builder).map(Found::Table)
}

fn finish(
    path: &Path,
    producer: Producer,
    date: Option<String>,
    builder: TableBuilder,
) -> Result<Import, ImportError> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let info = SourceInfo {
        name: format!("{} ({file})", producer.label()),
        date,
        attribution: producer.attribution().into(),
        has_places: false,
        has_asns: false,
    };
    let (kind, table): (Kind, ImportedTable) = builder
        .finish(info)
        .ok_or_else(|| not_a_table(path, "no row that tells a place or an ASN".into()))?;
    Ok(Import { kind, source: Arc::new(table) })
}

/// Vendors' downloads come packed. What is named so is not opened, but it is told.
fn archive(head: &[u8]) -> Option<&'static str> {
    const TAR_MAGIC_OFFSET: usize = 257;
    if head.starts_with(b"PK\x03\x04") {
        Some("a zip archive")
    } else if head.get(TAR_MAGIC_OFFSET..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        Some("a tar archive")
    } else {
        None
    }
}

fn not_a_table(path: &Path, found: String) -> ImportError {
    ImportError::NotATable {
        path: path.to_owned(),
        expected: "a geography or ASN table (MMDB, or a list of a known form)",
        found,
    }
}
