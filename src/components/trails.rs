//! What closed connections leave on the map: one row a place, rule and agent, with the end of the last of them, so that a
//! week of connections to one place is one row. Fading is worked out on the graphics card.

use std::{ops::Range, time::Duration};

use bevy::{
    platform::collections::{HashMap, hash_map::Entry},
    prelude::Resource,
};
use bytemuck::{Pod, Zeroable};

use super::stretches::Stretches;
use crate::{model::AgentId, tally::Spot};

/// More than this nobody tells apart; the table takes 4 MB.
pub const MOST_TRAILS: usize = 65_536;
/// When it is full the oldest go, so many at once that finding them costs little.
const GO_AT_ONCE: usize = MOST_TRAILS / 8;
/// Nobody sees a smaller step of fading.
const FADE_STEPS: i64 = 256;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long trails may fade.
pub const LENGTHS: [Duration; 7] = [
    Duration::from_secs(10),
    Duration::from_secs(MINUTE),
    Duration::from_secs(10 * MINUTE),
    Duration::from_secs(HOUR),
    Duration::from_secs(6 * HOUR),
    Duration::from_secs(24 * HOUR),
    Duration::from_secs(7 * 24 * HOUR),
];
const FIRST_LENGTH: Duration = LENGTHS[3];

/// What is left of a connection that closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LapseStyle {
    /// It fades within seconds.
    #[default]
    Dots,
    /// It fades slowly.
    Trails,
    /// It stays, as on a photograph of long exposure.
    Integrating,
}

/// The time-lapse styles of the picture.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLapse {
    pub style: LapseStyle,
    /// How long trails fade, on the map's clock.
    pub length: Duration,
}

impl Default for TimeLapse {
    fn default() -> Self {
        Self { style: LapseStyle::Dots, length: FIRST_LENGTH }
    }
}

impl TimeLapse {
    pub fn next_style(&mut self) {
        self.style = match self.style {
            LapseStyle::Dots => LapseStyle::Trails,
            LapseStyle::Trails => LapseStyle::Integrating,
            LapseStyle::Integrating => LapseStyle::Dots,
        };
    }

    /// The next of [`LENGTHS`], after the longest the shortest.
    pub fn next_length(&mut self) {
        self.length = LENGTHS.into_iter().find(|length| *length > self.length).unwrap_or(LENGTHS[0]);
    }

    /// As the bottom line has it; nothing where only dots are shown.
    pub fn words(&self) -> Option<String> {
        match self.style {
            LapseStyle::Dots => None,
            LapseStyle::Trails => Some(format!("trails of {}", length_words(self.length.as_secs()))),
            LapseStyle::Integrating => Some("integrating".to_owned()),
        }
    }

    /// How long trails fade in milliseconds; 0 where they do not.
    pub fn fade_millis(&self) -> i64 {
        match self.style {
            LapseStyle::Integrating => 0,
            LapseStyle::Dots | LapseStyle::Trails => {
                i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }

    /// Between two pictures of the fading.
    pub fn step_millis(&self) -> i64 {
        (self.fade_millis() / FADE_STEPS).max(1)
    }
}

/// One trail. Twin of the vertex inputs of `assets/shaders/trails.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct TrailInstance {
    /// Degrees east, degrees north.
    pub lon_lat: [f32; 2],
    /// sRGB with straight alpha; an alpha of 0 hides it.
    pub rgba: [u8; 4],
    /// Milliseconds since the map clock's epoch.
    pub ended_millis: u32,
}
const _: () = assert!(size_of::<TrailInstance>() == 16);

/// What shares a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrailKey {
    pub spot: Spot,
    /// Index of the rule's label; one past the last for no rule.
    pub label: usize,
    pub agent: AgentId,
}

#[derive(Resource, Debug, Default)]
pub struct Trails {
    rows: Vec<TrailInstance>,
    keys: Vec<(TrailKey, i64)>,
    row_of: HashMap<TrailKey, u32>,
    dirty: Stretches,
    /// The picture that shows them as they are is the one of this number.
    pictures: u64,
    /// When a picture is due that shows what changed since, on the map's clock.
    pub due_unix_millis: Option<i64>,
    /// Rows handed to the graphics card since the start.
    pub uploaded_rows: u64,
}

impl Trails {
    pub fn rows(&self) -> &[TrailInstance] {
        &self.rows
    }

    pub const fn pictures(&self) -> u64 {
        self.pictures
    }

    /// The kept picture is drawn anew.
    pub fn draw(&mut self) {
        self.pictures += 1;
    }

