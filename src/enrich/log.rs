//! The file of JSON lines, gone on with: its end is read for what the lines left open, what a killed program left half
//! written is cut off, and a file that is moved away while it is written is begun anew. What the lines say is the
//! business of `lines`.

mod tail;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, FlockOperation, access, flock};

use super::lines::{Earlier, EarlierAgent, LINE_BEGINS, Sink};
use crate::{model::AgentId, net::server::KnownAgent};
use tail::{Piece, next_line};

/// It names the connections of every machine.
const OWNER_ALONE: u32 = 0o600;
/// A checkpoint comes after so many bytes: a twentieth of a second to read.
const BETWEEN_CHECKPOINTS: u64 = 8 << 20;
/// And after so many times its own length, so that it is a fifth of the file at most.
const CHECKPOINTS_APART: u64 = 4;
/// Of the file's end, which is read at once.
const READ_BYTES: usize = 256 << 10;

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("cannot open {0}: {1}")]
    Open(PathBuf, io::Error),
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    #[error("{0} is no file that lines can be added to; give one with --log")]
    NoFile(PathBuf),
    #[error("{0} is being written by another connmapperl; give another file with --log")]
    Busy(PathBuf),
    #[error(
        "{0} does not begin with a line of connmapperl; it is left as it is: give another file with --log"
    )]
    Foreign(PathBuf),
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
}

/// A file of lines that was read. Nobody else writes it meanwhile.
#[derive(Debug)]
pub struct FleetLog {
    path: PathBuf,
    /// `None` where there is none yet: it is made when lines may come, not for a program that cannot listen.
    file: Option<File>,
    /// All whole lines.
    good_bytes: u64,
    /// What is behind them stays, and ends with a newline from now on: it is none of ours, or whole but for that.
    lacks_newline: bool,
    after_checkpoint: u64,
    checkpoint_bytes: u64,
    /// What was passed over, for people.
    pub complaint: Option<String>,
    earlier: Earlier,
}

/// Lines that were passed over.
struct Passed {
    count: u64,
    first: String,
}

impl FleetLog {
    /// Reads the end of the file, at some hundred megabytes a second, and changes nothing in it.
    ///
    /// # Errors
    /// When it cannot be opened, another program writes it, or it is another kind of file.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let unread = |error| LogError::Read(path.to_owned(), error);
        // A pipe would wait for its other end, and a device may never end.
        if path.exists() && !path.is_file() {
            return Err(LogError::NoFile(path.to_owned()));
        }
        let file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                access(folder.unwrap_or(Path::new(".")), Access::WRITE_OK)
                    .map_err(|error| LogError::Open(path.to_owned(), error.into()))?;
                return Ok(Self::new(path));
            }
            Err(error) => return Err(LogError::Open(path.to_owned(), error)),
        };
        lock(&file, path)?;
        let length = file.metadata().map_err(unread)?.len();
        if !is_ours(&file, length).map_err(unread)? {
            return Err(LogError::Foreign(path.to_owned()));
        }
        let tail = tail::find(&file, length).map_err(unread)?;
        let (mut at, mut earlier, mut passed) = (tail.begins, Earlier::default(), None);
        let (mut reader, mut line) = (BufReader::with_capacity(READ_BYTES, &file), Vec::new());
        reader.seek(SeekFrom::Start(at)).map_err(unread)?;
        let lacks_newline = loop {
            let (bytes, why) = match next_line(&mut reader, &mut line).map_err(unread)? {
                Piece::Line(bytes) => (bytes, earlier.read(&line).err().map(|error| error.to_string())),
                Piece::TooLong(bytes) => (bytes, Some("it is too long".to_owned())),
                // Half of a line of ours was not acknowledged, and comes again.
                Piece::Torn => break !begins_like_ours(&line) || earlier.read(&line).is_ok(),
            };
            if let Some(why) = why {
                let first = || format!("the first at byte {at}: {why}");
                passed.get_or_insert_with(|| Passed { count: 0, first: first() }).count += 1;
            }
            at += bytes;
        };
        drop(reader);
        let complaint = passed.map(|Passed { count, first }| {
            format!(
                "{}: lines that are damaged or no lines of ours are passed over: {count}, {first}",
                path.display()
            )
        });
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
            good_bytes: at,
            lacks_newline,
            after_checkpoint: at.saturating_sub(tail.begins + tail.checkpoint_bytes),
            checkpoint_bytes: tail.checkpoint_bytes,
            complaint,
            earlier,
        })
    }

    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            good_bytes: 0,
            lacks_newline: false,
            after_checkpoint: 0,
            checkpoint_bytes: 0,
            complaint: None,
            earlier: Earlier::default(),
        }
    }

    /// What the lines leave: for the listener, and for the lines that follow.
    pub fn take_earlier(&mut self) -> (Vec<KnownAgent>, Vec<(AgentId, EarlierAgent)>) {
        std::mem::take(&mut self.earlier).into_agents()
    }

    /// Cuts off what a killed program left half written, and goes on behind it; makes the file where there was none.
    ///
    /// # Errors
    /// When the file cannot be made or written, or another program has made it meanwhile.
    pub fn go_on(self) -> Result<LogFile, LogError> {
        let Self { path, file, good_bytes, lacks_newline, .. } = self;
        let mut file = match file {
            Some(file) => file,
            None => make(&path)?,
        };
        let mended = match lacks_newline {
            true => file.write_all(b"\n"),
            false => file.set_len(good_bytes),
        };
        let length = mended.and_then(|()| file.metadata()).map(|file| file.len());
        Ok(LogFile {
            length: length.map_err(|error| LogError::Write(path.clone(), error))?,
            path,
            file: BufWriter::new(file),
            after_checkpoint: self.after_checkpoint,
            checkpoint_bytes: self.checkpoint_bytes,
        })
    }
}

