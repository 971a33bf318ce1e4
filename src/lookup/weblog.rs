//! Lines of a web server's access log that come from one address, newest first: of the file itself, read backwards in
//! blocks, then of the files it was rotated to. What such a line is says `wanted`, which files those are `rotated`, and
//! how they are read `backward` and `gzip`. A file that cannot be read is a [`Problem`]; the others go on.

mod backward;
mod file;
mod gzip;
mod problem;
#[cfg(test)]
mod random_tests;
mod rotated;
mod wanted;

use std::{
    collections::HashSet,
    net::IpAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

pub use self::problem::Problem;
use self::{file::LogFile, wanted::Wanted};
use super::show;

/// The most lines that are looked for, whatever the caller asks: more is read by nobody, and with
/// [`LONGEST_LINE_BYTES`] each they are 64 MB.
pub const MOST_LINES: usize = 2_000;
/// Of a longer line the beginning is searched and kept. nginx takes at most 8 KB each of the request line, the referrer,
/// the program's name and X-Forwarded-For.
pub const LONGEST_LINE_BYTES: usize = 32 << 10;
/// Of a file, searched at once: stays in the processor's second cache, and a disk is not asked for little pieces.
const BLOCK_BYTES: usize = 512 << 10;

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The file it stands in.
    pub file: Arc<Path>,
    /// Without line end; control characters and bytes that are no UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// Bytes at its end that `text` lacks, because it is longer than [`LONGEST_LINE_BYTES`].
    pub cut_bytes: u64,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All files were searched, but for those among the problems.
    Searched,
    /// There are as many lines as were asked for; older ones were not looked for.
    Enough,
    Cancelled,
}

#[derive(Debug)]
pub struct Found {
    /// Newest first.
    pub lines: Vec<LogLine>,
    /// Files that could not be read, or not to their ends.
    pub problems: Vec<Problem>,
    pub end: End,
}

/// How far a search is; another thread may look at it. Bytes are those on disk, packed ones as they are.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Never more than [`Self::total_bytes`].
    pub fn done_bytes(&self) -> u64 {
        self.done.load(Ordering::Relaxed).min(self.total_bytes())
    }

    /// Of all files together; 0 until they are known.
    pub fn total_bytes(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Sizes that tests make small.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// At least 1.
    block_bytes: usize,
    longest_line_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { block_bytes: BLOCK_BYTES, longest_line_bytes: LONGEST_LINE_BYTES }
    }
}

/// What a reader of one file works with.
struct Search<'a> {
    wanted: &'a Wanted,
    bounds: Bounds,
    cancelled: &'a AtomicBool,
    progress: &'a Progress,
}

impl Search<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Adds the newest lines of a file until there are `limit`. Of one that breaks off it adds what was found.
    fn file(
        &self,
        LogFile { path, file, length, is_packed, .. }: LogFile,
        limit: usize,
        lines: &mut Vec<LogLine>,
    ) -> Result<(), Problem> {
        let room = limit.saturating_sub(lines.len());
        let mut take = |line: &[u8], cut_bytes| {
            // Of CR LF.
            let line = line.strip_suffix(b"\r").filter(|_| cut_bytes == 0).unwrap_or(line);
            lines.push(LogLine { file: Arc::clone(&path), text: show::line(line), cut_bytes });
        };
        if is_packed {
            let mut last = gzip::Last::new(room);
            let read = gzip::search(self, &file, &mut last);
            last.newest_first().for_each(|(line, cut_bytes)| take(line, cut_bytes));
            read.map_err(|error| Problem::of_gzip(&path, error))
        } else {
            backward::search(self, &file, length, room, &mut take).map_err(|error| Problem::of(&path, error))
        }
    }
}

/// Finds the newest lines of `address` in `log` and the files beside it that it was rotated to: at most `limit`, and at
/// most [`MOST_LINES`]. A line is of the address if its first field is that address (in any notation, with or without a
/// port), or a field in quotation marks is a list of addresses with it among them, as X-Forwarded-For is.
///
/// Blocks until all is searched, enough is found, or `cancelled` is set, which is looked at between blocks.
pub fn search(
    log: &Path,
    address: IpAddr,
    limit: usize,
    cancelled: &AtomicBool,
    progress: &Progress,
) -> Found {
    search_within(Bounds::default(), log, address, limit, cancelled, progress)
}

fn search_within(
    bounds: Bounds,
    log: &Path,
    address: IpAddr,
    limit: usize,
    cancelled: &AtomicBool,
    progress: &Progress,
) -> Found {
    let limit = limit.min(MOST_LINES);
    let wanted = Wanted::new(address);
    let search = Search { wanted: &wanted, bounds, cancelled, progress };
    let mut found = Found { lines: Vec::new(), problems: Vec::new(), end: End::Searched };
    let paths = [vec![log.to_owned()], rotated::siblings(log, &mut found.problems)].concat();
    let lengths: Vec<_> = paths.iter().map(|path| path.metadata().map_or(0, |data| data.len())).collect();
    progress.total.store(lengths.iter().sum(), Ordering::Relaxed);

    // A log that is rotated meanwhile has another name, and is not read twice.
    let mut seen = HashSet::new();
    let mut done = 0;
    for (path, length) in paths.iter().zip(&lengths) {
        let searched = LogFile::open(path).and_then(|file| {
            if seen.insert(file.identity) { search.file(file, limit, &mut found.lines) } else { Ok(()) }
        });
        found.problems.extend(searched.err());
        if found.lines.len() >= limit {
            found.end = End::Enough;
            break;
        }
        if search.is_cancelled() {
            found.end = End::Cancelled;
            break;
        }
        // Also one that could not be read.
        done += length;
        progress.done.store(done, Ordering::Relaxed);
    }
    found
}
