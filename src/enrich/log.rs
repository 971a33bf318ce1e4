//! The file of JSON lines, opened anew: what a killed program left half written is cut off, and the last sequence
//! number of each run is found, from which its agent goes on.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("cannot open {0}: {1}")]
    Open(PathBuf, io::Error),
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    #[error("{0}, line {1}: {2}; it is left as it is: give another file with --log")]
    Foreign(PathBuf, u64, serde_json::Error),
}

/// A file of lines that goes on.
#[derive(Debug)]
pub struct FleetLog {
    pub file: BufWriter<File>,
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
    /// Reads the file from its beginning, at some hundred megabytes a second.
    ///
    /// # Errors
    /// When it cannot be opened, or holds anything else.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let unopened = |error| LogError::Open(path.to_owned(), error);
        let unread = |error| LogError::Read(path.to_owned(), error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(unopened)?;
        let mut known_runs = HashMap::new();
        let (mut good_bytes, mut number, mut line) = (0_u64, 0_u64, Vec::new());
        let mut reader = BufReader::new(&file);
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line).map_err(unread)?;
            if bytes == 0 || line.last() != Some(&b'\n') {
                break;
            }
            number += 1;
            let mark: Mark<'_> = serde_json::from_slice(&line)
                .map_err(|error| LogError::Foreign(path.to_owned(), number, error))?;
            let run = mark.run.and_then(|run| u64::from_str_radix(run, 16).ok());
            if let (Some(run), Some(sequence)) = (run, mark.sequence) {
                let last = known_runs.entry(run).or_insert(sequence);
                *last = sequence.max(*last);
            }
            good_bytes += bytes as u64;
        }
        drop(reader);
        // A line without its end was not acknowledged, and comes again.
        file.set_len(good_bytes).map_err(unread)?;
        file.seek(SeekFrom::End(0)).map_err(unread)?;
        Ok(Self { file: BufWriter::new(file), known_runs })
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
        fs::write(&path, format!("{good}{{\"run\":\"0a\",\"sequ")).unwrap();
        let mut log = FleetLog::open(&path).unwrap();
        assert_eq!(log.known_runs, HashMap::from([(10, 3), (11, 9)]));
        log.file.write_all(b"{}\n").unwrap();
        log.file.flush().unwrap();
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
    }
}
