//! The detailed history: every connection of every agent, one row each, in SQLite. A thread of its own writes what the
//! enriching thread tells it; readers have connections of their own, which can change nothing. No window is known here.
//!
//! `docs/history-schema.md` describes the file for other programs.

mod address;
mod addresses;
mod aside;
mod batch;
mod dictionary;
mod ever;
mod lock;
mod overview;
mod passed_over;
mod player;
mod prune;
pub mod query;
mod reader;
mod row;
mod schema;
mod store;
mod sums;
mod unfinished;
mod waiting;
mod writer;

pub use address::{address_from_sql, address_to_sql};
pub use ever::Ever;
pub use lock::LockError;
pub use overview::{Choice, Counted, Opened, SpanSet};
pub use passed_over::PassedOver;
pub use player::Player;
pub use prune::Keep;
pub use reader::{ReadError, Recorded, open_for_reading, recorded_key};
pub use row::RowId;
pub use schema::{SCHEMA_VERSION, SchemaError, create_or_migrate};
pub use store::{Store, StoreError};
pub use writer::{Facts, HistoryThread, Order, Said, spawn};

/// Its name in the data folder.
pub const HISTORY_FILE: &str = "history.sqlite";

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod testing;

/// 2020-01-01: nothing was recorded before this program, and a machine that has just started without a battery may think
/// that it is 1970.
const EARLIEST_MS: i64 = 1_577_836_800_000;

/// Nothing was seen after it, whatever a clock that was ahead has left in the file. A machine that does not know the year
/// cannot say.
const fn present_ms(now_ms: i64) -> i64 {
    if now_ms < EARLIEST_MS { i64::MAX } else { now_ms }
}

/// The wall clock, for those who have a thread of their own; the others are told what time it is.
fn unix_millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
