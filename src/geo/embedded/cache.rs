//! From the baked file inside the program to an image that can be asked: decompressed once into a cache file that
//! later starts map, or into memory where no file can be written. A cache file is header, image and checksums of the
//! image's blocks. It is only ever trusted after its header and length agree with the program, and either the checksum of
//! the whole image or those of all blocks that an answer is made of; anything else is made anew.

use std::{
    fs::{self, File},
    io::{self, Read},
    ops::Deref,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use memmap2::Mmap;
use ruzstd::decoding::{FrameDecoder, errors::FrameDecoderError};

use crate::geo::{
    embedded::{
        blocks::{self, Blocks},
        image::{
            FORMAT_VERSION, Frame, HEADER_BYTES, Header, HeaderError, PLACE_ID_BYTES, SYSTEM_ID_BYTES,
            TableSpans, crc32,
        },
        packed::{PackedError, unpack},
    },
    table::{BuildError, Columns, KeyLayout, joined},
};

/// Why tables cannot be opened, from the cache file or at all.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("cache file or memory: {0}")]
    Io(#[from] io::Error),
    #[error("cache file is not one of this program, or is incomplete")]
    NotOurs,
    #[error("cache file is damaged (checksum differs)")]
    Damaged,
    #[error("built-in tables: {0}")]
    Header(#[from] HeaderError),
    #[error("built-in tables do not decompress: {0}")]
    Decompress(#[from] FrameDecoderError),
    #[error("built-in tables: {0}")]
    Packed(#[from] PackedError),
    #[error("built-in tables: {0}")]
    Table(#[from] BuildError),
    #[error("built-in tables have {found} bytes where {expected} are expected")]
    Size { found: usize, expected: usize },
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// Header and image, as the cache file has them.
#[derive(Debug)]
pub(super) enum Image {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Image {
    /// The image behind the header.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        let whole = match self {
            Self::Mapped(map) => map.deref(),
            Self::Owned(bytes) => bytes,
        };
        whole.get(HEADER_BYTES..).unwrap_or_default()
    }
}

/// `$XDG_CACHE_HOME/connmapperl`, or below `~/.cache`; none where neither is known.
pub fn default_cache_dir() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("connmapperl"))
}

/// Cache file of a baked file; the name changes with format and content.
pub(super) fn cache_path(dir: &Path, baked: &[u8]) -> PathBuf {
    let header = baked.get(..HEADER_BYTES).unwrap_or_default();
    dir.join(format!("{CACHE_PREFIX}v{FORMAT_VERSION}.{CACHE_VERSION}-{:08x}.bin", crc32(header)))
}

/// Goes up whenever the cache file changes and the baked file does not.
const CACHE_VERSION: u32 = 1;

const CACHE_PREFIX: &str = "geo-";
const TEMPORARY_PREFIX: &str = ".geo-";
/// Making a cache file takes less than a second; what is still temporary after this long has no maker any more.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3600);

/// Maps a cache file that an earlier start has written, and checks all of it: the checksums of the blocks too, which
/// [`map_unchecked`] relies on.
pub(super) fn map(path: &Path, baked: &[u8], header: &Header) -> Result<Image, EmbeddedError> {
    let file = open(path, baked, header)?;
    // Checked through a map of its own: the pages that only the checksum has touched do not stay with the process.
    let checked = map_file(&file)?;
    check(&checked, header)?;
    blocks_of(&checked, header)?;
    Ok(Image::Mapped(map_file(&file)?))
}

/// Maps a cache file that an earlier start has written. Nothing of its image is checked yet: the blocks do that.
pub(super) fn map_unchecked(
    path: &Path,
    baked: &[u8],
    header: &Header,
) -> Result<(Image, Blocks), EmbeddedError> {
    let map = map_file(&open(path, baked, header)?)?;
    let blocks = blocks_of(&map, header)?;
    Ok((Image::Mapped(map), blocks))
}

/// The checksums of the blocks in a cache file.
fn blocks_of(file: &[u8], header: &Header) -> Result<Blocks, EmbeddedError> {
    let image_bytes = header.image_bytes as usize;
    let sums = file.get(HEADER_BYTES + image_bytes..).unwrap_or_default();
    Blocks::new(sums, image_bytes).ok_or(EmbeddedError::Damaged)
}

/// Opens a cache file that has the header and the length that it should have.
fn open(path: &Path, baked: &[u8], header: &Header) -> Result<File, EmbeddedError> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let bytes = HEADER_BYTES as u64 + header.image_bytes + blocks::bytes(header.image_bytes);
    if !metadata.is_file() || metadata.len() != bytes {
        return Err(EmbeddedError::NotOurs);
    }
    let mut start = [0; HEADER_BYTES];
    file.read_exact(&mut start)?;
    if baked.get(..HEADER_BYTES) != Some(&start) {
        return Err(EmbeddedError::NotOurs);
    }
    Ok(file)
}

/// Checks the image in a file that begins with a header.
fn check(file: &[u8], header: &Header) -> Result<(), EmbeddedError> {
    let end = HEADER_BYTES + header.image_bytes as usize;
    let image = file.get(HEADER_BYTES..end).unwrap_or_default();
    if crc32(image) == header.image_crc32 { Ok(()) } else { Err(EmbeddedError::Damaged) }
}

fn map_file(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is only read, through bounds-checked accesses that take any bytes. The file is this program's
    // own and is never changed once it has its name: a newer one replaces it by renaming, which leaves this one as
    // it is.
    unsafe { Mmap::map(file) }
}

/// Makes the cache file under its name, whole or not at all, and removes what other versions have left.
pub(super) fn make(path: &Path, baked: &'static [u8], header: &Header) -> Result<(), EmbeddedError> {
    let dir = path.parent().ok_or(EmbeddedError::NotOurs)?;
    fs::create_dir_all(dir)?;
    give_back_large_blocks();
    let file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(dir)?;
    expand(baked, header, &|at, bytes| file.as_file().write_all_at(bytes, at))?;
    let_go_of_pages(baked);
    let end = HEADER_BYTES as u64 + header.image_bytes;
    let map = map_file(file.as_file())?;
    // What the blocks' checksums say is as good as this.
    check(&map, header)?;
    let image = map.get(HEADER_BYTES..end as usize).unwrap_or_default();
    file.as_file().write_all_at(&blocks::of_image(image), end)?;
    // Not synced to the disk: a file that a power cut has left incomplete fails its checksum and is made again.
    file.persist(path).map_err(|error| error.error)?;
    remove_stale(dir, path);
    Ok(())
}

/// Above this size a block gets pages of its own, which go back to the system when it is freed.
const LARGE_BLOCK_BYTES: libc::c_int = 128 * 1024;

/// Expanding takes tens of megabytes for a moment. By itself glibc raises the threshold with every large block that is
/// freed, and then keeps such blocks for ever.
fn give_back_large_blocks() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes two numbers, and may be called at any time from any thread.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    }
}

