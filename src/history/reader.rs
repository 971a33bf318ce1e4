//! Rows read back as connections. Opens the file for reading alone, in a connection of its own that waits for no writer.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Row, params,
    types::{FromSql, FromSqlResult, ValueRef},
};

use super::{
    address::address_from_sql,
    dictionary::reason_from_number,
    passed_over::{Odd, PassedOver, Unread, number, number_below, number_if_any},
    row::RowId,
    schema::{OLDEST_READ, SCHEMA_VERSION},
};
use crate::{
    id_map::IdMap,
    model::{
        AgentId, Asn, ConnectionId, ConnectionKey, CountryCode, Direction, LocatedConnection, NoPlace,
        Observation, Owner, Place, Protocol, Traffic,
    },
};

/// Of a file that is being checkpointed or vacuumed just now.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Texts remembered of each kind.
const MOST_REMEMBERED: usize = 65_536;
/// Of `ConnectionId`, for `n`; what is above is the time. Checkpoints have as much room.
const BITS_OF_N: u32 = 24;
const BITS_OF_MILLIS: u32 = 48;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("there is no history yet: {0} does not exist")]
    None(String),
    #[error("{path}: {reason}")]
    Sqlite { path: String, reason: rusqlite::Error },
    #[error(
        "{path} is no history that this version reads (schema {version}, where {OLDEST_READ} to {SCHEMA_VERSION} are understood)"
    )]
    Version { path: String, version: i32 },
}

/// A row, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub id: RowId,
    /// `None` while it is open.
    pub lasted_ms: Option<i64>,
    /// Label of the rule that matched when it was recorded.
    pub rule: Option<Arc<str>>,
    pub connection: LocatedConnection,
}

impl Recorded {
    /// When it ended; never for those that are open.
    pub fn closed_ms(&self) -> Option<i64> {
        self.lasted_ms.map(|lasted| self.id.opened_ms.saturating_add(lasted))
    }

    pub fn is_open_at(&self, unix_millis: i64) -> bool {
        self.id.opened_ms <= unix_millis && self.closed_ms().is_none_or(|closed| closed > unix_millis)
    }
}

/// The key by which the map knows a recorded connection.
pub fn recorded_key(agent: i64, id: RowId) -> ConnectionKey {
    let agent = AgentId(u32::try_from(agent).unwrap_or(0) | AgentId::RECORDED);
    let connection = (id.opened_ms as u64) << BITS_OF_N | id.n as u64 & ((1 << BITS_OF_N) - 1);
    ConnectionKey { agent, connection: ConnectionId(connection) }
}

/// Opens the file for reading.
///
/// # Errors
/// When there is none, or it is not of this version.
pub fn open_for_reading(path: &Path) -> Result<Connection, ReadError> {
    let name = || path.display().to_string();
    if !path.exists() {
        return Err(ReadError::None(name()));
    }
    let sqlite = |reason| ReadError::Sqlite { path: name(), reason };
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(sqlite)?;
    database.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    let version = database.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sqlite)?;
    if !(OLDEST_READ..=SCHEMA_VERSION).contains(&version) {
        return Err(ReadError::Version { path: name(), version });
    }
    Ok(database)
}

/// Columns that [`Texts::read`] takes, in its order, from `connection`.
pub const COLUMNS: &str = "opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, \
                           program, rule, place, asn, sent, received, rtt_us";

/// The texts behind the numbers, remembered.
#[derive(Default)]
pub struct Texts {
    programs: IdMap<i64, Arc<str>>,
    rules: IdMap<i64, Arc<str>>,
    places: IdMap<i64, Option<Place>>,
    organisations: IdMap<i64, Arc<str>>,
    passed_over: PassedOver,
}

