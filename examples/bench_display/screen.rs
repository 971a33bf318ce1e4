//! An X server of the benchmark's own, whose picture can be looked at while others draw on it: Xvfb keeps it in a
//! file. Looking costs the programs on it nothing.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use image::{Rgb, RgbImage};

pub struct Screen {
    server: Child,
    pub display: String,
    size_px: [u32; 2],
    picture: File,
    first_pixel: u64,
    bytes_per_line: u64,
    _folder: tempfile::TempDir,
}

impl Screen {
    pub fn open(size_px: [u32; 2]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
            .arg(format!("{}x{}x24", size_px[0], size_px[1]))
            .arg("-fbdir")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb cannot be started")?;
        let mut number = String::new();
        if let Some(out) = &mut server.stdout {
            BufReader::new(out).read_line(&mut number)?;
        }
        let picture = File::open(folder.path().join("Xvfb_screen0"))?;
        // The head of an XWD file: 32-bit fields, big-endian, and a table of colours of 12 bytes each.
        let field = |index: u64| {
            let mut bytes = [0; 4];
            picture.read_exact_at(&mut bytes, index * 4).map(|()| u64::from(u32::from_be_bytes(bytes)))
        };
        let (head_bytes, bytes_per_line, colours) = (field(0)?, field(12)?, field(19)?);
        Ok(Self {
            display: format!(":{}", number.trim()),
            size_px,
            server,
            first_pixel: head_bytes + colours * 12,
            bytes_per_line,
            picture,
            _folder: folder,
        })
    }

    pub fn server_pid(&self) -> u32 {
        self.server.id()
    }

    /// The brightest channel of a pixel.
    pub fn brightness(&self, [x, y]: [u64; 2]) -> u8 {
        let mut bytes = [0; 4];
        let at = self.first_pixel + y * self.bytes_per_line + x * 4;
        match self.picture.read_exact_at(&mut bytes, at) {
            Ok(()) => bytes[0].max(bytes[1]).max(bytes[2]),
            Err(_) => 0,
        }
    }

    /// What it shows, as a PNG file.
    pub fn save(&self, file: &Path) -> anyhow::Result<()> {
        let [width, height] = self.size_px;
        let mut pixels = vec![0; self.bytes_per_line as usize * height as usize];
        self.picture.read_exact_at(&mut pixels, self.first_pixel)?;
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let at = y as usize * self.bytes_per_line as usize + x as usize * 4;
            Rgb([pixels[at + 2], pixels[at + 1], pixels[at]])
        });
        picture.save(file).with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