/// The baked file is part of the program and has been read for this once: its pages need not stay in memory.
fn let_go_of_pages(baked: &'static [u8]) {
    // SAFETY: asks for a number.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0);
    if !page.is_power_of_two() {
        return;
    }
    let range = baked.as_ptr_range();
    // Whole pages alone: what shares one with other data stays.
    let (start, end) = ((range.start as usize).next_multiple_of(page), range.end as usize & !(page - 1));
    if start < end {
        // SAFETY: the pages belong to the program's file, hold only these constant bytes, and were never written to:
        // whoever reads them again gets them from the file.
        unsafe {
            libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED);
        }
    }
}

/// Header and image in memory.
pub(super) fn in_memory(baked: &[u8], header: &Header) -> Result<Image, EmbeddedError> {
    let whole = Mutex::new(vec![0; HEADER_BYTES + header.image_bytes as usize]);
    expand(baked, header, &|at, bytes| {
        let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
        let place =
            whole.get_mut(at as usize..at as usize + bytes.len()).ok_or(io::ErrorKind::InvalidData)?;
        place.copy_from_slice(bytes);
        Ok(())
    })?;
    Ok(Image::Owned(whole.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Removes cache files of other versions, which make theirs again when they run, and what killed processes have left
/// half made. Nothing is lost where this fails.
fn remove_stale(dir: &Path, path: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(text) = name.to_str() else { continue };
        let other_version =
            text.starts_with(CACHE_PREFIX) && text.ends_with(".bin") && path.file_name() != Some(&name);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let left_over =
            || text.starts_with(TEMPORARY_PREFIX) && age().is_some_and(|age| age > LEFT_OVER_AFTER);
        if other_version || left_over() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Takes a piece of header or image and the offset at which it belongs in the cache file.
type Sink<'a> = &'a (dyn Fn(u64, &[u8]) -> io::Result<()> + Sync);

/// Decompresses the baked file into `sink`, on two threads.
fn expand(baked: &[u8], header: &Header, sink: Sink) -> Result<(), EmbeddedError> {
    let (frames, layout) = (&header.frames, &header.layout);
    let mut rest = baked.get(HEADER_BYTES..).unwrap_or_default();
    let mut next = |frame: Frame| {
        let (bytes, after) = rest.split_at_checked(frame.compressed_bytes as usize).unwrap_or((rest, &[]));
        rest = after;
        Part { compressed: bytes, bytes: frame.bytes as usize }
    };
    let ipv4_places = next(frames.ipv4_places);
    let ipv6_places = next(frames.ipv6_places);
    let ipv4_systems = next(frames.ipv4_systems);
    let ipv6_systems = next(frames.ipv6_systems);
    let names = next(frames.names);
    sink(0, baked.get(..HEADER_BYTES).unwrap_or_default())?;
    thread::scope(|scope| {
        // A table on each thread: about half of the work.
        let other = thread::Builder::new()
            .name("geo-expand".into())
            .spawn_scoped(scope, || table(KeyLayout::Ipv4, &ipv4_places, &ipv4_systems, layout.ipv4, sink))
            .map_err(EmbeddedError::Thread)?;
        table(KeyLayout::Ipv6, &ipv6_places, &ipv6_systems, layout.ipv6, sink)?;
        let names_from = header.image_bytes.saturating_sub(frames.names.bytes);
        sink(HEADER_BYTES as u64 + names_from, &names.decompress()?)?;
        other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Makes a table of its parts, at its place in the image.
fn table(
    layout: KeyLayout,
    places: &Part,
    systems: &Part,
    spans: TableSpans,
    sink: Sink,
) -> Result<(), EmbeddedError> {
    let (places, systems) = (places.decompress()?, systems.decompress()?);
    let places = unpack::<PLACE_ID_BYTES>(layout, &places)?;
    let systems = unpack::<SYSTEM_ID_BYTES>(layout, &systems)?;
    let columns = Columns::from_rows(layout, joined(places, systems))?;
    for (span, column) in spans.columns().into_iter().zip(columns.in_order()) {
        if span.len() != column.len() {
            return Err(EmbeddedError::Size { found: column.len(), expected: span.len() });
        }
        sink(HEADER_BYTES as u64 + span.offset(), column)?;
    }
    Ok(())
}

/// A compressed frame of the baked file on its way to the image.
struct Part<'a> {
    compressed: &'a [u8],
    /// When decompressed.
    bytes: usize,
}

impl Part<'_> {
    fn decompress(&self) -> Result<Vec<u8>, EmbeddedError> {
        let mut bytes = vec![0; self.bytes];
        let found = FrameDecoder::new().decode_all(self.compressed, &mut bytes)?;
        if found == self.bytes { Ok(bytes) } else { Err(EmbeddedError::Size { found, expected: self.bytes }) }
    }
}
