//! Foreign tables, as a user would hand them over: files on disk, asked by address.
#![cfg(test)]

mod broken;
mod folders;
mod mmdb;
mod mmdb_encoder;
mod no_panic;
mod texts;
#[path = "../support/zip_bytes.rs"]
mod zip_bytes;
mod zipped;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use connmapperl::geo::{GeoSource, import::ImportError};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/geo").join(name)
}

/// A file of this content that nothing but its content tells about, in a folder of its own.
pub fn with_content<T>(content: &[u8], use_it: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    fs::write(&path, content).unwrap();
    use_it(&path)
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// City, region, country, latitude and longitude to 0.01 degree, in one line; `-` where there is no place.
pub fn place(source: &dyn GeoSource, address: &str) -> String {
    match source.place(address.parse().unwrap()) {
        Some(place) => {
            let country = place.country.map_or("--".into(), |code| code.to_string());
            format!("{}/{}/{country} {:.2} {:.2}", place.city, place.region, place.lat, place.lon)
        }
        None => "-".into(),
    }
}

pub fn asn(source: &dyn GeoSource, address: &str) -> String {
    source
        .asn(address.parse().unwrap())
        .map_or("-".into(), |asn| format!("AS{} {}", asn.number, asn.organisation))
}

/// The message of the error, which must name the file.
pub fn refusal<T>(result: Result<T, ImportError>, path: &Path) -> String {
    let message = result.err().expect("a broken file was taken").to_string();
    let name = path.display().to_string();
    assert!(message.starts_with(&name), "{message} does not begin with the file's name");
    message[name.len()..].to_owned()
}
