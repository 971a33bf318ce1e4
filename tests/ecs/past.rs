//! A map beside a recorded past: a history written row by row, and whoever reads it, who answers when the test says so.

use std::{collections::BTreeSet, time::Duration};

use bevy::{prelude::*, time::Real};
use connmapperl::{
    components::{
        action::UiAction,
        connection::{Connection, Trail},
        time_travel::{PastAnswer, PastLink, PastOrder, TimeAction, TimeTravel},
    },
    history::create_or_migrate,
    systems::services::past::Reader,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection as Database;

use crate::stage::{NOON, Stage};

pub const SECOND: i64 = 1_000;
pub const HOUR: i64 = 3_600 * SECOND;

/// A stage beside a history: what the map asks is answered when the test says so.
pub struct Past {
    pub stage: Stage,
    pub folder: tempfile::TempDir,
    pub orders: Receiver<PastOrder>,
    pub sums: Receiver<PastOrder>,
    pub addresses: Receiver<PastOrder>,
    pub answers: Sender<PastAnswer>,
    pub reader: Reader,
}

/// `(opened, closed)` in milliseconds since the beginning of the history, a day before noon; the peer's port is 443 for
/// every other, 22 for the rest.
pub type Row = (i64, Option<i64>);

impl Past {
    pub fn new(rows: &[Row]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        write(&path, rows);
        let mut stage = Stage::new();
        let [(orders, from_map), (sums, of_sums), (addresses, of_addresses)] = [(); 3].map(|()| bounded(2));
        let (to_map, answers) = bounded(8);
        stage
            .app
            .insert_resource(PastLink { orders, sums, addresses, answers })
            .insert_resource(Time::<Real>::default());
        Self {
            stage,
            reader: reader(&path),
            folder,
            orders: from_map,
            sums: of_sums,
            addresses: of_addresses,
            answers: to_map,
        }
    }

    pub fn act(&mut self, action: TimeAction) {
        self.stage.act(UiAction::Time(action));
    }

    /// A frame after so much of the viewer's time, with all answers that are due.
    pub fn frame_after(&mut self, millis: u64) {
        let mut time = self.stage.app.world_mut().resource_mut::<Time<Real>>();
        time.update_with_duration(Duration::from_millis(millis));
        self.stage.frame();
        self.answer();
    }

    pub fn answer(&mut self) {
        while let Ok(order) = self.next_order() {
            self.reader.answers(&order).into_iter().for_each(|answer| self.answers.try_send(answer).unwrap());
        }
    }

    fn next_order(&self) -> Result<PastOrder, crossbeam_channel::TryRecvError> {
        self.orders.try_recv().or_else(|_| self.sums.try_recv()).or_else(|_| self.addresses.try_recv())
    }

    /// Frames in which no time passes, until nothing is asked any more.
    pub fn settle(&mut self) {
        for _ in 0..4 {
            self.frame_after(0);
        }
    }

    pub fn travel(&self) -> &TimeTravel {
        self.stage.resource()
    }

    /// Times of opening of what the map shows, since the beginning of the history.
    pub fn shown(&mut self) -> BTreeSet<i64> {
        let world = self.stage.app.world_mut();
        let mut shown = world.query_filtered::<&Connection, Without<Trail>>();
        shown.iter(world).map(|it| it.0.opened_unix_millis - begin()).collect()
    }

    pub fn show(&mut self, at: i64) {
        self.act(TimeAction::Scrub { at_ms: begin() + at });
        self.settle();
    }
}

pub fn begin() -> i64 {
    NOON - 24 * HOUR
}

/// It is a day later when the past is looked at.
pub fn reader(path: &std::path::Path) -> Reader {
    Reader::new(path.to_owned()).with_clock(|| NOON + 24 * HOUR)
}

pub fn write(path: &std::path::Path, rows: &[Row]) {
    let mut database = Database::open(path).unwrap();
    create_or_migrate(&mut database).unwrap();
    database
        .execute_batch("INSERT INTO agent VALUES (1, 'here'), (2, 'router'); INSERT INTO rule VALUES (1, 'Web'), (2, 'SSH'), (3, 'Gone');")
        .unwrap();
    for (index, (opened, closed)) in (0_i64..).zip(rows) {
        let place = (index % 300 + 1, index % 50, index % 170);
        database
            .execute(
                "INSERT OR IGNORE INTO place VALUES (?1, ?2, ?3, '', '', 'DE')",
                [place.0, place.1, place.2],
            )
            .unwrap();
        let (rule, port) = if index % 2 == 0 { (1, 443) } else { (2, 22) };
        let insert = "INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, \
                      peer_port, rule, place) VALUES (?1, ?2, ?3, ?4, 0, 0, 1, 50000, 16843009, ?5, ?6, ?7)";
        let lasted = closed.map(|closed| closed - opened);
        let agent = index % 2 + 1;
        database
            .execute(insert, rusqlite::params![begin() + opened, index, lasted, agent, port, rule, place.0])
            .unwrap();
    }
    let last = rows.iter().map(|(opened, closed)| closed.unwrap_or(*opened)).max().unwrap_or(0);
    database
        .execute("INSERT INTO recording VALUES (1, ?1, ?2, 1)", [begin(), begin() + last + SECOND])
        .unwrap();
}

/// What SQL says was open at a moment.
pub fn open_at(rows: &[Row], at: i64) -> BTreeSet<i64> {
    let is_open = |(opened, closed): &&Row| *opened <= at && closed.is_none_or(|closed| closed > at);
    rows.iter().filter(is_open).map(|(opened, _)| *opened).collect()
}

pub const THREE: [Row; 3] =
    [(0, Some(10 * SECOND)), (4 * SECOND, Some(6 * SECOND)), (HOUR, Some(HOUR + 2 * SECOND))];
