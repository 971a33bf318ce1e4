//! The file of JSON lines, opened anew: what a killed program left half written is cut off, and the last sequence
//! number of each run is found, from which its agent goes on.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::Deserialize;

/// It names the connections of every machine.
const OWNER_ALONE: u32 = 0o600;

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
    #[error("{0}, line {1}: {2}; it is left as it is: give another file with --log")]
    Foreign(PathBuf, u64, String),
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
}

/// How each of our lines begins; what ends in the middle of one is known by it.
const LINE_BEGINS: &[u8] = b"{\"event\":\"";

/// A file of lines that goes on. Nobody else writes it meanwhile.
#[derive(Debug)]
pub struct FleetLog {
    path: PathBuf,
    file: File,
    good_bytes: u64,
    /// Last sequence number that is written of each run.
    pub known_runs: HashMap<u64, u64>,
}

/// What is looked for in a line.
#[derive(Deserialize)]
struct Mark<'a> {
    run: Option<&'a str>,
    sequence: Option<u64>,
}

impl FleetLog {
    /// Reads the file from its beginning, at some hundred megabytes a second, and changes nothing in it.
    ///
    /// # Errors
    /// When it cannot be opened, another program writes it, or it holds anything else.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let unopened = |error| LogError::Open(path.to_owned(), error);
        let unread = |error| LogError::Read(path.to_owned(), error);
        // A pipe would wait for its other end, and a device may never end.
        if path.exists() && !path.is_file() {
            return Err(LogError::NoFile(path.to_owned()));
        }
        let file = OpenOptions::new().read(true).append(true).create(true).mode(OWNER_ALONE).open(path);
        let file = file.map_err(unopened)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| LogError::Busy(path.to_owned()))?;
        let mut known_runs = HashMap::new();
        let (mut good_bytes, mut number, mut line) = (0_u64, 0_u64, Vec::new());
        let mut reader = BufReader::new(&file);
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line).map_err(unread)?;
            if bytes == 0 {
                break;
            }
            number += 1;
            if line.last() != Some(&b'\n') {
                // Half of a line of ours was not acknowledged, and comes again.
                let compared = bytes.min(LINE_BEGINS.len());
                if line[..compared] != LINE_BEGINS[..compared] {
                    return Err(LogError::Foreign(path.to_owned(), number, "its end is missing".to_owned()));
                }
                break;
            }
            let mark: Mark<'_> = serde_json::from_slice(&line)
                .map_err(|error| LogError::Foreign(path.to_owned(), number, error.to_string()))?;
            let run = mark.run.and_then(|run| u64::from_str_radix(run, 16).ok());
            if let (Some(run), Some(sequence)) = (run, mark.sequence) {
                let last = known_runs.entry(run).or_insert(sequence);
                *last = sequence.max(*last);
            }
            good_bytes += bytes as u64;
        }
        drop(reader);
        Ok(Self { path: path.to_owned(), file, good_bytes, known_runs })
    }

    /// Cuts off what a killed program left half written, and goes on behind it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn go_on(self) -> Result<BufWriter<File>, LogError> {
        self.file.set_len(self.good_bytes).map_err(|error| LogError::Write(self.path, error))?;
        Ok(BufWriter::new(self.file))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn a_torn_line_is_cut_off_and_the_last_numbers_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.jsonl");
        let good =
            "{\"run\":\"0a\",\"sequence\":3}\n{\"event\":\"agent\"}\n{\"run\":\"0b\",\"sequence\":9}\n";
        fs::write(&path, format!("{good}{{\"event\":\"opened\",\"run\":\"0a\",\"sequ")).unwrap();
        let log = FleetLog::open(&path).unwrap();
        assert_eq!(log.known_runs, HashMap::from([(10, 3), (11, 9)]));
        assert!(matches!(FleetLog::open(&path), Err(LogError::Busy(_))), "one writes at a time");
        let mut file = log.go_on().unwrap();
        file.write_all(b"{}\n").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{good}{{}}\n"));
    }

    #[test]
    fn a_foreign_file_is_refused_with_its_line_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("diary.txt");
        fs::write(&path, "{}\nDear diary\nno end").unwrap();
        let error = FleetLog::open(&path).unwrap_err().to_string();
        assert!(error.contains("diary.txt, line 2"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\nDear diary\nno end");
        fs::write(&path, "my only copy").unwrap();
        assert!(matches!(FleetLog::open(&path), Err(LogError::Foreign(_, 1, _))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "my only copy");
        assert!(matches!(FleetLog::open(Path::new("/dev/full")), Err(LogError::NoFile(_))));
    }
}
