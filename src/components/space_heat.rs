//! What was heard of addresses, as the address space shows it below the dots: out of the recording, and of what opens from
//! then on. Which of it the picture shows already is told by counters, for a busy map is not drawn anew for each connection.

use std::sync::Arc;

use bevy::prelude::Resource;

use super::time_travel::Span;
use crate::{
    filter::Filter,
    hilbert::{Family, Heard, Peers, heat::Revision},
    model::LocatedConnection,
};

/// More of them wait for no answer: the picture of what was heard is none the worse.
const MOST_SINCE: usize = 262_144;

/// Which connections are meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Meant {
    /// `None`: all up to now, and what opens from then on.
    pub span: Option<Span>,
    pub filter: Arc<Filter>,
    /// Without what was recorded: that is on its way out.
    pub is_forgetting: bool,
}

/// One that opened since the recording was asked.
#[derive(Clone, Debug)]
pub struct Opened {
    pub connection: Arc<LocatedConnection>,
    /// Of its rule.
    pub label: Option<Arc<str>>,
}

#[derive(Resource, Default)]
pub struct SpaceHeat {
    peers: Option<Box<Peers>>,
    /// What is shown, or is on its way.
    pub meant: Option<Meant>,
    /// Of the last question. An answer with another number is of no use any more.
    pub number: u32,
    pub is_waiting: bool,
    /// When connections before this one were asked of the recording, Unix milliseconds: later ones are counted here.
    pub recorded_until_ms: i64,
    /// The recording cannot be read; what is open takes its place.
    pub has_failed: bool,
    /// The recording counts again when so many times all was forgotten.
    pub resets_awaited: u64,
    /// What opened while the recording is read.
    since: Vec<Opened>,
    /// Counts what was put in place of one another.
    changes: u64,
    /// Up to where the picture shows it.
    shown: (u64, Revision),
    /// When a picture is due that shows what was counted since the last one.
    pub due_unix_millis: Option<i64>,
}

impl SpaceHeat {
    pub fn peers(&self) -> Option<&Peers> {
        self.peers.as_deref()
    }

    pub fn heard(&self, family: Family) -> Option<&Heard> {
        self.peers.as_ref().map(|peers| peers.of(family))
    }

    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// What the recording told, and what opened meanwhile.
    pub fn put(&mut self, mut peers: Box<Peers>) {
        for opened in self.since.drain(..) {
            add(&mut peers, &opened);
        }
        self.peers = Some(peers);
        self.changes += 1;
        self.is_waiting = false;
    }

    /// Counts one that has opened. Returns whether it is counted by now.
    pub fn count(&mut self, opened: Opened) -> bool {
        if self.is_waiting {
            if self.since.len() < MOST_SINCE {
                self.since.push(opened);
            }
            return false;
        }
        let Some(peers) = self.peers.as_mut() else {
            return false;
        };
        add(peers, &opened);
        true
    }

    /// What opened meanwhile is told in another way.
    pub fn forget_since(&mut self) {
        self.since.clear();
    }

    /// Another question is asked: what waited for the answer to the one before is part of it.
    pub fn ask(&mut self, meant: Meant, recorded_until_ms: i64) {
        self.since.clear();
        self.number = self.number.wrapping_add(1);
        (self.meant, self.recorded_until_ms, self.is_waiting) = (Some(meant), recorded_until_ms, true);
    }

    /// The end of the stretch that is meant, Unix milliseconds, if one is.
    pub fn until_ms(&self) -> Option<i64> {
        self.meant.as_ref()?.span.map(|span| span.to_ms)
    }

    /// Whether all that was ever heard is meant.
    pub fn is_of_all(&self) -> bool {
        self.meant.as_ref().is_some_and(|meant| meant.span.is_none() && meant.filter.is_everything())
    }

    /// Whether the picture of a family is older than what was counted.
    pub fn is_newer_than_shown(&self, family: Family) -> bool {
        self.heard(family).is_some_and(|heard| self.shown != (self.changes, heard.heat.revision()))
    }

    /// The picture is drawn anew, with all that was counted.
    pub fn show(&mut self, family: Family) {
        if let Some(heard) = self.heard(family) {
            self.shown = (self.changes, heard.heat.revision());
        }
    }

    pub const fn shown(&self) -> (u64, Revision) {
        self.shown
    }
}

fn add(peers: &mut Peers, opened: &Opened) {
    let connection = &opened.connection;
    peers.add(connection.observation.peer.ip(), connection.opened_unix_millis, opened.label.as_ref());
}
