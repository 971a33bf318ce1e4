//! What an earlier run of the program left open. Closed at the time when it was last seen, or now, where that is later
//! because a clock was wrong; kept in mind for a while, for
//! a program that starts again finds most of it still open, and one connection is one row.

use std::{collections::HashMap, net::SocketAddr};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    address::address_from_sql,
    present_ms,
    row::RowId,
    store::Socket,
    sums::{self, LAST_CHECKPOINT},
};
use crate::model::Protocol;

/// After a longer break the same ports may be those of another connection.
const LONGEST_BREAK_MS: i64 = 10 * 60 * 1_000;

#[derive(Debug, Default)]
pub struct Unfinished {
    rows: HashMap<Socket, RowId>,
    /// When all of it was last seen.
    seen_ms: i64,
}

impl Unfinished {
    /// The row in which this socket's connection goes on, if there is one, and when it was closed.
    pub fn get(&self, socket: &Socket, now_ms: i64) -> Option<(RowId, i64)> {
        let is_fresh = now_ms - self.seen_ms < LONGEST_BREAK_MS;
        self.rows.get(socket).filter(|_| is_fresh).map(|id| (*id, self.seen_ms.max(id.opened_ms)))
    }

    /// It goes on.
    pub fn remove(&mut self, socket: &Socket) {
        self.rows.remove(socket);
    }

    /// The agent has told all it has: what is left of it did not go on.
    pub fn give_up(&mut self, agent: i64) {
        self.rows.retain(|socket, _| socket.0 != agent);
    }
}

/// Closes what is open in the file. What the end of the program closed in the future is closed anew.
pub fn close(database: &Connection, now_ms: i64) -> rusqlite::Result<Unfinished> {
    let last = "SELECT seen_ms FROM recording ORDER BY id DESC LIMIT 1";
    let Some(marked_ms) = database.query_row(last, [], |row| row.get(0)).optional()? else {
        return Ok(Unfinished::default());
    };
    let seen_ms = i64::min(marked_ms, present_ms(now_ms));
    let checkpoint: Option<(i64, Vec<u8>)> =
        database.query_row(LAST_CHECKPOINT, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (since_ms, open) = checkpoint.unwrap_or((i64::MIN, Vec::new()));
    let columns = "opened_ms, n, lasted_ms, agent, protocol, local, local_port, peer, peer_port";
    let by_id = format!("SELECT {columns} FROM connection WHERE (opened_ms, n) = (?1, ?2)");
    let later = format!(
        "SELECT {columns} FROM connection WHERE opened_ms > ?1 AND (lasted_ms IS NULL OR lasted_ms = max(0, ?2 - opened_ms))"
    );
    let mut rows = Vec::new();
    let mut statement = database.prepare(&by_id)?;
    for id in sums::open_from_blob(&open) {
        rows.extend(statement.query_row(params![id.opened_ms, id.n], open_row).optional()?);
    }
    let mut statement = database.prepare(&later)?;
    for row in statement.query_map([since_ms, marked_ms], open_row)? {
        rows.push(row?);
    }
    let close = "UPDATE connection SET lasted_ms = ?3 WHERE (opened_ms, n) = (?1, ?2)";
    let mut close = database.prepare(close)?;
    let mut unfinished = Unfinished { rows: HashMap::new(), seen_ms };
    for (id, lasted_ms, socket) in rows {
        let until = |at_ms: i64| at_ms.saturating_sub(id.opened_ms).max(0);
        if lasted_ms.is_some_and(|lasted_ms| lasted_ms != until(marked_ms)) {
            continue;
        }
        if lasted_ms != Some(until(seen_ms)) {
            close.execute(params![id.opened_ms, id.n, until(seen_ms)])?;
        }
        if let Some(socket) = socket.filter(|_| now_ms - seen_ms < LONGEST_BREAK_MS) {
            unfinished.rows.insert(socket, id);
        }
    }
    Ok(unfinished)
}

type OpenRow = (RowId, Option<i64>, Option<Socket>);

fn open_row(row: &Row<'_>) -> rusqlite::Result<OpenRow> {
    let id = RowId::read(row)?;
    let protocol = if row.get::<_, i64>(4)? == 0 { Protocol::Tcp } else { Protocol::Udp };
    // A row of another program may have none; it is closed as the others are.
    let end = |at: usize| {
        let port = u16::try_from(row.get::<_, i64>(at + 1)?).ok();
        let address = address_from_sql(row.get_ref(at)?);
        Ok::<_, rusqlite::Error>(address.zip(port).map(SocketAddr::from))
    };
    let agent = row.get(3)?;
    let socket = end(5)?.zip(end(7)?).map(|(local, peer)| (agent, protocol, local, peer));
    Ok((id, row.get(2)?, socket))
}
