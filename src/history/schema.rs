//! The tables and views of the file, and how an older file becomes one of today. What is in the rows is for others.

use std::time::Duration;

use rusqlite::{Connection, Transaction, config::DbConfig};

use super::sums::{roll_up, summed_until_ms};

/// Raised with every change of the tables.
pub const SCHEMA_VERSION: i32 = 2;
/// Readers do with files since then: what they lack makes them slower alone.
pub const OLDEST_READ: i32 = 1;
/// Tells the file from those of other programs: `cmpl`, as SQLite's header keeps it.
const APPLICATION_ID: i32 = 0x636d_706c;
/// Of a file that another program reads or copies just now.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// What the journal keeps of its size once its content is in the file.
const JOURNAL_BYTES: i64 = 8 << 20;

const TABLES: &str = include_str!("schema.sql");
const ROLL_UPS: &str = include_str!("schema-2.sql");
const VIEWS: &str = include_str!("views.sql");

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("it is a database of another program")]
    Foreign,
    #[error("it was written by a newer connmapperl (schema {0}, where {SCHEMA_VERSION} is understood)")]
    Newer(i32),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Sees to it that a database that was opened for writing has the tables and views of today.
///
/// # Errors
/// When it is of another program, of a newer version, or cannot be read or written. Nothing is changed then.
pub fn create_or_migrate(database: &mut Connection) -> Result<(), SchemaError> {
    database.busy_timeout(BUSY_TIMEOUT)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let version: i32 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version) {
        (APPLICATION_ID, newer) if newer > SCHEMA_VERSION => return Err(SchemaError::Newer(newer)),
        (APPLICATION_ID, _) => {}
        _ if tables > 0 => return Err(SchemaError::Foreign),
        _ => {
            // Both must be said before the first table.
            database.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            database.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
    }
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "NORMAL")?;
    database.pragma_update(None, "journal_size_limit", JOURNAL_BYTES)?;
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    let transaction = database.transaction()?;
    if version < 1 {
        transaction.execute_batch(TABLES)?;
    }
    if version < 2 {
        transaction.execute_batch(ROLL_UPS)?;
        roll_up(&transaction, summed_until_ms(&transaction)?)?;
    }
    make_views(&transaction)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Views hold no data: those of an older version are made anew.
fn make_views(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let old: Vec<String> = transaction
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'view'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for view in old {
        transaction.execute_batch(&format!("DROP VIEW \"{}\"", view.replace('"', "\"\"")))?;
    }
    transaction.execute_batch(VIEWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_gets_the_tables_and_an_old_one_keeps_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        for _ in 0..2 {
            let mut database = Connection::open(&path).unwrap();
            create_or_migrate(&mut database).unwrap();
            let connections: i64 =
                database.query_row("SELECT count(*) FROM connections", [], |row| row.get(0)).unwrap();
            assert_eq!(connections, 0);
        }
    }

    #[test]
    fn the_page_on_the_file_tells_it_from_others_as_the_program_does() {
        let page = include_str!("../../docs/history-schema.md");
        assert!(page.contains(&format!("`PRAGMA application_id` is {APPLICATION_ID} ")));
    }

    #[test]
    fn databases_of_others_and_of_the_future_are_left_alone() {
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(create_or_migrate(&mut foreign), Err(SchemaError::Foreign)));
        let mut newer = Connection::open_in_memory().unwrap();
        create_or_migrate(&mut newer).unwrap();
        newer.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
        assert!(matches!(create_or_migrate(&mut newer), Err(SchemaError::Newer(_))));
    }

    #[test]
    fn the_view_reads_as_people_write_addresses() {
        let mut database = Connection::open_in_memory().unwrap();
        create_or_migrate(&mut database).unwrap();
        database
            .execute(
                "INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, place) \
                 VALUES (1764000000123, 0, 1500, 1, 0, 1, 3232235521, 443, ?1, 50000, -6)",
                [super::super::address_to_sql("2606:4700::1111".parse().unwrap())],
            )
            .unwrap();
        let row: (String, String, String, String) = database
            .query_row("SELECT opened, closed, local, peer FROM connections", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap();
        assert_eq!(row.0, "2025-11-24 16:00:00.123");
        assert_eq!(row.1, "2025-11-24 16:00:01.623");
        assert_eq!(row.2, "192.168.0.1");
        assert_eq!(
            row.3.parse::<std::net::IpAddr>().unwrap(),
            "2606:4700::1111".parse::<std::net::IpAddr>().unwrap()
        );
    }
}
