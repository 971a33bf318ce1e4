//! Pixels of a window, and the questions that tests ask of them.

use std::{collections::HashSet, fs, path::Path};

pub type Rgb = [u8; 3];

/// Text and the cores of dots are brighter than this in every channel; nothing of the dark map is.
const BRIGHT: u8 = 110;
/// Below the map stand the clock and the account, which change by themselves.
const FOOT_PX: u32 = 64;

/// A rectangle in pixels; `max` lies outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub min: [u32; 2],
    pub max: [u32; 2],
}

impl Region {
    pub const fn new(min: [u32; 2], max: [u32; 2]) -> Self {
        Self { min, max }
    }

    pub fn center(&self) -> [i32; 2] {
        [0, 1].map(|axis| i32::try_from(u32::midpoint(self.min[axis], self.max[axis])).unwrap())
    }

    pub const fn size(&self) -> [u32; 2] {
        [self.max[0] - self.min[0], self.max[1] - self.min[1]]
    }
}

pub struct Picture {
    pub size: [u32; 2],
    bytes: Vec<u8>,
}

impl Picture {
    /// Of rows of RGB. Bytes that do not fit the size, as when a window grows while it is read, make a black picture.
    pub fn new(size: [u32; 2], mut bytes: Vec<u8>) -> Self {
        let wanted = size[0] as usize * size[1] as usize * 3;
        if bytes.len() != wanted {
            bytes = vec![0; wanted];
        }
        Self { size, bytes }
    }

    /// As a portable pixmap, which every viewer opens.
    pub fn write(&self, path: &Path) {
        let head = format!("P6 {} {} 255\n", self.size[0], self.size[1]);
        fs::write(path, [head.as_bytes(), &self.bytes].concat()).unwrap();
    }

    pub fn rgb(&self, [x, y]: [u32; 2]) -> Rgb {
        let at = (y as usize * self.size[0] as usize + x as usize) * 3;
        [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]]
    }

    pub fn whole(&self) -> Region {
        Region::new([0, 0], self.size)
    }

    /// All but the foot.
    pub fn map(&self) -> Region {
        Region::new([0, 0], [self.size[0], self.size[1].saturating_sub(FOOT_PX)])
    }

    fn pixels(&self, region: Region) -> impl Iterator<Item = ([u32; 2], Rgb)> {
        let [right, bottom] = [0, 1].map(|axis| region.max[axis].min(self.size[axis]));
        (region.min[1]..bottom)
            .flat_map(move |y| (region.min[0]..right).map(move |x| [x, y]))
            .map(|at| (at, self.rgb(at)))
    }

    pub fn count(&self, region: Region, is_wanted: impl Fn(Rgb) -> bool) -> usize {
        self.pixels(region).filter(|(_, rgb)| is_wanted(*rgb)).count()
    }

    /// The smallest rectangle around the pixels that are wanted.
    pub fn find(&self, region: Region, is_wanted: impl Fn(Rgb) -> bool) -> Option<Region> {
        self.pixels(region).filter(|(_, rgb)| is_wanted(*rgb)).map(|(at, _)| at).fold(
            None,
            |found, [x, y]| {
                let Region { min, max } = found.unwrap_or(Region::new([x, y], [x, y]));
                Some(Region::new([min[0].min(x), min[1].min(y)], [max[0].max(x + 1), max[1].max(y + 1)]))
            },
        )
    }

    pub fn bright(&self, region: Region) -> usize {
        self.count(region, is_bright)
    }

    /// How many colours there are: a window not yet drawn has few.
    pub fn shades(&self) -> usize {
        self.pixels(self.whole()).map(|(_, rgb)| rgb).collect::<HashSet<_>>().len()
    }

    /// How many pixels of a region differ at all.
    pub fn changed(&self, other: &Self, region: Region) -> usize {
        if self.size != other.size {
            return usize::MAX;
        }
        self.pixels(region).filter(|(at, rgb)| *rgb != other.rgb(*at)).count()
    }

    pub fn same_in(&self, other: &Self, region: Region) -> bool {
        self.changed(other, region) == 0
    }

    pub fn same_map(&self, other: &Self) -> bool {
        self.same_in(other, self.map())
    }
}

pub fn is_bright(rgb: Rgb) -> bool {
    rgb.iter().all(|channel| *channel > BRIGHT)
}

/// Whether a pixel is as good as of this colour.
pub fn is_like(wanted: Rgb) -> impl Fn(Rgb) -> bool {
    move |rgb| rgb.iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) <= 8)
}