impl Texts {
    /// Reads a row of [`COLUMNS`]. One in which stands what the program does not write is passed over, and noted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, database: &Connection, row: &Row<'_>) -> rusqlite::Result<Option<Recorded>> {
        match self.recorded(database, row) {
            Ok(recorded) => Ok(Some(recorded)),
            Err(Unread::Odd(odd)) => {
                self.passed_over.note(RowId::read(row)?, odd);
                Ok(None)
            }
            Err(Unread::Sqlite(error)) => Err(error),
        }
    }

    fn recorded(&mut self, database: &Connection, row: &Row<'_>) -> Result<Recorded, Unread> {
        let id = RowId {
            opened_ms: number_below(row, 0, 1 << BITS_OF_MILLIS)?,
            n: number_below(row, 1, 1 << BITS_OF_N)?,
        };
        let lasted_ms = number_if_any::<u64>(row, 2)?.map(|lasted| i64::try_from(lasted).unwrap_or(i64::MAX));
        let agent = number_below(row, 3, i64::from(AgentId::RECORDED))?;
        let is_udp = number_below(row, 4, 2)? == 1;
        let is_inbound = number_below(row, 5, 2)? == 1;
        let address = |column| address_from_sql(row.get_ref(column)?).ok_or(Unread::Odd(Odd(column)));
        let local = (address(6)?, number(row, 7)?).into();
        let peer = (address(8)?, number(row, 9)?).into();
        let owner = match number_if_any(row, 10)? {
            Some(program) => Owner::Program {
                pid: 0,
                name: text(database, &mut self.programs, program, "program", "name")?,
            },
            None => Owner::Unknown,
        };
        let observation = Observation {
            protocol: if is_udp { Protocol::Udp } else { Protocol::Tcp },
            local,
            peer,
            direction: if is_inbound { Direction::Inbound } else { Direction::Outbound },
            owner,
            uid: 0,
            traffic: Traffic {
                sent_bytes: number_if_any(row, 14)?,
                received_bytes: number_if_any(row, 15)?,
                rtt_micros: number_if_any(row, 16)?,
            },
        };
        let rule = number_if_any(row, 11)?;
        let rule = rule.map(|rule| text(database, &mut self.rules, rule, "rule", "label")).transpose()?;
        let connection = LocatedConnection {
            key: recorded_key(agent, id),
            observation,
            opened_unix_millis: id.opened_ms,
            place: self.place(database, number(row, 12)?)?,
            asn: number_if_any(row, 13)?.map(|number| self.system(database, number)).transpose()?,
        };
        Ok(Recorded { id, lasted_ms, rule, connection })
    }

    /// What was not read.
    pub const fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn place(&mut self, database: &Connection, id: i64) -> rusqlite::Result<Result<Place, NoPlace>> {
        if let Some(reason) = reason_from_number(id) {
            return Ok(Err(reason));
        }
        if let Some(known) = self.places.get(&id) {
            return Ok(known.clone().ok_or(NoPlace::NoEntry));
        }
        let statement = "SELECT lat, lon, city, region, country FROM place WHERE id = ?1";
        let place = database
            .prepare_cached(statement)?
            .query_row([id], |row| {
                Ok(Place {
                    lat: row.get(0)?,
                    lon: row.get(1)?,
                    city: row.get::<_, Text>(2)?.0,
                    region: row.get::<_, Text>(3)?.0,
                    country: CountryCode::from_text(&row.get::<_, Text>(4)?.0),
                })
            })
            .optional()?
            // Off the earth is nowhere.
            .filter(|place| place.lat.abs() <= 90.0 && place.lon.abs() <= 180.0);
        make_room(&mut self.places);
        self.places.insert(id, place.clone());
        Ok(place.ok_or(NoPlace::NoEntry))
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn rule(&mut self, database: &Connection, id: i64) -> rusqlite::Result<Arc<str>> {
        text(database, &mut self.rules, id, "rule", "label")
    }

    fn system(&mut self, database: &Connection, number: u32) -> rusqlite::Result<Asn> {
        if let Some(organisation) = self.organisations.get(&i64::from(number)) {
            return Ok(Asn { number, organisation: organisation.clone() });
        }
        let statement = "SELECT organisation FROM asn WHERE number = ?1";
        let found = database.prepare_cached(statement)?.query_row([number], |row| row.get(0)).optional()?;
        let organisation = found.map_or_else(|| "".into(), |Text(organisation)| organisation);
        make_room(&mut self.organisations);
        self.organisations.insert(i64::from(number), organisation.clone());
        Ok(Asn { number, organisation })
    }
}

/// What others may have written in any encoding.
pub struct Text(pub Arc<str>);

impl FromSql for Text {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_bytes().map(|bytes| Self(String::from_utf8_lossy(bytes).into()))
    }
}

fn text(
    database: &Connection,
    known: &mut IdMap<i64, Arc<str>>,
    id: i64,
    table: &str,
    column: &str,
) -> rusqlite::Result<Arc<str>> {
    if let Some(text) = known.get(&id) {
        return Ok(text.clone());
    }
    let statement = format!("SELECT {column} FROM {table} WHERE id = ?1");
    let found = database.prepare_cached(&statement)?.query_row(params![id], |row| row.get(0)).optional()?;
    let text = found.map_or_else(|| "?".into(), |Text(text)| text);
    make_room(known);
    known.insert(id, text.clone());
    Ok(text)
}

fn make_room<V>(known: &mut IdMap<i64, V>) {
    if known.len() >= MOST_REMEMBERED {
        known.clear();
    }
}
