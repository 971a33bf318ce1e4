//! The simple history: how many connections there were at a place, by the label of their rule. Owns the counts and
//! their text; who counts what, and where the file is, is for others.
//!
//! The text is CSV between two lines that begin with `#`, so that a file that was cut short is known as such:
//!
//! ```text
//! # connmapperl history-places 1
//! lat,lon,count,label
//! 52.520,13.405,17,"Webserver"
//! 52.520,13.405,3,
//! # 2 rows
//! ```
//!
//! The number in the first line is the version. Latitude and longitude are degrees north and east, to 1/1000. A row
//! without label counts connections that matched no rule. Rows are sorted by place and then by label; a reader takes
//! any order, and adds rows that are alike.

mod text;

use std::{collections::BTreeMap, sync::Arc};

pub use text::{Problem, TallyError};

/// How the files begin, as the user's data folder knows them. Not to be taken for tables of places.
pub const FILE_PREFIX: &str = "history-places";
/// Places times labels: four labels for each of the 65,000 places that there are in the built-in table. Some 30 MB.
pub const MOST_ROWS: usize = 262_144;
/// Of a label, in characters; longer ones are cut.
pub const MOST_LABEL_CHARS: usize = 128;
/// Longer files are not read. As many rows as may be, each with a label of three bytes a character, take less.
pub const MOST_FILE_BYTES: usize = 128 << 20;

/// A place to 1/1000 degree, some 100 m.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spot {
    lat_millis: i32,
    lon_millis: i32,
}

impl Spot {
    /// Takes degrees north and east.
    pub fn new(lat: f32, lon: f32) -> Self {
        Self::from_degrees(f64::from(lat), f64::from(lon))
    }

    fn from_degrees(lat: f64, lon: f64) -> Self {
        let millis = |degrees: f64, most: f64| (degrees.clamp(-most, most) * 1000.0).round() as i32;
        Self { lat_millis: millis(lat, 90.0), lon_millis: millis(lon, 180.0) }
    }

    /// Degrees north.
    pub fn lat(self) -> f32 {
        (f64::from(self.lat_millis) / 1000.0) as f32
    }

    /// Degrees east.
    pub fn lon(self) -> f32 {
        (f64::from(self.lon_millis) / 1000.0) as f32
    }
}

/// The text of a rule's label, or `None` for connections that matched no rule.
pub type Label = Option<Arc<str>>;

/// Connections by place and label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Counts of one place are sorted by label, and none is 0.
    spots: BTreeMap<Spot, Vec<(Label, u64)>>,
    rows: usize,
    connections: u64,
    left_out: u64,
}

impl Tally {
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.spots.len()
    }

    /// How many connections are counted.
    pub const fn connections(&self) -> u64 {
        self.connections
    }

    /// Connections that found no room, since the start.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Counts so many more. Where there is no room for a new row they are left out, and counted as that.
    pub fn add(&mut self, spot: Spot, label: Label, count: u64) {
        if count == 0 {
            return;
        }
        let label = clean(label);
        let has_room = self.rows < MOST_ROWS;
        // An entry for a new place would have to be taken out again.
        if !has_room && !self.spots.contains_key(&spot) {
            self.left_out = self.left_out.saturating_add(count);
            return;
        }
        let counts = self.spots.entry(spot).or_default();
        match counts.binary_search_by(|(known, _)| known.cmp(&label)) {
            Ok(at) => counts[at].1 = counts[at].1.saturating_add(count),
            Err(at) if has_room => {
                counts.insert(at, (label, count));
                self.rows += 1;
            }
            Err(_) => {
                self.left_out = self.left_out.saturating_add(count);
                return;
            }
        }
        self.connections = self.connections.saturating_add(count);
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: Self) {
        for (spot, counts) in other.spots {
            for (label, count) in counts {
                self.add(spot, label, count);
            }
        }
        self.left_out = self.left_out.saturating_add(other.left_out);
    }

    /// Places with what was counted there, label by label.
    pub fn spots(&self) -> impl Iterator<Item = (Spot, &[(Label, u64)])> {
        self.spots.iter().map(|(spot, counts)| (*spot, counts.as_slice()))
    }

    /// What was counted at a place, label by label.
    pub fn at(&self, spot: Spot) -> &[(Label, u64)] {
        self.spots.get(&spot).map_or(&[], Vec::as_slice)
    }
}

/// A label takes one line of a file and not all of it; the labels of a rules file are so already, but for their length.
fn clean(label: Label) -> Label {
    let label = label?;
    let is_fine = !label.chars().any(char::is_control) && label.len() <= MOST_LABEL_CHARS;
    let label = if is_fine {
        label
    } else {
        let plain = label.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.take(MOST_LABEL_CHARS).collect::<String>().into()
    };
    Some(label).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests;
