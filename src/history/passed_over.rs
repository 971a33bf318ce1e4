//! Rows that the program did not write: what stands in them is out of range, and the map has nothing to show for it. A
//! reader passes them over, plays all others, and can say how many there were and why.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use rusqlite::{Row, types::ValueRef};

use super::row::RowId;

/// Rows told from each other, so that one that is read again is counted once. Of more it is said that there are more.
const MOST_REMEMBERED: usize = 65_536;

/// What is wrong, by the number of the column within [`super::reader::COLUMNS`].
const WORDS: [&str; 17] = [
    "time of opening out of range",
    "number within its millisecond out of range",
    "duration out of range",
    "agent out of range",
    "protocol out of range",
    "direction out of range",
    "local address is none",
    "local port out of range",
    "peer's address is none",
    "peer's port out of range",
    "program out of range",
    "rule out of range",
    "place out of range",
    "AS number out of range",
    "bytes sent out of range",
    "bytes received out of range",
    "round-trip time out of range",
];

/// The rows that a reader has passed over. Shown, it is one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    rows: HashSet<RowId>,
    by_reason: BTreeMap<&'static str, usize>,
}

impl PassedOver {
    /// How many, as far as they are told from each other.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn note(&mut self, id: RowId, odd: Odd) {
        if self.rows.len() < MOST_REMEMBERED && self.rows.insert(id) {
            *self.by_reason.entry(odd.words()).or_default() += 1;
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.len();
        let rows = if count == 1 { "row" } else { "rows" };
        let more = if count == MOST_REMEMBERED { " or more" } else { "" };
        write!(f, "{count} {rows}{more} passed over")?;
        for (index, (reason, count)) in self.by_reason.iter().enumerate() {
            write!(f, "{}{reason}", if index == 0 { ": " } else { ", " })?;
            if self.by_reason.len() > 1 {
                write!(f, " ({count})")?;
            }
        }
        Ok(())
    }
}

/// A column in which stands what the program does not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odd(pub(super) usize);

impl Odd {
    fn words(self) -> &'static str {
        WORDS.get(self.0).copied().unwrap_or("out of range")
    }
}

/// Why a row is not read.
#[derive(Debug)]
pub(super) enum Unread {
    Odd(Odd),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Unread {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The number in a column; `None` where there is nothing.
pub(super) fn number_if_any<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> Result<Option<T>, Unread> {
    let odd = Unread::Odd(Odd(column));
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => T::try_from(number).map(Some).map_err(|_| odd),
        _ => Err(odd),
    }
}

/// The number in a column that always holds one.
pub(super) fn number<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> Result<T, Unread> {
    number_if_any(row, column)?.ok_or(Unread::Odd(Odd(column)))
}

/// The same, below a limit.
pub(super) fn number_below(row: &Row<'_>, column: usize, limit: i64) -> Result<i64, Unread> {
    number(row, column).and_then(|number: i64| match (0..limit).contains(&number) {
        true => Ok(number),
        false => Err(Unread::Odd(Odd(column))),
    })
}

#[cfg(test)]
#[path = "passed_over_tests.rs"]
mod tests;
