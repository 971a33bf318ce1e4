//! Where somebody looked on the map: the picture of that moment, so that a list of what lay there goes on meaning the
//! same places while the map moves and zooms. And which columns lists have.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use bevy::prelude::Resource;

use super::{connection::Position, picture::Picture};
use crate::model::LocatedConnection;

/// What lies within this many points of the pointer is looked at.
pub const REACH_POINTS: f32 = 24.0;
/// More lists than anybody keeps open; the oldest place is forgotten.
const MOST_LOOKS: usize = 32;

/// Columns of lists of connections, from the left.
pub const COLUMN_NAMES: [&str; 12] = [
    "program",
    "peer",
    "agent",
    "local port",
    "rule",
    "place",
    "ASN",
    "since",
    "sent",
    "received",
    "RTT",
    "organisation",
];
/// Without it a row would say nothing.
pub const ALWAYS_SHOWN: &str = "peer";

/// Columns that lists leave out, by name.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenColumns(pub BTreeSet<String>);

impl HiddenColumns {
    pub fn hides(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    pub fn toggle(&mut self, column: &str) {
        if !self.0.remove(column) && column != ALWAYS_SHOWN {
            self.0.insert(column.to_owned());
        }
    }
}

/// A place of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub picture: Picture,
    /// Physical pixels.
    pub px: [f32; 2],
}

impl Look {
    /// Whether a connection was drawn within reach. Those beyond the edge of the world were drawn on it.
    pub fn reaches(&self, connection: &LocatedConnection, position: Option<&Position>) -> bool {
        let away = self.picture.points_between(self.px, connection, position);
        away.is_some_and(|away| away <= REACH_POINTS)
    }

    /// Whether a place in map units was drawn within reach; none is where addresses were shown.
    pub fn reaches_place(&self, map: [f32; 2]) -> bool {
        !self.picture.is_space() && self.picture.map.points_between(self.px, map) <= REACH_POINTS
    }

    /// Whether the cell of an address was drawn within reach; none is where places were shown.
    pub fn reaches_address(&self, address: IpAddr) -> bool {
        let px = self.picture.px_of_address(address);
        px.is_some_and(|[x, y]| {
            (x - self.px[0]).hypot(y - self.px[1]) <= REACH_POINTS * self.picture.map.px_per_point
        })
    }

    /// What was looked at, in a picture as it is now, in pixels: the middle, and how far it reaches. `None` where that one
    /// shows something else.
    pub fn circle_px(&self, now: &Picture) -> Option<([f32; 2], f32)> {
        if !self.picture.is_like(now) {
            return None;
        }
        let reach_px = REACH_POINTS * self.picture.map.px_per_point;
        let (then, now) = (&self.picture, now);
        Some(if now.is_space() {
            let scale = now.space.px_per_cell() / then.space.px_per_cell();
            (now.space.px_from_cell(then.space.cell_from_px(self.px)), reach_px * scale as f32)
        } else {
            let scale = now.map.scale_px() / then.map.scale_px();
            (now.map.px_from_map(then.map.map_from_px(self.px)), reach_px * scale)
        })
    }
}

/// When a list that is too long to be put in order at once is due to be, if one is.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListDue(pub Option<i64>);

/// Looks by their number.
#[derive(Resource, Debug, Default)]
pub struct Looks {
    looks: Vec<Seen>,
    next: u32,
}

#[derive(Debug)]
struct Seen {
    number: u32,
    look: Look,
    is_asked: bool,
    /// What the history has of it.
    recorded: Vec<Arc<LocatedConnection>>,
}

impl Looks {
    /// Remembers one. Returns its number.
    pub fn add(&mut self, look: Look) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        if self.looks.len() == MOST_LOOKS {
            self.looks.remove(0);
        }
        self.looks.push(Seen { number, look, is_asked: false, recorded: Vec::new() });
        number
    }

    fn seen(&self, number: u32) -> Option<&Seen> {
        self.looks.iter().find(|seen| seen.number == number)
    }

    pub fn get(&self, number: u32) -> Option<&Look> {
        self.seen(number).map(|seen| &seen.look)
    }

    /// What was recorded near it, newest first, as far as that is known.
    pub fn recorded(&self, number: u32) -> &[Arc<LocatedConnection>] {
        self.seen(number).map_or(&[], |seen| &seen.recorded)
    }

    pub fn remember(&mut self, number: u32, recorded: Vec<Arc<LocatedConnection>>) {
        if let Some(seen) = self.looks.iter_mut().find(|seen| seen.number == number) {
            seen.recorded = recorded;
        }
    }

    /// One of which the history was not asked yet.
    pub fn not_asked(&self) -> Option<(u32, Look)> {
        self.looks.iter().find(|seen| !seen.is_asked).map(|seen| (seen.number, seen.look))
    }

    pub fn set_asked(&mut self, number: u32) {
        self.looks.iter_mut().filter(|seen| seen.number == number).for_each(|seen| seen.is_asked = true);
    }

    /// Other connections are meant: the history is asked anew.
    pub fn ask_anew(&mut self) {
        self.looks.iter_mut().for_each(|seen| seen.is_asked = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        components::{hilbert_view::HilbertView, map_view::MapView},
        projection::map_from_lon_lat,
    };

    fn picture(size_px: [f32; 2]) -> Picture {
        Picture::new(MapView::home(size_px, 1.0), HilbertView::home(size_px, 1.0))
    }

    #[test]
    fn a_look_reaches_what_was_drawn_near_it_wherever_the_map_has_gone() {
        let picture = picture([1280.0, 720.0]);
        let place = map_from_lon_lat(13.4, 52.5);
        let [x, y] = picture.map.px_from_map(place);
        let look = |dx| Look { picture, px: [x + dx, y] };
        assert!(look(20.0).reaches_place(place) && !look(30.0).reaches_place(place));
        // Drawn on the edge, far from where it lies.
        let pole = map_from_lon_lat(15.6, 84.0);
        let drawn = picture.map.screen_place(pole);
        assert!(drawn.beyond_edge && Look { picture, px: drawn.px }.reaches_place(pole));
        let mut zoomed = picture;
        zoomed.map.zoom_at([x, y], 4.0);
        let (middle, radius) = look(0.0).circle_px(&zoomed).unwrap();
        assert!((middle[0] - x).abs() < 0.1 && (radius - 4.0 * REACH_POINTS).abs() < 0.1);
    }

    #[test]
    fn the_oldest_look_is_forgotten() {
        let mut looks = Looks::default();
        let look = Look { picture: picture([100.0, 100.0]), px: [0.0; 2] };
        let numbers: Vec<u32> = (0..=MOST_LOOKS).map(|_| looks.add(look)).collect();
        assert!(looks.get(numbers[0]).is_none() && looks.get(numbers[1]).is_some());
    }
}
