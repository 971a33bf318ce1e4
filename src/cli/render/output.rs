//! Where the frames go: into a folder as PNG, or through a pipe to ffmpeg, which makes a film of them. Encoding is done by
//! threads of its own, so that drawing does not wait for it.

use std::{
    fs,
    fs::Permissions,
    io::{self, Read, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use anyhow::{Context, anyhow, bail};
use bevy::image::Image;
use crossbeam_channel::{Receiver, Sender, bounded};
use tempfile::TempPath;

use super::stage::Picture;
use crate::cli::snapshot::write_png;

/// Frames that wait to be encoded: eight megabytes each.
const WAITING: usize = 4;
/// PNG takes as long as drawing; a film has one pipe.
const PNG_THREADS: usize = 2;
/// Players take a film of this size to have the colours of BT.709; so they are made and named.
const COLOUR: [&str; 10] = [
    "-vf",
    "scale=out_color_matrix=bt709:out_range=tv",
    "-color_range",
    "tv",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
];
/// Of what ffmpeg complains of, this much is shown.
const MOST_COMPLAINT: u64 = 4_096;

pub(super) struct Output {
    frames: Sender<Picture>,
    threads: Vec<JoinHandle<anyhow::Result<()>>>,
    film: Option<Film>,
    /// Of frames.
    folder: PathBuf,
}

/// A film being made, under another name until it is whole.
struct Film {
    ffmpeg: Child,
    complaint: Arc<Mutex<String>>,
    listener: JoinHandle<()>,
    /// Goes with whoever holds it.
    part: TempPath,
    path: PathBuf,
}

impl Output {
    /// # Errors
    /// When nothing can be written there.
    pub(super) fn create(path: &Path, size: [u32; 2], fps: u32) -> anyhow::Result<Self> {
        let (frames, waiting) = bounded(WAITING);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let asks_for_folder = path.is_dir() || path.to_string_lossy().ends_with('/');
        if !asks_for_folder && matches!(ending, "mp4" | "webm" | "webp") {
            let (film, pipe) = Film::start(path, ending, size, fps)?;
            let work = move || fill(&waiting, pipe);
            let thread = thread::Builder::new().name("film".to_owned()).spawn(work)?;
            return Ok(Self { frames, threads: vec![thread], film: Some(film), folder: PathBuf::new() });
        }
        if !asks_for_folder && !ending.is_empty() {
            bail!(
                "{}: a film ends in .mp4, .webm or .webp; frames go into a folder: {}/",
                path.display(),
                path.display()
            );
        }
        make_folder(path)?;
        let threads = (0..PNG_THREADS).map(|_| {
            let (waiting, folder) = (waiting.clone(), path.to_owned());
            thread::Builder::new().name("png".to_owned()).spawn(move || write_frames(&waiting, &folder))
        });
        Ok(Self { frames, threads: threads.collect::<io::Result<_>>()?, film: None, folder: path.to_owned() })
    }

    /// Waits while too many frames are not written yet.
    ///
    /// # Errors
    /// When the frames before could not be written.
    pub(super) fn write(&mut self, picture: Picture) -> anyhow::Result<()> {
        // As long as frames come, who writes them ends only because of what is said now.
        let goes_on = !self.threads.iter().any(JoinHandle::is_finished);
        if goes_on && self.frames.send(picture).is_ok() {
            return Ok(());
        }
        self.end()?;
        bail!("the frames cannot be written")
    }

    /// Returns where it is: what was stopped takes the place of no earlier film.
    ///
    /// # Errors
    /// When the last frames, or the film, could not be written.
    pub(super) fn finish(mut self, is_whole: bool) -> anyhow::Result<PathBuf> {
        if let Some(film) = &mut self.film
            && !is_whole
            && film.path.exists()
        {
            film.path = beside(&film.path);
        }
        let path = self.film.as_ref().map_or_else(|| self.folder.clone(), |film| film.path.clone());
        self.end().map(|()| path)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        // Without a sender the threads end.
        self.frames = bounded(0).0;
        let mut written = Ok(());
        for thread in self.threads.drain(..) {
            let ended =
                thread.join().unwrap_or_else(|_| Err(anyhow!("the thread that writes frames has failed")));
            written = written.and(ended);
        }
        // What ffmpeg says tells more than that its pipe was closed.
        match self.film.take() {
            Some(film) => film.finish().and(written),
            None => written,
        }
    }
}

/// `film.mp4` becomes `film-stopped.mp4`.
fn beside(path: &Path) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{}-stopped.{}", part(path.file_stem()), part(path.extension())))
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    let mut entries = fs::read_dir(path).with_context(|| format!("cannot look into {}", path.display()))?;
    if entries.next().is_some() {
        bail!("{} is not empty: frames of two films would mix. Name a new folder", path.display());
    }
    Ok(())
}

fn write_frames(waiting: &Receiver<Picture>, folder: &Path) -> anyhow::Result<()> {
    for Picture { frame, image } in waiting {
        let path = folder.join(format!("{:08}.png", frame + 1));
        write_png(&image, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn fill(waiting: &Receiver<Picture>, mut pipe: ChildStdin) -> anyhow::Result<()> {
    for Picture { image, .. } in waiting {
        pipe.write_all(&rgb(&image)?).context("ffmpeg takes no more frames")?;
    }
    Ok(())
}

fn rgb(image: &Image) -> anyhow::Result<Vec<u8>> {
    let bytes = image.data.as_ref().context("the picture is empty")?;
    Ok(bytes.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect())
}

impl Film {
    fn start(
        path: &Path,
        ending: &str,
        [width, height]: [u32; 2],
        fps: u32,
    ) -> anyhow::Result<(Self, ChildStdin)> {
        if width % 2 + height % 2 > 0 {
            bail!("a film's width and height are even numbers, and {width}x{height} are not");
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let part = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)
            .with_context(|| format!("cannot write {}", path.display()))?
            .into_temp_path();
        let codec: &[&str] = match ending {
            "webm" => &[
                "-c:v",
                "libvpx-vp9",
                "-crf",
                "24",
                "-b:v",
                "0",
                "-row-mt",
                "1",
                "-deadline",
                "good",
                "-cpu-used",
                "4",
            ],
            // A moving picture for a page: it plays by itself, again and again.
            "webp" => &["-c:v", "libwebp_anim", "-q:v", "60", "-compression_level", "5", "-loop", "0"],
            _ => &["-c:v", "libx264", "-crf", "18", "-preset", "medium", "-movflags", "+faststart"],
        };
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-s", &format!("{width}x{height}"), "-r", &fps.to_string(), "-i", "pipe:0"])
            .args(codec)
            .args(if ending == "webp" { &[] } else { &COLOUR[..] })
            .args(["-pix_fmt", "yuv420p", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", ending])
            .arg(&part)
            // Ctrl+C in a terminal is for all of a group; this one is to end with its input, and the film whole.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => anyhow!(
                    "a film needs ffmpeg, and there is none: install it (apt install ffmpeg), or write frames into a \
                     folder: -o frames/"
                ),
                _ => anyhow!("cannot start ffmpeg: {error}"),
            })?;
        let pipe = ffmpeg.stdin.take().context("ffmpeg has no standard input")?;
        let said = ffmpeg.stderr.take().context("ffmpeg has no standard error")?;
        let complaint = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&complaint);
        let listener =
            thread::Builder::new().name("ffmpeg".to_owned()).spawn(move || listen(said, &heard))?;
        Ok((Self { ffmpeg, complaint, listener, part, path: path.to_owned() }, pipe))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let ended = self.ffmpeg.wait().context("cannot wait for ffmpeg")?;
        // It has read all that was said, and a panic there is none of ours.
        let _ = self.listener.join();
        if !ended.success() {
            let complaint = self.complaint.lock().map(|said| said.trim().to_owned()).unwrap_or_default();
            bail!("ffmpeg could not make the film ({ended}): {complaint}");
        }
        self.part.persist(&self.path).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Reads to the end, whatever is said, so that ffmpeg never waits; keeps the beginning.
fn listen(mut said: impl Read, heard: &Mutex<String>) {
    let mut beginning = Vec::new();
    // What cannot be read is not shown.
    let _ = said.by_ref().take(MOST_COMPLAINT).read_to_end(&mut beginning);
    if let Ok(mut heard) = heard.lock() {
        heard.push_str(&String::from_utf8_lossy(&beginning));
    }
    let _ = io::copy(&mut said, &mut io::sink());
}
