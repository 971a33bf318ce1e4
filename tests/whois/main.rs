//! Offline whois, from files as their makers write them to answers: formats with their traps, indexes on disk, and the
//! program as a person runs it.
#![cfg(test)]

mod answers;
mod cut;
mod damaged;
mod days;
mod formats;
mod indexes;
#[path = "../support/ip2asn.rs"]
mod ip2asn;
mod kept;
mod logins;
mod lost;
mod mistakes;
mod no_panic;
mod peers;
mod pipes;
mod program;
mod resumed;
mod server;
#[path = "../support/signals.rs"]
mod signals;
mod turned;
mod unseen;
mod update;
#[path = "../support/zip_bytes.rs"]
mod zip_bytes;
mod zipped;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use connmapperl::{
    geo::date::Date,
    whois::{
        Whois,
        error::WhoisError,
        import::{Folder, Imported, Order},
        index::BlockPacker,
        input::Piece,
        keys::{Range, parse_range},
    },
};

pub const TODAY: Date = Date { year: 2026, month: 11, day: 26 };

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/whois").join(name)
}

pub fn import(path: &Path, folder: &Path) -> Result<Imported, WhoisError> {
    let pieces = Piece::all(path)?;
    let [piece] = pieces.as_slice() else { panic!("{pieces:?}") };
    Folder::open(folder)?.import(piece, Order::new(TODAY), &mut BlockPacker::default(), &mut |_| true)
}

/// Imports text under a file's name.
pub fn import_text(name: &str, text: &[u8], folder: &Path) -> Result<Imported, WhoisError> {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join(name);
    fs::write(&path, text).unwrap();
    import(&path, folder)
}

/// All of these fixtures, imported.
pub fn whois(names: &[&str]) -> (tempfile::TempDir, Whois) {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        import(&fixture(name), folder.path()).unwrap();
    }
    let whois = Whois::open(folder.path());
    assert!(whois.problems().is_empty(), "{:?}", whois.problems());
    (folder, whois)
}

pub const ALL: [&str; 10] = [
    "delegated-apnic-extended",
    "delegated-ripencc-extended",
    "delegated-arin-extended",
    "delegated-lacnic-extended",
    "delegated-afrinic-extended",
    "as-org2info",
    "apnic.db.aut-num",
    "ripe.db",
    "lacnic.db",
    "afrinic.db",
];

pub fn range(text: &str) -> Range {
    parse_range(text).unwrap()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
