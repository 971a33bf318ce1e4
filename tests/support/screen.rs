//! A screen that only a test sees: Xvfb, which keeps what it shows in a file.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use image::RgbImage;

/// Ends when the value does.
pub struct Screen {
    server: Child,
    display: String,
    folder: tempfile::TempDir,
}

impl Screen {
    /// Without pointer and window manager. `None`, and `skipped`, where Xvfb is not installed.
    pub fn new([width, height]: [u32; 2]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let started = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-nocursor", "-noreset", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .arg("-fbdir")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut server) = started else {
            println!("skipped: needs Xvfb");
            return None;
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb ended at once");
        Some(Self { server, display: format!(":{}", number.trim()), folder })
    }

    /// For the variable `DISPLAY`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// What the screen shows.
    pub fn picture(&self) -> RgbImage {
        picture_from_xwd(&fs::read(self.file()).unwrap())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("Xvfb_screen0")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// X window dump, version 7 (`X11/XWDFile.h`): a header of big-endian words, a table of colours, the rows of pixels;
/// here always four bytes a pixel, blue first.
fn picture_from_xwd(dump: &[u8]) -> RgbImage {
    const COLOUR_BYTES: usize = 12;
    let word = |index: usize| u32::from_be_bytes(dump[index * 4..index * 4 + 4].try_into().unwrap()) as usize;
    let (header_bytes, width, height, bits_per_pixel) = (word(0), word(4), word(5), word(11));
    let (row_bytes, colours) = (word(12), word(19));
    assert_eq!((word(1), bits_per_pixel), (7, 32), "not the dump that is expected");
    let pixels = &dump[header_bytes + colours * COLOUR_BYTES..];
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = y as usize * row_bytes + x as usize * 4;
        image::Rgb([pixels[at + 2], pixels[at + 1], pixels[at]])
    })
}
