//! A connection as it stands in its row, on the way into the table.

use std::net::SocketAddr;

use rusqlite::{Connection, Row, Statement, params};

use super::{address::address_to_sql, dictionary::Dictionaries};
use crate::{
    model::{Direction, LocatedConnection, Owner, Protocol, Traffic},
    rules::Rules,
};

/// Names a row: when it was opened, and which one of that millisecond. Both are as wide as the table's, which may hold
/// rows of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId {
    pub opened_ms: i64,
    pub n: i64,
}

impl RowId {
    /// The first two columns of a row.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { opened_ms: row.get(0)?, n: row.get(1)? })
    }
}

pub const INSERT: &str = "INSERT INTO connection VALUES \
                          (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

/// One row, its texts turned into numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
    pub id: RowId,
    pub lasted_ms: Option<i64>,
    pub agent: i64,
    pub protocol: Protocol,
    pub direction: Direction,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub program: Option<i64>,
    pub rule: Option<i64>,
    pub place: i64,
    pub asn: Option<u32>,
    pub traffic: Traffic,
}

impl NewRow {
    pub fn new(
        id: RowId,
        agent: i64,
        connection: &LocatedConnection,
        rules: &Rules,
        dictionaries: &mut Dictionaries,
        database: &Connection,
    ) -> rusqlite::Result<Self> {
        let seen = &connection.observation;
        let label = rules.matching(seen.local.port(), seen.peer.port()).and_then(|rule| rules.label_of(rule));
        let label = label.and_then(|label| rules.labels().get(label));
        if let Some(asn) = &connection.asn {
            dictionaries.system(database, asn)?;
        }
        Ok(Self {
            id,
            lasted_ms: None,
            agent,
            protocol: seen.protocol,
            direction: seen.direction,
            local: seen.local,
            peer: seen.peer,
            program: program(&seen.owner, dictionaries, database)?,
            rule: label.map(|label| dictionaries.rule(database, &label.text)).transpose()?,
            place: dictionaries.place(database, &connection.place)?,
            asn: connection.asn.as_ref().map(|asn| asn.number),
            traffic: seen.traffic,
        })
    }

    /// By a statement of [`INSERT`].
    pub fn insert(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        statement.execute(params![
            self.id.opened_ms,
            self.id.n,
            self.lasted_ms,
            self.agent,
            self.protocol as i64,
            self.direction == Direction::Inbound,
            address_to_sql(self.local.ip()),
            self.local.port(),
            address_to_sql(self.peer.ip()),
            self.peer.port(),
            self.program,
            self.rule,
            self.place,
            self.asn,
            clamped(self.traffic.sent_bytes),
            clamped(self.traffic.received_bytes),
            self.traffic.rtt_micros,
        ])?;
        Ok(())
    }
}

/// The program's number, where it is known.
pub fn program(
    owner: &Owner,
    dictionaries: &mut Dictionaries,
    database: &Connection,
) -> rusqlite::Result<Option<i64>> {
    match owner {
        Owner::Program { name, .. } => dictionaries.program(database, name).map(Some),
        Owner::NotPermitted | Owner::Unknown => Ok(None),
    }
}

/// SQLite's numbers have a sign; no connection carries that much.
pub fn clamped(bytes: Option<u64>) -> Option<i64> {
    bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}
