//! The simple history in memory: what was counted, whether it is shown, and what waits to be loaded. Which circles come
//! of it is worked out in `systems/circles`, and lies in `components/marks`.

use std::path::PathBuf;

use bevy::{platform::collections::HashSet, prelude::Resource};

use crate::{
    model::ConnectionKey,
    tally::{Label, Spot, Tally},
};

/// Of the radius of a circle, in points: what one connection has before the logarithm, and what a doubling adds.
const LEAST_RADIUS: f32 = 1.6;
const RADIUS_A_DOUBLING: f32 = 2.3;
/// Nobody sees a smaller difference, and a circle that did not grow need not be drawn anew.
const RADIUS_STEP: f32 = 0.25;
/// Connections that closed and are remembered as counted: an agent that was cut off, or a replay that took the place of
/// the live picture, lets them be told once more. One takes 16 bytes.
const MOST_CLOSED_KEYS: usize = 65_536;

/// Radius in points of the circle of so many connections.
pub fn circle_radius(connections: u64) -> f32 {
    let radius = LEAST_RADIUS + RADIUS_A_DOUBLING * (1.0 + connections as f32).log2();
    (radius / RADIUS_STEP).round() * RADIUS_STEP
}

#[derive(Resource, Debug, Default)]
pub struct HistoryCircles {
    tally: Tally,
    /// Of connections that the filter leaves, where there is one; from the recording as far as that goes.
    filtered: Option<Tally>,
    pub shown: bool,
    /// When a picture is due that shows what was counted since the last one.
    pub due_unix_millis: Option<i64>,
    counted: HashSet<ConnectionKey>,
    touched: Touched,
}

/// What the circles do not show yet.
#[derive(Debug, PartialEq, Eq)]
pub enum Touched {
    /// Places that were counted at since; some of them more than once.
    Spots(Vec<Spot>),
    Everything,
}

impl Default for Touched {
    fn default() -> Self {
        Self::Spots(Vec::new())
    }
}

impl Touched {
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Spots(spots) if spots.is_empty())
    }
}

impl HistoryCircles {
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the circles show.
    pub fn shown_tally(&self) -> &Tally {
        self.filtered.as_ref().unwrap_or(&self.tally)
    }

    pub const fn is_filtered(&self) -> bool {
        self.filtered.is_some()
    }

    pub fn set_filtered(&mut self, filtered: Option<Tally>) {
        self.filtered = filtered;
        self.touched = Touched::Everything;
    }

    /// Whether a connection has been counted; from now on it has.
    pub fn is_new(&mut self, key: ConnectionKey) -> bool {
        self.counted.insert(key)
    }

    /// Forgets one that has closed unseen.
    pub fn forget(&mut self, key: ConnectionKey) {
        self.counted.remove(&key);
    }

    /// Forgets connections that are long closed, when there are too many of them.
    pub fn forget_closed(&mut self, open: usize, is_open: impl Fn(&ConnectionKey) -> bool) {
        if self.counted.len() > open + MOST_CLOSED_KEYS {
            self.counted.retain(is_open);
        }
    }

    /// `passes` is whether the filter leaves it.
    pub fn count(&mut self, spot: Spot, label: Label, passes: bool) {
        if let Some(filtered) = self.filtered.as_mut().filter(|_| passes) {
            filtered.add(spot, label.clone(), 1);
        }
        self.tally.add(spot, label, 1);
        if !passes {
            return;
        }
        let places = self.shown_tally().places();
        match &mut self.touched {
            // With more than this the circles are made anew in no more time.
            Touched::Spots(spots) if spots.len() < places => spots.push(spot),
            touched => *touched = Touched::Everything,
        }
    }

    pub fn merge(&mut self, loaded: Tally) {
        self.tally.merge(loaded);
        self.touched = Touched::Everything;
    }

    /// Forgets all of it.
    pub fn reset(&mut self) {
        self.tally = Tally::default();
        self.filtered = self.filtered.take().map(|_| Tally::default());
        self.touched = Touched::Everything;
    }

    pub fn replace(&mut self, loaded: Tally) {
        self.tally = loaded;
        self.touched = Touched::Everything;
    }

    pub const fn touched(&self) -> &Touched {
        &self.touched
    }

    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }
}

/// A file that was read and waits for an answer: add it to what is there, or put it in its place.
#[derive(Resource, Debug, Default)]
pub struct WaitingToLoad(pub Option<ReadHistory>);

#[derive(Debug)]
pub struct ReadHistory {
    pub path: PathBuf,
    pub bytes: u64,
    pub tally: Tally,
}
