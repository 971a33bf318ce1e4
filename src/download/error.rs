//! Why a file could not be fetched. Each names the address.

use std::{io, path::PathBuf};

use thiserror::Error;

#[derive(Debug, Error)]
pub enum DownloadError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{url:?} is no address to fetch from: {problem}")]
    Url { url: String, problem: &'static str },
    #[error(
        "no certificates of authorities were found: install the package ca-certificates, or name a file of them in \
         SSL_CERT_FILE"
    )]
    NoRoots,
    #[error("{}: no certificate in it", path.display())]
    NoRootsIn { path: PathBuf },
    #[error(
        "the environment names a SOCKS proxy ({host}), which is not supported, and nothing goes past it: unset ALL_PROXY \
         and its like, or name an HTTP one"
    )]
    Proxy { host: String },
    #[error("{url}: {source}")]
    Http { url: String, source: Box<ureq::Error> },
    #[error("{url}: no answer within {secs} s")]
    Silent { url: String, secs: u64 },
    #[error("{url}: the server answers {status}{}", words(*.status))]
    Status { url: String, status: u16 },
    #[error("{url}: cut off after {bytes}{} bytes ({source}); what came is kept, and the same command goes on from \
             there", of(*.total))]
    CutOff { url: String, bytes: u64, total: Option<u64>, source: io::Error },
    #[error("{url}: longer than {} GiB, which no file is that is fetched", *.most >> 30)]
    TooLong { url: String, most: u64 },
    #[error("{url}: the server sends another part of the file than was asked for")]
    Range { url: String },
    #[error("{url}: the server has a file of {there}; that of {here}, which is in use, is newer and stays")]
    Older { url: String, here: String, there: String },
    #[error("{url}: damaged on its way, or just replaced: its MD5 is {found}, the server says {expected}")]
    Md5 { url: String, found: String, expected: String },
    #[error("{url}: there is no MD5 sum in it")]
    NoSum { url: String },
}

impl DownloadError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

fn words(status: u16) -> &'static str {
    match status {
        301..=303 | 307 | 308 => " (it is elsewhere, and over plain HTTP that is not gone after)",
        401 | 403 => " (not allowed)",
        404 | 410 => " (no such file)",
        429 => " (too many requests: try again later)",
        500.. => " (its own fault: try again later)",
        _ => "",
    }
}

fn of(total: Option<u64>) -> String {
    total.map(|total| format!(" of {total}")).unwrap_or_default()
}
