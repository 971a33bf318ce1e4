//! Files that people write by hand: text of a length that somebody may have written. What it says is for others.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// What is longer is another file. Bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The whole text of a file.
///
/// # Errors
/// When there is none, it cannot be read, is no file or no text, or is longer than anybody writes.
pub fn read(path: &Path) -> io::Result<String> {
    // A pipe that nobody writes to would be waited for for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match read as u64 > MOST_BYTES {
        true => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("this is longer than {} MiB", MOST_BYTES >> 20),
        )),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_that_is_one_and_not_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.toml");
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, " ".repeat(MOST_BYTES as usize)).unwrap();
        assert_eq!(read(&path).unwrap().len() as u64, MOST_BYTES);
        fs::write(&path, " ".repeat(MOST_BYTES as usize + 1)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("longer than 1 MiB"));
        assert!(read(folder.path()).unwrap_err().to_string().contains("not a file"));
    }
}
