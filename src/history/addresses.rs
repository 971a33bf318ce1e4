//! Which addresses were at the other end within a stretch of time, and how often: what the Hilbert view shows of the past.
//! No sum has addresses, so every row of the stretch is read; without a choice, of each only its address. Whoever asks may
//! give up on the way.

use std::net::IpAddr;

use rusqlite::params;

use super::{Player, address::address_from_sql, overview::Choice};
use crate::hilbert::{heat::Heat, ipv6_key};

/// Rows between two looks whether the answer is still waited for: a few milliseconds.
const ROWS_A_LOOK: u64 = 16_384;

/// Connections by the address at the other end.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    pub ipv4: Heat,
    /// By [`ipv6_key`].
    pub ipv6: Heat,
    /// IPv6 outside of 2000::/3, which has no keys: link-local, unique local and the like.
    pub without_key: u64,
}

impl Peers {
    fn add(&mut self, address: IpAddr) {
        // Of IPv4 where the kernel tells it as IPv6.
        match address.to_canonical() {
            IpAddr::V4(v4) => self.ipv4.add(v4.to_bits(), 1),
            IpAddr::V6(v6) => match ipv6_key(v6) {
                Some(key) => self.ipv6.add(key, 1),
                None => self.without_key += 1,
            },
        }
    }
}

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
            for recorded in player.seek_rows(from_ms)? {
                peers.add(recorded.connection.observation.peer.ip());
            }
            let rows = "SELECT peer FROM connection WHERE opened_ms > ?1 AND opened_ms <= ?2";
            let mut rows = player.database.prepare_cached(rows)?;
            let mut rows = rows.query(params![from_ms, to_ms])?;
            let mut read = 0_u64;
            while let Some(row) = rows.next()? {
                // What no program of ours wrote is passed over, as everywhere.
                if let Some(peer) = address_from_sql(row.get_ref(0)?) {
                    peers.add(peer);
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
                    Some(true) => peers.add(recorded.connection.observation.peer.ip()),
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            let is_whole = player.each_chosen(from_ms.saturating_add(1), to_ms, choice, |recorded| {
                peers.add(recorded.connection.observation.peer.ip());
            })?;
            Ok(is_whole.then_some(peers))
        })
    }
}

#[cfg(test)]
mod tests;