fn lock(file: &File, path: &Path) -> Result<(), LogError> {
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|_| LogError::Busy(path.to_owned()))
}

fn make(path: &Path) -> Result<File, LogError> {
    let unopened = |error| LogError::Open(path.to_owned(), error);
    let file = OpenOptions::new().read(true).append(true).create(true).mode(OWNER_ALONE).open(path);
    let file = file.map_err(unopened)?;
    lock(&file, path)?;
    // There was none when its end would have been read. An empty one is left by whoever moves logs away.
    match file.metadata().map_err(unopened)?.len() {
        0 => Ok(file),
        _ => Err(LogError::Busy(path.to_owned())),
    }
}

/// Whether a file is empty, or begins like one of ours: anything else is somebody's, and is not written to.
fn is_ours(file: &File, length: u64) -> io::Result<bool> {
    let mut begin = [0; LINE_BEGINS.len()];
    let compared = begin.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    file.read_exact_at(&mut begin[..compared], 0)?;
    Ok(begins_like_ours(&begin[..compared]))
}

fn begins_like_ours(text: &[u8]) -> bool {
    let compared = text.len().min(LINE_BEGINS.len());
    text[..compared] == LINE_BEGINS[..compared]
}

/// The file as lines are added to it.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
    length: u64,
    after_checkpoint: u64,
    checkpoint_bytes: u64,
}

impl LogFile {
    /// Whether the file's name leads to it no longer, or it has become shorter: a program that keeps logs small moves
    /// them away, or empties them after it has copied them.
    fn was_moved(&mut self) -> io::Result<bool> {
        let file = self.file.get_ref().metadata()?;
        let is_there = fs::metadata(&self.path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (file.dev(), file.ino()));
        let is_shorter = file.len() < self.length;
        self.length = file.len();
        if !is_there {
            let begun = FleetLog::open(&self.path).and_then(FleetLog::go_on);
            *self = begun.map_err(|error| io::Error::other(format!("it was moved away, and {error}")))?;
        }
        Ok(is_shorter || !is_there)
    }
}

impl Sink for LogFile {
    fn wants_checkpoint(&mut self) -> io::Result<bool> {
        let apart = BETWEEN_CHECKPOINTS.max(self.checkpoint_bytes.saturating_mul(CHECKPOINTS_APART));
        Ok(self.was_moved()? || self.after_checkpoint >= apart)
    }

    fn had_checkpoint(&mut self, bytes: u64) {
        (self.after_checkpoint, self.checkpoint_bytes) = (0, bytes);
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        self.after_checkpoint += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
