//! Which connections are in a list, and in which order. While the pointer is over a list its rows stay where they are:
//! what opens comes below, what closes stays to be read. When the pointer leaves it is put in order again.

use std::{net::IpAddr, sync::Arc};

use bevy::platform::collections::HashMap;
use bevy_egui::egui::{Pos2, Rect};

use super::cells::{Names, OPENED, PEER};
use crate::{
    components::{
        action::ListKind, connection::Position, fleet::HiddenAgents, inspect::Looks, map_view::MapView,
        rule_book::RuleBook,
    },
    model::{LocatedConnection, Owner, Place},
};

/// A list as long as this takes a frame's time to be put in order; nobody reads it faster than once a second.
const MANY_ROWS: usize = 5_000;
const BETWEEN_MANY_SECS: f64 = 1.0;

pub(super) struct ListRow {
    pub(super) connection: Arc<LocatedConnection>,
    pub(super) label: usize,
    /// It closed while somebody was reading.
    pub(super) is_closed: bool,
    /// From the history: it ended before.
    pub(super) is_recorded: bool,
}

impl ListRow {
    pub(super) fn open(connection: &Arc<LocatedConnection>, label: usize) -> Self {
        Self { connection: Arc::clone(connection), label, is_closed: false, is_recorded: false }
    }

    pub(super) fn recorded(connection: &Arc<LocatedConnection>, label: usize) -> Self {
        Self { is_recorded: true, ..Self::open(connection, label) }
    }

    pub(super) fn address(&self) -> IpAddr {
        self.connection.observation.peer.ip()
    }
}

pub struct ListRows {
    rows: Vec<ListRow>,
    /// Column, and whether the greatest comes first.
    pub(super) sorting: (usize, bool),
    pub(super) is_stale: bool,
    /// Some rows are kept where they were for whoever reads.
    is_held: bool,
    /// When it was brought up to date last, on the window's clock.
    refreshed_secs: f64,
    /// Where the window was last, in points.
    pub(super) rect: Option<Rect>,
}

impl ListRows {
    pub(super) const fn new(kind: ListKind) -> Self {
        // At a place what matters is with whom; elsewhere what is read does not move when something opens.
        let column = if matches!(kind, ListKind::Near(_)) { PEER } else { OPENED };
        Self {
            rows: Vec::new(),
            sorting: (column, false),
            is_stale: true,
            is_held: false,
            refreshed_secs: f64::NEG_INFINITY,
            rect: None,
        }
    }

    pub(super) fn rows(&self) -> &[ListRow] {
        &self.rows
    }

    pub(super) fn is_at(&self, at: Pos2) -> bool {
        self.rect.is_some_and(|rect| rect.contains(at))
    }

    /// The same column again turns the order round.
    pub(super) fn sort_by(&mut self, column: usize, names: &Names<'_>) {
        let (known, down) = self.sorting;
        self.sorting = (column, known == column && !down);
        self.sort(names);
    }

    fn sort(&mut self, names: &Names<'_>) {
        let (column, down) = self.sorting;
        self.rows.sort_by(|a, b| {
            let order = names.compare(column, a, b);
            if down { order.reverse() } else { order }
        });
    }

    /// Brings it up to date, if it is not. Returns how many seconds that has to wait because it is long.
    pub(super) fn refresh(
        &mut self,
        is_read: bool,
        now_secs: f64,
        names: &Names<'_>,
        now: impl FnOnce() -> Vec<ListRow>,
    ) -> Option<f64> {
        if !self.is_stale && (is_read || !self.is_held) {
            return None;
        }
        let left_secs = self.refreshed_secs + BETWEEN_MANY_SECS - now_secs;
        if self.rows.len() >= MANY_ROWS && left_secs > 0.0 {
            return Some(left_secs);
        }
        self.refreshed_secs = now_secs;
        self.is_stale = false;
        self.take(is_read, names, now());
        None
    }

    fn take(&mut self, is_read: bool, names: &Names<'_>, now: Vec<ListRow>) {
        if !is_read || self.rows.is_empty() {
            self.is_held = false;
            self.rows = now;
            self.sort(names);
            return;
        }
        self.is_held = true;
        let mut now: HashMap<_, ListRow> = now.into_iter().map(|row| (row.connection.key, row)).collect();
        for row in &mut self.rows {
            match now.remove(&row.connection.key) {
                Some(newer) => *row = newer,
                None => row.is_closed = true,
            }
        }
        let mut opened: Vec<ListRow> = now.into_values().collect();
        opened.sort_by_key(|row| (row.connection.opened_unix_millis, row.connection.key));
        self.rows.extend(opened);
    }
}

/// What tells whether a connection is in a list.
pub(super) struct Members<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) hidden_agents: &'a HiddenAgents,
    /// The whole world in a window of this size.
    pub(super) home: MapView,
    pub(super) looks: &'a Looks,
}

