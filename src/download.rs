//! Fetches files over HTTPS, only ever when somebody has said so: into a file of another name that a later attempt goes on
//! with, checked, and renamed when it is whole. Owns connections, what is half there, and what is known of a file from the
//! time before; what is in the file is others' business.

mod client;
mod error;
mod kept;
mod login;
mod md5;

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use self::{
    client::{Answer, Body},
    kept::{Half, Version},
    md5::{Md5, sum_in},
};
pub use self::{
    client::{Base, Client, PATIENCE},
    error::DownloadError,
};

/// Bytes between two calls of `progress`.
const BUFFER_BYTES: usize = 256 << 10;
/// The largest dump that is published has some 500 MB; a server that sends more than this fills the disk. Bytes.
const MOST_BYTES: u64 = 16 << 30;
/// A side file is a line; an error page in its place may be long, and is no sum.
const MOST_SIDE_BYTES: u64 = 4 << 10;
/// A server that answers so often that it has nothing behind the end of what is there has another file by now.
const ATTEMPTS: u32 = 2;

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub url: &'a str,
    /// Its name in the folder.
    pub name: &'a str,
    /// The server has its MD5 in `URL.md5`.
    pub has_md5: bool,
    /// What was fetched from there last time is still in use: a file that is the same, or older, is not fetched again.
    pub only_newer: bool,
    /// What lies there whole from an earlier time is fetched again, whatever the server says of it.
    pub anew: bool,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub bytes: u64,
    /// Of these, where the server tells.
    pub total: Option<u64>,
    /// Of `bytes`, there from an earlier attempt.
    pub resumed_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The server has nothing newer.
    Unchanged,
    New(New),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    pub path: PathBuf,
    pub bytes: u64,
    pub resumed_at: u64,
    pub md5: Sum,
}

/// What the server's MD5 said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    Agrees,
    /// The server publishes none, against what is known of it.
    Missing,
    /// None is known to be published, or it was looked at when the file came.
    NotAsked,
}

/// A folder of files that are fetched, with what is half there. For one program at a time: whoever calls sees to that.
pub struct Downloads {
    folder: PathBuf,
    client: Client,
}

