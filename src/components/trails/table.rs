//! Trails as the graphics card gets them: a bounded table with one row for all that one agent had at one place under
//! one rule, so that a week of connections to a place is one row with its latest end. How much a row still shows is
//! worked out in the shader. Knows too when the kept picture of the world is due to show what changed since.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use bevy::{platform::collections::HashMap, prelude::Resource};
use bytemuck::{Pod, Zeroable};

use crate::{
    components::{map_clock::MapClock, stretches::Stretches},
    model::{AgentId, LocatedConnection},
    rules::Rgba,
    tally::{Label, Spot},
};

/// One trail. Twin of the vertex inputs of `assets/shaders/trails.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct TrailInstance {
    /// Degrees east, degrees north.
    pub lon_lat: [f32; 2],
    /// Linear light, 65,535 for one; straight alpha in the upper byte of the last, 0 where it is hidden, and in the lower
    /// one its exposure.
    pub rgba: [u16; 4],
    /// When the last of its connections ended, in milliseconds since the map clock's epoch.
    pub ended_millis: u32,
}

/// Uploaded for one changed trail.
pub const TRAIL_BYTES: usize = size_of::<TrailInstance>();
const _: () = assert!(TRAIL_BYTES == 20);

/// As many as there are places in the built-in table; with their keys some 10 MB, and the last connection of each up to
/// 30 MB more. A graphics card draws them in no time,
/// and a processor in some 70 ms.
pub const MOST_TRAILS: usize = 65_536;
/// Doublings of connections at one place until its trail is as bright as it gets: a thousand connections.
const FULL_EXPOSURE_DOUBLINGS: f32 = 10.0;
/// Nobody sees a smaller step of a fade than one shade of 8 bits.
const FADE_STEPS: i64 = 256;

/// What was one thing on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrailKey {
    pub spot: Spot,
    /// Of [`Trails::kinds`].
    pub kind: u16,
    pub agent: AgentId,
}

/// What a rule said when the connection was seen: it may be another or none once the rules were read again.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailKind {
    pub label: Label,
    pub colour: Option<Rgba>,
}

#[derive(Clone, Debug)]
struct Source {
    key: TrailKey,
    ended_unix_millis: i64,
    connections: u32,
    /// The one that ended last, for what only a connection tells.
    last: Arc<LocatedConnection>,
}

#[derive(Resource, Debug, Default)]
pub struct Trails {
    rows: Vec<TrailInstance>,
    /// Of each row.
    sources: Vec<Source>,
    by_key: HashMap<TrailKey, u32>,
    by_end: BTreeSet<(i64, TrailKey)>,
    kinds: Vec<TrailKind>,
    dirty: Stretches,
    picture: Picture,
    /// When a picture is due that shows what changed, or faded, since the last one.
    pub due_unix_millis: Option<i64>,
    /// Bytes handed to the graphics card since the start.
    pub uploaded_bytes: u64,
}

/// The kept picture, as far as it shows trails.
#[derive(Debug, Default)]
struct Picture {
    /// Counts the pictures.
    number: u64,
    at_unix_millis: Option<i64>,
    /// Rows changed since.
    is_behind: bool,
}

/// How often pictures are drawn for the sake of trails, on the map's clock.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Changes come together, no closer than this; and so do the steps of a fade, which are `FADE_STEPS`.
    pub between_millis: i64,
    /// How long a trail fades, if it does.
    pub fades_millis: Option<i64>,
    /// The clock stands until somebody moves it: nothing is ever due, and every picture is of its time.
    pub rests: bool,
}

impl Trails {
    pub fn rows(&self) -> &[TrailInstance] {
        &self.rows
    }

    pub fn kinds(&self) -> &[TrailKind] {
        &self.kinds
    }