impl Members<'_> {
    pub(super) fn has(&self, kind: ListKind, row: &ListRow, position: Option<&Position>) -> bool {
        let (connection, label) = (&*row.connection, row.label);
        let agent = connection.key.agent;
        match kind {
            ListKind::All => return true,
            ListKind::Agent(wanted) => return agent == wanted,
            ListKind::Hidden if self.hidden_agents.hides(agent) => return true,
            _ if self.hidden_agents.hides(agent) => return false,
            _ => {}
        }
        let is_hidden = self.book.is_hidden(label);
        let beyond = |place: &Place| self.home.px_from_lon_lat(place.lon, place.lat).beyond_edge;
        match kind {
            ListKind::All | ListKind::Agent(_) => true,
            ListKind::OnMap => connection.place.is_ok() && !is_hidden,
            ListKind::Hidden => connection.place.is_ok() && is_hidden,
            ListKind::WithoutPlace(reason) => connection.place.as_ref().err() == Some(&reason),
            ListKind::WithoutAnyPlace => connection.place.is_err(),
            ListKind::BeyondEdge => connection.place.as_ref().is_ok_and(beyond) && !is_hidden,
            ListKind::UnknownProgram => !matches!(connection.observation.owner, Owner::Program { .. }),
            ListKind::Label(wanted) => label == wanted,
            ListKind::Near(look) => {
                !is_hidden && self.looks.get(look).is_some_and(|look| look.reaches(connection, position))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        components::connection::Agents,
        model::{AgentId, ConnectionId, ConnectionKey, Direction, NoPlace, Observation, Protocol, Traffic},
        rules::Rules,
    };

    fn row(id: u64) -> ListRow {
        let connection = LocatedConnection {
            key: ConnectionKey { agent: AgentId::THIS_MACHINE, connection: ConnectionId(id) },
            observation: Observation {
                protocol: Protocol::Tcp,
                local: ([10, 0, 0, 1], 40_000 + id as u16).into(),
                peer: ([9, 9, 9, 200_u8.wrapping_sub(id as u8)], 443).into(),
                direction: Direction::Outbound,
                owner: Owner::Unknown,
                uid: 0,
                traffic: Traffic { sent_bytes: Some(id % 3), ..Traffic::default() },
            },
            opened_unix_millis: id as i64,
            place: Err(NoPlace::NoEntry),
            asn: None,
        };
        ListRow::open(&Arc::new(connection), 0)
    }

    fn ids(list: &ListRows) -> Vec<u64> {
        list.rows().iter().map(|row| row.connection.key.connection.0).collect()
    }

    fn with_names(test: impl FnOnce(&Names<'_>)) {
        let (book, agents) = (RuleBook::new(Rules::built_in(), "built in".to_owned()), Agents::default());
        test(&Names { book: &book, agents: &agents });
    }

    #[test]
    fn a_long_list_is_put_in_order_once_a_second() {
        with_names(|names| {
            let mut list = ListRows::new(ListKind::All);
            let many = || (0..MANY_ROWS as u64).map(row).collect::<Vec<_>>();
            assert_eq!(list.refresh(false, 10.0, names, many), None);
            list.is_stale = true;
            assert_eq!(list.refresh(false, 10.75, names, || panic!("too early")), Some(0.25));
            assert_eq!(list.refresh(false, 11.0, names, || many().split_off(9)), None);
            assert_eq!(list.rows().len(), MANY_ROWS - 9);
        });
    }

    #[test]
    fn rows_stand_still_while_somebody_reads_and_are_put_in_order_afterwards() {
        with_names(|names| {
            let mut list = ListRows::new(ListKind::All);
            list.refresh(false, 0.0, names, || [3, 1, 2].map(row).into());
            assert_eq!(ids(&list), [1, 2, 3]);

            list.is_stale = true;
            list.refresh(true, 0.0, names, || [0, 3, 1, 4].map(row).into());
            assert_eq!(ids(&list), [1, 2, 3, 0, 4]);
            let closed: Vec<bool> = list.rows().iter().map(|row| row.is_closed).collect();
            assert_eq!(closed, [false, true, false, false, false]);

            list.refresh(false, 0.0, names, || [0, 3, 1, 4].map(row).into());
            assert_eq!(ids(&list), [0, 1, 3, 4], "the pointer has left");
            list.refresh(false, 0.0, names, || panic!("nothing has changed"));
        });
    }

    #[test]
    fn a_column_sorts_and_the_same_one_again_turns_it_round() {
        with_names(|names| {
            let mut list = ListRows::new(ListKind::Near(0));
            list.refresh(false, 0.0, names, || (0..6).map(row).collect());
            assert_eq!(ids(&list), [5, 4, 3, 2, 1, 0], "by address");
            let sent = super::super::cells::COLUMNS.iter().position(|column| column.name == "sent").unwrap();
            list.sort_by(sent, names);
            assert_eq!(ids(&list), [0, 3, 1, 4, 2, 5], "what is the same stays in order of age");
            list.sort_by(sent, names);
            assert_eq!(ids(&list), [5, 2, 4, 1, 3, 0]);
        });
    }

    #[test]
    fn a_copy_holds_every_column_and_nothing_that_breaks_a_line() {
        with_names(|names| {
            let rows: Vec<ListRow> = (0..3).map(row).collect();
            let text = super::super::cells::csv(&rows, names);
            assert_eq!(text.lines().count(), 4);
            assert!(text.starts_with("program,peer,agent,"), "{text}");
            let json: serde_json::Value =
                serde_json::from_str(&super::super::cells::json(&rows, names)).unwrap();
            assert_eq!(json.as_array().map(Vec::len), Some(3));
        });
    }
}