impl Downloads {
    /// Makes the folder where it is missing.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new(folder: &Path, client: Client) -> Result<Self, DownloadError> {
        fs::create_dir_all(folder).map_err(DownloadError::io(folder))?;
        Ok(Self { folder: folder.into(), client })
    }

    /// The address that is really asked, which a base changes.
    pub fn url(&self, wanted: &Wanted) -> String {
        self.client.url(wanted.url)
    }

    /// Fetches a file, or the rest of it where an earlier attempt was cut off; one that is there whole and is not
    /// [`Self::done`] is not fetched again where the server has nothing newer. Its time of change is that which the server
    /// tells.
    ///
    /// # Errors
    /// Where the server cannot be reached, does not have the file, breaks off, or what has come is not what it should
    /// be. What has come until then is kept where it can be gone on with.
    pub fn fetch(
        &self,
        wanted: &Wanted,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Fetched, DownloadError> {
        let path = self.folder.join(wanted.name);
        let half = Half::new(&self.folder, wanted.name);
        // It may have lain there for long: whether it is still the newest is asked.
        let left = half.finished(&path, &self.url(wanted)).filter(|_| !wanted.anew);
        let old = match &left {
            Some((_, version)) => Some(version.clone()),
            None if wanted.only_newer => self.imported(wanted),
            None => None,
        };
        let mut attempt = 1;
        let (version, resumed_at) = loop {
            let attempted = self.attempt(wanted, &half, old.as_ref(), progress);
            if let (Ok(Attempt::Unchanged) | Err(DownloadError::Older { .. }), Some((bytes, _))) =
                (&attempted, &left)
            {
                let bytes = *bytes;
                return Ok(Fetched::New(New { path, bytes, resumed_at: bytes, md5: Sum::NotAsked }));
            }
            match attempted? {
                Attempt::Unchanged => return Ok(Fetched::Unchanged),
                Attempt::Whole { version, resumed_at } => break (version, resumed_at),
                Attempt::Stale if attempt < ATTEMPTS => half.clear()?,
                Attempt::Stale => return Err(DownloadError::Range { url: self.url(wanted) }),
            }
            attempt += 1;
        };
        let md5 = if wanted.has_md5 { self.compare_md5(wanted, &half)? } else { Sum::NotAsked };
        let bytes = half.finish(&path, &version)?;
        Ok(Fetched::New(New { path, bytes, resumed_at, md5 }))
    }

    /// Remembers that what was fetched is in use now, and removes the file: the next time a newer one is asked for.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn done(&self, wanted: &Wanted, new: &New) -> Result<(), DownloadError> {
        Half::new(&self.folder, wanted.name).remember()?;
        fs::remove_file(&new.path).map_err(DownloadError::io(&new.path))
    }

    /// Removes what turned out to be of no use.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn refuse(&self, wanted: &Wanted, new: &New) -> Result<(), DownloadError> {
        Half::new(&self.folder, wanted.name).clear()?;
        fs::remove_file(&new.path).map_err(DownloadError::io(&new.path))
    }

    fn imported(&self, wanted: &Wanted) -> Option<Version> {
        Half::new(&self.folder, wanted.name).imported().filter(|version| version.url == self.url(wanted))
    }

    fn attempt(
        &self,
        wanted: &Wanted,
        half: &Half,
        old: Option<&Version>,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Attempt, DownloadError> {
        let url = self.url(wanted);
        let there = half.version().filter(|version| version.url == url && version.condition().is_some());
        let resume = there.map(|version| (version, half.bytes())).filter(|&(_, bytes)| bytes > 0);
        let (answer, version) = self.client.get(&url, resume.as_ref(), old)?;
        let (body, mut file, resumed_at) = match answer {
            Answer::Unchanged => return Ok(Attempt::Unchanged),
            // From a server that knows no conditions.
            Answer::Whole(_) if version.condition().is_some() && old == Some(&version) => {
                return Ok(Attempt::Unchanged);
            }
            Answer::Whole(body) => {
                if let Some((here, there)) = old.and_then(|old| old.newer_than(&version)) {
                    return Err(DownloadError::Older { url, here, there });
                }
                (body, half.begin(&version)?, 0)
            }
            Answer::From(from, body) => match resume {
                Some((there, _)) if there.differs_from(&version) => return Ok(Attempt::Stale),
                Some((_, bytes)) if bytes == from => (body, half.go_on()?, from),
                _ => return Err(DownloadError::Range { url }),
            },
            Answer::NothingBehind(total) => match resume {
                Some((version, bytes)) if total == Some(bytes) => {
                    return Ok(Attempt::Whole { version, resumed_at: bytes });
                }
                _ => return Ok(Attempt::Stale),
            },
        };
        self.receive(&url, body, half, &mut file, resumed_at, progress)?;
        let version = half.version().unwrap_or(version);
        Ok(Attempt::Whole { version, resumed_at })
    }

    fn receive(
        &self,
        url: &str,
        mut body: Body,
        half: &Half,
        file: &mut File,
        resumed_at: u64,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), DownloadError> {
        let total = body.total;
        let mut bytes = resumed_at;
        let mut buffer = vec![0; BUFFER_BYTES];
        let cut_off = |bytes, source| DownloadError::CutOff { url: url.to_owned(), bytes, total, source };
        loop {
            if total.unwrap_or(bytes).max(bytes) > MOST_BYTES {
                half.clear()?;
                return Err(DownloadError::TooLong { url: url.to_owned(), most: MOST_BYTES });
            }
            progress(&Progress { bytes, total, resumed_at });
            let count = match body.reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(cut_off(bytes, error)),
            };
            file.write_all(&buffer[..count]).map_err(DownloadError::io(half.path()))?;
            bytes += count as u64;
        }
        if total.is_some_and(|total| bytes != total) {
            return Err(cut_off(bytes, io::ErrorKind::UnexpectedEof.into()));
        }
        file.sync_all().map_err(DownloadError::io(half.path()))
    }

    fn compare_md5(&self, wanted: &Wanted, half: &Half) -> Result<Sum, DownloadError> {
        let url = format!("{}.md5", self.url(wanted));
        let Some(body) = self.client.get_if_there(&url)? else { return Ok(Sum::Missing) };
        let mut text = Vec::new();
        let read = body.reader.take(MOST_SIDE_BYTES).read_to_end(&mut text);
        read.map_err(|source| DownloadError::CutOff {
            url: url.clone(),
            bytes: 0,
            total: body.total,
            source,
        })?;
        let Some(expected) = sum_in(&String::from_utf8_lossy(&text)) else {
            return Err(DownloadError::NoSum { url });
        };
        let (mut md5, mut buffer) = (Md5::default(), vec![0; BUFFER_BYTES]);
        let mut file = File::open(half.path()).map_err(DownloadError::io(half.path()))?;
        loop {
            match file.read(&mut buffer).map_err(DownloadError::io(half.path()))? {
                0 => break,
                count => md5.update(&buffer[..count]),
            }
        }
        let found = md5.finish();
        if found != expected {
            // Nothing of it can be gone on with.
            half.clear()?;
            return Err(DownloadError::Md5 { url: self.url(wanted), found, expected });
        }
        Ok(Sum::Agrees)
    }
}

enum Attempt {
    Unchanged,
    Whole {
        version: Version,
        resumed_at: u64,
    },
    /// What is half there is of a file that the server no longer has.
    Stale,
}