    /// The number of a kind. There are no more of them than rules that were in force since the trails began.
    pub fn kind(&mut self, kind: TrailKind) -> u16 {
        let at = self.kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// A connection was there until now, or until it ended. Where the table is full the oldest end leaves.
    pub fn leave(
        &mut self,
        key: TrailKey,
        (connection, ended_unix_millis): (&Arc<LocatedConnection>, i64),
        rgba: [u16; 4],
        clock: &MapClock,
    ) {
        let row = match self.by_key.get(&key) {
            Some(row) => *row,
            None if self.rows.len() < MOST_TRAILS => self.add(key, connection, ended_unix_millis),
            None => {
                let Some(&(oldest_end, oldest)) = self.by_end.first() else {
                    return;
                };
                if oldest_end >= ended_unix_millis {
                    return;
                }
                self.remove(oldest);
                self.add(key, connection, ended_unix_millis)
            }
        };
        let source = &mut self.sources[row as usize];
        source.connections = source.connections.saturating_add(1);
        if ended_unix_millis >= source.ended_unix_millis {
            source.last = Arc::clone(connection);
        }
        if ended_unix_millis > source.ended_unix_millis {
            self.by_end.remove(&(source.ended_unix_millis, key));
            self.by_end.insert((ended_unix_millis, key));
            source.ended_unix_millis = ended_unix_millis;
        }
        self.write(row, rgba, clock);
    }

    /// Writes all rows anew: colours, what is hidden, or the clock's epoch changed. What a connection itself is asked for
    /// the last one of a row answers.
    pub fn repaint(&mut self, clock: &MapClock, rgba_of: impl Fn(&TrailKey, &LocatedConnection) -> [u16; 4]) {
        for row in 0..self.rows.len() as u32 {
            let source = &self.sources[row as usize];
            let rgba = rgba_of(&source.key, &source.last);
            self.write(row, rgba, clock);
        }
        // What was switched off goes at once.
        if self.picture.is_behind {
            self.show_at_once();
        }
    }

    /// Forgets all of them. Also for whoever moves the clock to another time, where they have not been yet.
    pub fn clear(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        self.rows.clear();
        self.sources.clear();
        self.by_key.clear();
        self.by_end.clear();
        self.kinds.clear();
        self.dirty.mark_all(0);
        self.show_at_once();
    }

    /// The next picture waits for nothing.
    pub const fn show_at_once(&mut self) {
        self.picture.is_behind = true;
        self.picture.at_unix_millis = None;
    }

    /// Counts the pictures that show trails differently; whoever draws compares.
    pub const fn pictures(&self) -> u64 {
        self.picture.number
    }

    /// Decides whether the kept picture is drawn anew, or when.
    pub fn keep_picture(&mut self, now_unix_millis: i64, pace: Pace) {
        self.due_unix_millis = None;
        let is_behind = self.picture.is_behind;
        let drawn = self.picture.at_unix_millis.filter(|drawn| *drawn <= now_unix_millis);
        let is_due = match drawn {
            // The first one, or the clock was put back, which holds up nothing.
            None => is_behind || !self.rows.is_empty(),
            Some(drawn) if pace.rests => {
                let appears = self.next_end(drawn).is_some_and(|end| end <= now_unix_millis);
                is_behind || appears || (drawn != now_unix_millis && self.fades(drawn, pace))
            }
            Some(drawn) => self.next(drawn, pace).is_some_and(|due| due <= now_unix_millis),
        };
        if is_due {
            self.picture = Picture {
                number: self.picture.number + 1,
                at_unix_millis: Some(now_unix_millis),
                is_behind: false,
            };
        }
        if !pace.rests
            && let Some(drawn) = self.picture.at_unix_millis
        {
            self.due_unix_millis = self.next(drawn, pace);
        }
    }

    /// When the picture after the one of this time is due.
    fn next(&self, drawn: i64, pace: Pace) -> Option<i64> {
        let soonest = drawn.saturating_add(pace.between_millis);
        if self.picture.is_behind {
            return Some(soonest);
        }
        let step = pace.fades_millis.filter(|_| self.fades(drawn, pace)).map(|fades| fades / FADE_STEPS);
        let appears = self.next_end(drawn);
        let next = step.map(|step| drawn.saturating_add(step)).into_iter().chain(appears).min()?;
        Some(next.max(soonest))
    }

    /// Whether the picture of this time shows a trail that is not gone yet.
    fn fades(&self, drawn: i64, pace: Pace) -> bool {
        match (pace.fades_millis, self.by_end.last()) {
            (Some(fades), Some((latest_end, _))) => latest_end.saturating_add(fades) > drawn,
            _ => false,
        }
    }

    /// When the first trail appears of which the picture of this time shows nothing, as the clock was put back since.
    fn next_end(&self, drawn: i64) -> Option<i64> {
        let first = TrailKey { spot: Spot::new(-90.0, -180.0), kind: 0, agent: AgentId(0) };
        self.by_end.range((drawn.saturating_add(1), first)..).next().map(|(end, _)| *end)
    }

    fn add(&mut self, key: TrailKey, connection: &Arc<LocatedConnection>, ended_unix_millis: i64) -> u32 {
        let row = self.rows.len() as u32;
        self.rows.push(TrailInstance { lon_lat: [key.spot.lon(), key.spot.lat()], ..Zeroable::zeroed() });
        self.sources.push(Source { key, ended_unix_millis, connections: 0, last: Arc::clone(connection) });
        self.by_key.insert(key, row);
        self.by_end.insert((ended_unix_millis, key));
        self.dirty.mark(row);
        row
    }

    /// The last row moves into its place.
    fn remove(&mut self, key: TrailKey) {
        let Some(row) = self.by_key.remove(&key) else {
            return;
        };
        let index = row as usize;
        self.rows.swap_remove(index);
        let source = self.sources.swap_remove(index);
        self.by_end.remove(&(source.ended_unix_millis, key));
        if let Some(moved) = self.sources.get(index) {
            self.by_key.insert(moved.key, row);
            self.dirty.mark(row);
        }
        self.picture.is_behind = true;
    }

    fn write(&mut self, row: u32, [r, g, b, alpha]: [u16; 4], clock: &MapClock) {
        let source = &self.sources[row as usize];
        let trail = TrailInstance {
            rgba: [r, g, b, (alpha & 0xff00) | exposure(source.connections)],
            ended_millis: clock.epoch_millis_from_unix(source.ended_unix_millis),
            ..self.rows[row as usize]
        };
        if self.rows[row as usize] != trail {
            self.rows[row as usize] = trail;
            self.dirty.mark(row);
            self.picture.is_behind = true;
        }
    }

    pub fn mark_all(&mut self) {
        self.dirty.mark_all(self.rows.len() as u32);
    }

    /// Stretches to upload, in order and apart, and counts them as uploaded.
    pub fn take_dirty(&mut self, out: &mut Vec<Range<u32>>) {
        let rows = self.dirty.take(self.rows.len() as u32, out);
        self.uploaded_bytes += rows * TRAIL_BYTES as u64;
    }
}

/// How bright the trail of so many connections is, 0 for one and 255 for a thousand and more.
fn exposure(connections: u32) -> u16 {
    let share = (connections.max(1) as f32).log2() / FULL_EXPOSURE_DOUBLINGS;
    (share.min(1.0) * 255.0).round() as u16
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
