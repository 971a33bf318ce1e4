//! What is on the disk of a file that is fetched: `NAME.part` while it comes, `NAME.part.json` with what tells that version
//! from others, and `NAME.json` with that of the version that is in use. Each is written so that a kill at any time
//! leaves what can be gone on with, or nothing.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::error::DownloadError;

/// Clocks of servers and of this machine are not further apart, unless one is wrong.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(86_400);

/// What tells a version of a file on a server from others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub url: String,
    pub etag: Option<String>,
    /// As the server writes it.
    pub last_modified: Option<String>,
}

impl Version {
    /// What a server compares to say whether it still has this version, byte by byte. A weak tag does not say that.
    pub fn condition(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        strong.or(self.last_modified.as_deref())
    }

    /// Whether a server says of both what cannot be true of one.
    pub fn differs_from(&self, other: &Self) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        differ(&self.etag, &other.etag) || differ(&self.last_modified, &other.last_modified)
    }

    fn modified(&self) -> Option<SystemTime> {
        http_date(self.last_modified.as_deref()?)
    }

    /// The times of change of this and of another version, where this one is newer. That of a server whose clock was wrong, as
    /// one is that is to come, says nothing.
    pub fn newer_than(&self, other: &Self) -> Option<(String, String)> {
        let (modified, latest) = (self.modified()?, SystemTime::now() + CLOCKS_DIFFER_BY);
        let is_newer = modified > other.modified()? && modified < latest;
        is_newer
            .then(|| (self.last_modified.clone(), other.last_modified.clone()))
            .and_then(|(a, b)| a.zip(b))
    }
}

/// A file that is fetched into a folder.
pub(super) struct Half {
    part: PathBuf,
    version: PathBuf,
    imported: PathBuf,
}

impl Half {
    pub fn new(folder: &Path, name: &str) -> Self {
        let [part, version, imported] =
            ["part", "part.json", "json"].map(|ending| folder.join(format!("{name}.{ending}")));
        Self { part, version, imported }
    }

    pub fn path(&self) -> &Path {
        &self.part
    }

    /// Bytes and version of a whole file of this name, where it is from there and what became of it was never told.
    pub fn finished(&self, path: &Path, url: &str) -> Option<(u64, Version)> {
        let version = self.version().filter(|version| version.url == url && !self.part.exists())?;
        Some((fs::metadata(path).ok()?.len(), version))
    }

    /// The version of what is half there; none where that cannot be told.
    pub fn version(&self) -> Option<Version> {
        serde_json::from_slice(&fs::read(&self.version).ok()?).ok()
    }

    /// The version that was in use last.
    pub fn imported(&self) -> Option<Version> {
        serde_json::from_slice(&fs::read(&self.imported).ok()?).ok()
    }

    /// Bytes that are there.
    pub fn bytes(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |metadata| metadata.len())
    }

    /// An empty file for a version. It is emptied before its version is told: killed in between, it has nothing to go on
    /// with.
    pub fn begin(&self, version: &Version) -> Result<File, DownloadError> {
        let file = File::create(&self.part).map_err(DownloadError::io(&self.part))?;
        let text = serde_json::to_vec(version).map_err(io::Error::from);
        text.and_then(|text| fs::write(&self.version, text)).map_err(DownloadError::io(&self.version))?;
        Ok(file)
    }

    /// What is there, to be appended to.
    pub fn go_on(&self) -> Result<File, DownloadError> {
        File::options().append(true).open(&self.part).map_err(DownloadError::io(&self.part))
    }

    pub fn clear(&self) -> Result<(), DownloadError> {
        for path in [&self.part, &self.version] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(DownloadError::io(path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the whole file its name and the time that the server told; tells its size.
    pub fn finish(&self, path: &Path, version: &Version) -> Result<u64, DownloadError> {
        let bytes = self.bytes();
        if let Some(modified) = version.modified() {
            let file = File::options().write(true).open(&self.part);
            file.and_then(|file| file.set_modified(modified)).map_err(DownloadError::io(&self.part))?;
        }
        fs::rename(&self.part, path).map_err(DownloadError::io(path))?;
        Ok(bytes)
    }

    /// The version that was fetched is in use from now on.
    pub fn remember(&self) -> Result<(), DownloadError> {
        fs::rename(&self.version, &self.imported).map_err(DownloadError::io(&self.imported))
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the form that servers write (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split([' ', ':']).skip(1);
    let mut number = || words.next()?.parse::<u64>().ok();
    let day = number()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let mut number = || words.next()?.parse::<u64>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    let is_time = words.next() == Some("GMT") && hour < 24 && minute < 60 && second <= 60;
    if !is_time || !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_before_1970 = 719_468;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds = days.checked_sub(days_before_1970)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_servers_are_read_and_nothing_else() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000)),
            ("Thu, 26 Nov 2026 16:00:00 GMT", Some(1_795_708_800)),
            ("Thu, 26 Nov 2026 16:00:00 CET", None),
            ("Thu, 26 Nov 2026 25:00:00 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("yesterday", None),
            ("", None),
        ] {
            let time = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(http_date(text), time, "{text}");
        }
    }

    #[test]
    fn a_weak_tag_is_nothing_to_go_on_with() {
        let mut version = Version { etag: Some("W/\"1\"".into()), ..Version::default() };
        assert_eq!(version.condition(), None);
        version.last_modified = Some("then".into());
        assert_eq!(version.condition(), Some("then"));
        version.etag = Some("\"1\"".into());
        assert_eq!(version.condition(), Some("\"1\""));
    }
}