    pub fn has_news(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The last end of all, in Unix milliseconds.
    pub fn latest_unix_millis(&self) -> Option<i64> {
        self.keys.iter().map(|(_, ended)| *ended).max()
    }

    /// A connection ended.
    pub fn end(&mut self, key: TrailKey, ended_unix_millis: i64, trail: TrailInstance) {
        if self.rows.len() >= MOST_TRAILS && !self.row_of.contains_key(&key) {
            self.drop_oldest();
        }
        match self.row_of.entry(key) {
            Entry::Occupied(row) => {
                let row = *row.get();
                let known = &mut self.keys[row as usize].1;
                if *known <= ended_unix_millis {
                    *known = ended_unix_millis;
                    self.set(row, trail);
                }
            }
            Entry::Vacant(vacant) => {
                let row = self.rows.len() as u32;
                vacant.insert(row);
                self.rows.push(trail);
                self.keys.push((key, ended_unix_millis));
                self.dirty.mark(row);
            }
        }
    }

    /// All rows anew: colours, switches or the clock's epoch have changed.
    pub fn restyle(&mut self, look: impl Fn(TrailKey, i64) -> TrailInstance) {
        for row in 0..self.rows.len() as u32 {
            let (key, ended) = self.keys[row as usize];
            self.set(row, look(key, ended));
        }
    }

    pub fn clear(&mut self) {
        if !self.rows.is_empty() {
            let (pictures, uploaded_rows) = (self.pictures + 1, self.uploaded_rows);
            *self = Self { pictures, uploaded_rows, ..Self::default() };
        }
    }

    /// Stretches to upload, in order and apart, and counts them as uploaded.
    pub fn take_dirty(&mut self, out: &mut Vec<Range<u32>>) {
        self.uploaded_rows += self.dirty.take(self.rows.len() as u32, out);
    }

    pub fn mark_all(&mut self) {
        self.dirty.mark_all(self.rows.len() as u32);
    }

    fn set(&mut self, row: u32, trail: TrailInstance) {
        if self.rows[row as usize] != trail {
            self.rows[row as usize] = trail;
            self.dirty.mark(row);
        }
    }

    fn drop_oldest(&mut self) {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_unstable_by_key(|row| self.keys[*row as usize].1);
        let mut kept = order.split_off(GO_AT_ONCE.min(order.len()));
        kept.sort_unstable();
        self.rows = kept.iter().map(|row| self.rows[*row as usize]).collect();
        self.keys = kept.iter().map(|row| self.keys[*row as usize]).collect();
        self.row_of = (0..).zip(&self.keys).map(|(row, (key, _))| (*key, row)).collect();
        self.mark_all();
    }
}

fn length_words(secs: u64) -> String {
    let units =
        [(7 * 24 * HOUR, "week"), (24 * HOUR, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let (length, unit) =
        units.into_iter().find(|(length, _)| secs.is_multiple_of(*length)).unwrap_or((1, "second"));
    let count = secs / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `10m`, `6h` and the like: whole seconds, minutes, hours, days or weeks.
///
/// # Errors
/// When it is none of these, or longer than the longest of [`LENGTHS`].
pub fn length_from_text(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', MINUTE), ('h', HOUR), ('d', 24 * HOUR), ('w', 7 * 24 * HOUR)];
    let length = units.iter().find_map(|(unit, secs)| {
        let count: u64 = text.trim().strip_suffix(*unit)?.parse().ok()?;
        count.checked_mul(*secs).map(Duration::from_secs)
    });
    let longest = LENGTHS[LENGTHS.len() - 1];
    match length {
        Some(length) if (Duration::from_secs(1)..=longest).contains(&length) => Ok(length),
        _ => Err(format!("`{text}` is no length of trails: 10s, 5m, 1h, 1d and the like, a week at most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> TrailKey {
        let (lat, lon) = (number as f32 / 1e3 - 80.0, 10.0);
        TrailKey { spot: Spot::new(lat, lon), label: 0, agent: AgentId::THIS_MACHINE }
    }

    fn trail(ended_millis: u32) -> TrailInstance {
        TrailInstance { lon_lat: [10.0, 0.0], rgba: [255; 4], ended_millis }
    }

    #[test]
    fn one_place_is_one_row_with_the_last_end() {
        let mut trails = Trails::default();
        trails.end(key(1), 10, trail(10));
        trails.end(key(1), 30, trail(30));
        trails.end(key(1), 20, trail(20));
        trails.end(key(2), 5, trail(5));
        assert_eq!(trails.rows(), [trail(30), trail(5)]);
        let mut out = Vec::new();
        trails.take_dirty(&mut out);
        assert_eq!((out.len(), trails.uploaded_rows), (1, 2));
        trails.restyle(|_, ended| trail(ended as u32));
        assert!(!trails.has_news(), "nothing changed");
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let mut trails = Trails::default();
        for number in 0..=MOST_TRAILS {
            trails.end(key(number), number as i64, trail(number as u32));
        }
        assert_eq!(trails.rows().len(), MOST_TRAILS - GO_AT_ONCE + 1);
        assert_eq!(trails.rows()[0].ended_millis, GO_AT_ONCE as u32);
        trails.end(key(MOST_TRAILS), 1 << 40, trail(7));
        assert_eq!(trails.rows().len(), MOST_TRAILS - GO_AT_ONCE + 1, "known by its new row");
        assert_eq!(trails.rows().last(), Some(&trail(7)));
    }

    #[test]
    fn lengths_are_read_and_bad_ones_refused() {
        assert_eq!(length_from_text("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(length_from_text("1w"), Ok(LENGTHS[6]));
        for bad in ["", "m", "10", "0s", "8d", "-1h", "1.5h", "99999999999999999999s"] {
            assert!(length_from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_read_well() {
        let words: Vec<_> = LENGTHS.iter().map(|it| length_words(it.as_secs())).collect();
        assert_eq!(words, ["10 seconds", "1 minute", "10 minutes", "1 hour", "6 hours", "1 day", "1 week"]);
    }

    #[test]
    fn styles_and_lengths_go_round() {
        let mut lapse = TimeLapse::default();
        for style in [LapseStyle::Trails, LapseStyle::Integrating, LapseStyle::Dots] {
            lapse.next_style();
            assert_eq!(lapse.style, style);
        }
        (0..LENGTHS.len()).for_each(|_| lapse.next_length());
        assert_eq!(lapse, TimeLapse::default());
    }
}
