//! Which addresses were at the other end within a stretch of time, and how often: what the Hilbert view shows of the past.
//! No sum has addresses, so every row of the stretch is read; without a choice, of each only address, moment and rule. Whoever asks may
//! give up on the way.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use rusqlite::params;

use super::{Player, Recorded, address::address_from_sql, overview::Choice, reader::COLUMNS};
use crate::hilbert::Peers;

/// Rows between two looks whether the answer is still waited for: a few milliseconds.
const ROWS_A_LOOK: u64 = 16_384;
impl Player {
    /// Of all connections that were open within a stretch, both ends included; `None` once `is_waited_for` says no.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn peers(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        mut is_waited_for: impl FnMut() -> bool,
    ) -> rusqlite::Result<Option<Peers>> {
        self.at_one_moment(|player| {
            let mut peers = Peers::default();
            player.seek_rows(from_ms)?.iter().for_each(|recorded| add(&mut peers, recorded));
            let (labels, none) = (player.labels(&mut peers)?, peers.label(None));
            let rows =
                "SELECT peer, opened_ms, rule FROM connection WHERE opened_ms > ?1 AND opened_ms <= ?2";
            let mut rows = player.database.prepare_cached(rows)?;
            let mut rows = rows.query(params![from_ms, to_ms])?;
            let mut read = 0_u64;
            while let Some(row) = rows.next()? {
                // What no program of ours wrote is passed over, as everywhere.
                if let (Some(peer), Ok(opened_ms)) = (address_from_sql(row.get_ref(0)?), row.get(1)) {
                    let rule = row.get::<_, i64>(2).ok();
                    let label = rule.and_then(|rule| labels.get(&rule)).copied().unwrap_or(none);
                    peers.add_labelled(peer, opened_ms, label);
                }
                read += 1;
                if read.is_multiple_of(ROWS_A_LOOK) && !is_waited_for() {
                    return Ok(None);
                }
            }
            Ok(Some(peers))
        })
    }

    /// As [`Player::peers`], of some connections alone. Every row is read in full, which takes several times as long.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chosen_peers(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        choice: Choice<'_>,
    ) -> rusqlite::Result<Option<Peers>> {
        self.at_one_moment(|player| {
            let mut peers = Peers::default();
            for recorded in player.seek_rows(from_ms)? {
                match choice(&recorded) {
                    Some(true) => add(&mut peers, &recorded),
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            let is_whole = player.each_chosen(from_ms.saturating_add(1), to_ms, choice, |recorded| {
                add(&mut peers, &recorded);
            })?;
            Ok(is_whole.then_some(peers))
        })
    }

    /// The newest connections that have ended whose other end was at an address of which it is true: at most so many, newest
    /// first. Rows are read until there are enough; `None` once the choice gives up.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_with_peer(
        &mut self,
        is_there: impl Fn(IpAddr) -> bool,
        most: usize,
        choice: Choice<'_>,
    ) -> rusqlite::Result<Option<Vec<Recorded>>> {
        self.at_one_moment(|player| {
            // Of most rows no more than the address is read.
            let rows = format!(
                "SELECT {COLUMNS}, peer FROM connection WHERE lasted_ms IS NOT NULL ORDER BY opened_ms DESC, n DESC"
            );
            let mut rows = player.database.prepare_cached(&rows)?;
            let peer_column = rows.column_count() - 1;
            let mut rows = rows.query([])?;
            let mut found = Vec::new();
            while found.len() < most
                && let Some(row) = rows.next()?
            {
                if !address_from_sql(row.get_ref(peer_column)?).is_some_and(&is_there) {
                    continue;
                }
                let Some(recorded) = player.texts.read(&player.database, row)? else {
                    continue;
                };
                match choice(&recorded) {
                    Some(true) => found.push(recorded),
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            Ok(Some(found))
        })
    }

    /// The numbers of the rules of the file.
    fn labels(&self, peers: &mut Peers) -> rusqlite::Result<HashMap<i64, u16>> {
        let mut rules = self.database.prepare_cached("SELECT id, label FROM rule")?;
        let rules = rules.query_map([], |row| Ok((row.get(0)?, row.get::<_, Arc<str>>(1)?)))?;
        rules.map(|rule| rule.map(|(id, label)| (id, peers.label(Some(&label))))).collect()
    }
}

fn add(peers: &mut Peers, recorded: &Recorded) {
    let connection = &recorded.connection;
    let address = connection.observation.peer.ip();
    peers.add(address, connection.opened_unix_millis, recorded.rule.as_ref());
}

#[cfg(test)]
mod tests;
