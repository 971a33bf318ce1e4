//! The past from afar: who was there, when something was recorded, how many connections opened when, and what a stretch
//! of time holds. Adds to the [`Player`]'s connection what it knows from the sums, so that years take no longer than they
//! must; what is not summed up yet is read row by row.

mod chosen;
mod density;
mod near;
mod span_set;

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row};

use super::{Player, present_ms, reader::Text, store::SEEN_MS};
use crate::model::AgentId;
pub use chosen::Choice;
pub use density::Opened;
pub use span_set::{Counted, SpanSet};

impl Player {
    /// Agents by the number that their connections bear, with their names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn agents(&self) -> rusqlite::Result<Vec<(AgentId, Arc<str>)>> {
        let mut agents = self.database.prepare_cached("SELECT id, name FROM agent ORDER BY id")?;
        let agents = agents.query_map([], |row| {
            let Text(name) = row.get(1)?;
            Ok((recorded_agent(row.get(0)?), name))
        })?;
        agents.collect()
    }

    /// The last moment before another at which something opened.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_ms(&self, before_ms: i64) -> rusqlite::Result<Option<i64>> {
        let last = "SELECT opened_ms FROM connection WHERE opened_ms >= 0 AND opened_ms < ?1 \
                    ORDER BY opened_ms DESC LIMIT 1";
        self.database.prepare_cached(last)?.query_row([before_ms], |row| row.get(0)).optional()
    }

    /// When something was recorded between two moments, as of now: as `(from_ms, to_ms)`, in order and apart.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn recordings(&self, from_ms: i64, to_ms: i64, now_ms: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
        let statement = format!(
            "SELECT started_ms, {SEEN_MS} FROM recording WHERE started_ms <= ?3 AND seen_ms >= ?2 ORDER BY started_ms"
        );
        let mut statement = self.database.prepare_cached(&statement)?;
        let mut rows = statement.query([present_ms(now_ms), from_ms, to_ms])?;
        let mut found: Vec<(i64, i64)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (from, to) = (i64::max(row.get(0)?, from_ms), i64::min(row.get(1)?, to_ms));
            if to < from {
                continue;
            }
            match found.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => found.push((from, to)),
            }
        }
        Ok(found)
    }

    fn label(&mut self, rule: i64) -> rusqlite::Result<Option<Arc<str>>> {
        if rule == 0 {
            return Ok(None);
        }
        self.texts.rule(&self.database, rule).map(Some)
    }
}

/// The first columns of a row; `None` where one of them is no number, as in a table that another program made.
fn numbers<const N: usize>(row: &Row<'_>) -> rusqlite::Result<Option<[i64; N]>> {
    let mut numbers = [0; N];
    for (column, number) in numbers.iter_mut().enumerate() {
        let Ok(found) = row.get_ref(column)?.as_i64() else {
            return Ok(None);
        };
        *number = found;
    }
    Ok(Some(numbers))
}

/// How many connections a sum tells of.
fn count_of(opened: i64) -> u64 {
    u64::try_from(opened).unwrap_or(0)
}

fn recorded_agent(id: i64) -> AgentId {
    AgentId(u32::try_from(id).unwrap_or(0) | AgentId::RECORDED)
}

#[cfg(test)]
mod tests;
