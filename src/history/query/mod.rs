//! Questions to the history in SQL, which can hurt nothing: they read, take no longer and no more than they may, and end
//! when they are told to. What becomes of the answer, a table, a file or dots on the map, is for others.

mod catalogue;
mod functions;
mod plot;
mod sandbox;
mod shipped;
mod table;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;

pub use catalogue::{View, views};
pub use functions::HELP as FUNCTIONS_HELP;
pub use plot::{Plotted, points};
pub use shipped::{SHIPPED, ShippedQuery};
pub use table::{Cell, Table, shown};

use super::{
    reader::{ReadError, open_for_reading},
    unix_millis,
};
use crate::geo::Geography;

/// What a query may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    pub rows: usize,
    /// Of the answer, in memory.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), rows: 1_000_000, bytes: 256 << 20 }
    }
}

/// How far a query is, and the way to end it; shared with whoever waits for it.
#[derive(Debug, Default)]
pub struct Progress {
    pub rows: AtomicU64,
    pub cancelled: AtomicBool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Where the text is wrong: line and column, from 1.
    #[error("line {line}, column {column}: {message}")]
    Text { line: usize, column: usize, message: String },
    #[error("{0}")]
    Refused(String),
    #[error("cancelled")]
    Cancelled,
    #[error("it took longer than {} s; a narrower question or a higher limit will do", .0.as_secs_f64())]
    TooLong(Duration),
    #[error("{0}")]
    Sqlite(String),
}

/// Asks the history at `path`.
///
/// # Errors
/// When there is no history, the text is no question that may be asked, or it takes too long.
pub fn ask(
    path: &Path,
    geography: Arc<Geography>,
    sql: &str,
    limits: Limits,
    progress: &Arc<Progress>,
) -> Result<Table, QueryError> {
    let mut database = open_for_reading(path)?;
    let began = Instant::now();
    let prepared = sandbox::close(&mut database, limits, progress, began)
        .and_then(|()| functions::add(&database, geography, unix_millis()));
    prepared.map_err(|error| QueryError::Sqlite(error.to_string()))?;
    let answer = read(&database, sql, limits, progress);
    answer.map_err(|error| explain(error, sql, limits, progress, began))
}

fn read(database: &Connection, sql: &str, limits: Limits, progress: &Progress) -> rusqlite::Result<Table> {
    // One statement alone: what comes after it would be passed over in silence.
    let mut statement = database.prepare(sql)?;
    let mut table = Table::new(statement.column_names().map(str::to_owned).collect());
    let columns = table.columns().len();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if table.len() >= limits.rows || table.bytes() >= limits.bytes {
            table.is_cut = true;
            break;
        }
        for column in 0..columns {
            table.push(row.get_ref(column)?);
        }
        table.end_row();
        progress.rows.store(table.len() as u64, Ordering::Relaxed);
    }
    Ok(table)
}

fn explain(
    error: rusqlite::Error,
    sql: &str,
    limits: Limits,
    progress: &Progress,
    began: Instant,
) -> QueryError {
    use rusqlite::{Error, ErrorCode};
    if progress.cancelled.load(Ordering::Relaxed) {
        return QueryError::Cancelled;
    }
    match &error {
        Error::SqlInputError { msg, offset, .. } => {
            let (line, column) = place_of(sql, usize::try_from(*offset).unwrap_or(0));
            QueryError::Text { line, column, message: msg.clone() }
        }
        Error::MultipleStatement => {
            QueryError::Refused("one question at a time: there is more after the first semicolon".to_owned())
        }
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) if began.elapsed() >= limits.time => {
                QueryError::TooLong(limits.time)
            }
            Some(ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly) => {
                QueryError::Refused(format!("a question reads, and changes nothing ({error})"))
            }
            _ => QueryError::Sqlite(error.to_string()),
        },
    }
}

/// Line and column, both from 1, of a byte of the text.
fn place_of(sql: &str, offset: usize) -> (usize, usize) {
    let before = sql.get(..offset).unwrap_or(sql);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
