//! The same rows, written and read as a loop around SQLite would do it that knows nothing but numbers.

use std::{collections::HashMap, hint::black_box, path::Path};

use anyhow::Result;
use connmapperl::{
    enrich::Record,
    history::{address_to_sql, create_or_migrate},
    model::{ConnectionId, Located, Traffic},
};
use rusqlite::{
    Connection, params,
    types::{Value, ValueRef},
};

use crate::{cpu_secs, made::Made};

/// Nothing but the history's own schema.
pub const CLUSTERED: &str = "";
/// As one would have it who wants to look for anything.
pub const INDEXED: &str = "
    DROP VIEW connections;
    DROP TABLE connection;
    CREATE TABLE connection (
        opened_ms INTEGER NOT NULL, n INTEGER NOT NULL, lasted_ms INTEGER, agent INTEGER NOT NULL,
        protocol INTEGER NOT NULL, inbound INTEGER NOT NULL, local ANY NOT NULL, local_port INTEGER NOT NULL,
        peer ANY NOT NULL, peer_port INTEGER NOT NULL, program INTEGER, rule INTEGER, place INTEGER NOT NULL,
        asn INTEGER, sent INTEGER, received INTEGER, rtt_us INTEGER
    ) STRICT;
    CREATE INDEX by_time ON connection (opened_ms, n);
    CREATE INDEX by_address ON connection (peer);
    CREATE INDEX by_asn ON connection (asn);
    CREATE INDEX by_program ON connection (program);";

/// A row with its numbers at hand, or the end of one.
enum Step {
    Insert {
        id: (i64, u32),
        end: Option<(i64, Traffic)>,
        texts: [i64; 5],
        ports: [u16; 2],
        addresses: [Value; 2],
    },
    Close {
        id: (i64, u32),
        lasted_ms: i64,
        traffic: Traffic,
    },
}

/// What a batch writes; what ends in the batch in which it opened is written once.
fn steps(
    records: &[Record],
    open: &mut HashMap<ConnectionId, (i64, u32)>,
    last: &mut (i64, u32),
) -> Vec<Step> {
    let mut ends: HashMap<ConnectionId, (i64, Traffic)> = HashMap::new();
    for record in records {
        if let Record::Told(Located::Closed { key, unix_millis, traffic }) = record {
            ends.insert(key.connection, (*unix_millis, *traffic));
        }
    }
    let mut steps = Vec::new();
    for record in records {
        let Record::Told(Located::Opened(it)) = record else { continue };
        let opened_ms = it.opened_unix_millis;
        *last = if last.0 == opened_ms { (opened_ms, last.1 + 1) } else { (opened_ms, 0) };
        let end = ends.remove(&it.key.connection).map(|(at_ms, traffic)| (at_ms - opened_ms, traffic));
        if end.is_none() {
            open.insert(it.key.connection, *last);
        }
        let seen = &it.observation;
        let place = it.place.as_ref().map_or(-6, |place| (place.lat * 250.0) as i64 + 10_000);
        let asn = it.asn.as_ref().map_or(0, |asn| i64::from(asn.number));
        steps.push(Step::Insert {
            id: *last,
            end,
            texts: [1, it.key.connection.0 as i64 % 40, 1, place, asn],
            ports: [seen.local.port(), seen.peer.port()],
            addresses: [address_to_sql(seen.local.ip()), address_to_sql(seen.peer.ip())],
        });
    }
    for (id, (closed_ms, traffic)) in ends {
        if let Some(id) = open.remove(&id) {
            steps.push(Step::Close { id, lasted_ms: closed_ms - id.0, traffic });
        }
    }
    steps
}

/// Returns seconds of CPU.
pub fn written(made: &Made, path: &Path, then: &str) -> Result<f64> {
    let mut database = Connection::open(path)?;
    create_or_migrate(&mut database)?;
    database.execute_batch(then)?;
    let (mut open, mut last, mut secs) = (HashMap::new(), (0, 0), 0.0);
    for batch in made.batches() {
        let steps = steps(&batch.records, &mut open, &mut last);
        secs += cpu_secs(|| write(&mut database, &steps))?;
    }
    Ok(secs)
}

fn write(database: &mut Connection, steps: &[Step]) -> Result<()> {
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as i64);
    let transaction = database.transaction()?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO connection VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?;
        let mut close = transaction.prepare_cached(
            "UPDATE connection SET lasted_ms = ?3, sent = ?4, received = ?5, rtt_us = ?6 \
             WHERE (opened_ms, n) = (?1, ?2)",
        )?;
        for step in steps {
            match step {
                Step::Insert { id, end, texts: [agent, program, rule, place, asn], ports, addresses } => {
                    let traffic = end.map_or_else(Traffic::default, |(_, traffic)| traffic);
                    insert.execute(params![
                        id.0,
                        id.1,
                        end.map(|(lasted_ms, _)| lasted_ms),
                        agent,
                        0,
                        0,
                        addresses[0],
                        ports[0],
                        addresses[1],
                        ports[1],
                        program,
                        rule,
                        place,
                        asn,
                        bytes(traffic.sent_bytes),
                        bytes(traffic.received_bytes),
                        traffic.rtt_micros,
                    ])?;
                }
                Step::Close { id, lasted_ms, traffic } => {
                    close.execute(params![
                        id.0,
                        id.1,
                        lasted_ms,
                        bytes(traffic.sent_bytes),
                        bytes(traffic.received_bytes),
                        traffic.rtt_micros,
                    ])?;
                }
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Without the texts and what else there is once, and with what is in the way of readers.
pub fn bytes_of_rows(path: &Path) -> Result<f64> {
    let database = Connection::open(path)?;
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let pages: i64 = database.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let text = "SELECT (SELECT sum(length(city) + length(region) + length(country)) FROM place) * 2 \
                + (SELECT sum(length(organisation)) FROM asn)";
    let text: i64 = database.query_row(text, [], |row| row.get(0))?;
    Ok((pages * 4_096 - text) as f64)
}

/// All that the history knows of each connection in one statement, texts included, as the player tells it.
pub const WITH_TEXTS: &str = "SELECT c.*, agent.name, program.name, rule.label, place.*, asn.organisation
    FROM connection AS c LEFT JOIN agent ON agent.id = c.agent LEFT JOIN program ON program.id = c.program
    LEFT JOIN rule ON rule.id = c.rule LEFT JOIN place ON place.id = c.place LEFT JOIN asn ON asn.number = c.asn
    ORDER BY c.opened_ms, c.n";
/// Numbers alone.
pub const NUMBERS: &str = "SELECT * FROM connection ORDER BY opened_ms, n";

/// Every column of every row, taken out of SQLite and thrown away.
pub fn selected(path: &Path, sql: &str) -> Result<()> {
    let database = Connection::open(path)?;
    let mut statement = database.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut sum = 0_i64;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            sum = sum.wrapping_add(match row.get_ref(column)? {
                ValueRef::Integer(number) => number,
                ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.len() as i64,
                _ => 0,
            });
        }
    }
    black_box(sum);
    Ok(())
}
