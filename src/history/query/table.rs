//! The answer to a question: a million rows in one piece of memory, each cell as small as it can be. Rows are told by
//! their number; the order in which they are shown is for whoever shows them.

use std::{borrow::Cow, cmp::Ordering, fmt};

use rusqlite::types::ValueRef;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Cell<'_> {
    /// SQLite's own order: nothing, numbers, texts, bytes.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Blob(a), Self::Blob(b)) => a.cmp(b),
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            (Self::Integer(a), Self::Real(b)) => compare_exactly(*a, *b),
            (Self::Real(a), Self::Integer(b)) => compare_exactly(*b, *a).reverse(),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    pub const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Integer(_) | Self::Real(_) => 1,
            Self::Text(_) => 2,
            Self::Blob(_) => 3,
        }
    }
}

/// Without rounding the integer: beyond 2^53 that would put rows into no order at all.
fn compare_exactly(integer: i64, real: f64) -> Ordering {
    // As i64 it is cut towards zero, and at the ends of its range where it is beyond.
    let whole = real as i64;
    let fraction = real - whole as f64;
    integer.cmp(&whole).then_with(|| 0.0.partial_cmp(&fraction).unwrap_or(Ordering::Equal))
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Integer(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Blob(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<String>,
    /// Where each row begins.
    starts: Vec<u32>,
    bytes: Vec<u8>,
    /// There was more than fits.
    pub is_cut: bool,
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;

impl Table {
    pub fn new(columns: Vec<String>) -> Self {
        Self { columns, starts: vec![0], ..Self::default() }
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of memory.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<u32>()
    }

    /// Appends a cell to the row that is being made.
    pub fn push(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.bytes.push(NULL),
            ValueRef::Integer(number) => self.push_cell(INTEGER, &number.to_le_bytes(), false),
            ValueRef::Real(number) => self.push_cell(REAL, &number.to_le_bytes(), false),
            ValueRef::Text(text) => self.push_cell(TEXT, String::from_utf8_lossy(text).as_bytes(), true),
            ValueRef::Blob(bytes) => self.push_cell(BLOB, bytes, true),
        }
    }

    fn push_cell(&mut self, tag: u8, bytes: &[u8], with_length: bool) {
        self.bytes.push(tag);
        if with_length {
            // No cell is longer than the question's limit of a megabyte.
            self.bytes.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The row is whole.
    pub fn end_row(&mut self) {
        self.starts.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// The cells of a row, in the order of the columns; none where there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        let range = match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        };
        Cells(self.bytes.get(range).unwrap_or_default())
    }

    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.row(row).nth(column).unwrap_or(Cell::Null)
    }

    /// Numbers of the rows in the order of a column.
    pub fn sorted_by(&self, column: usize, descending: bool) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.len()).filter_map(|row| u32::try_from(row).ok()).collect();
        rows.sort_by(|a, b| {
            let order = self.cell(*a as usize, column).compare(&self.cell(*b as usize, column));
            if descending { order.reverse() } else { order }
        });
        rows
    }

    /// As CSV (RFC 4180), with the names of the columns first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_csv(&self, out: impl std::io::Write) -> csv::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(&self.columns)?;
        for row in 0..self.len() {
            csv.write_record(self.row(row).map(|cell| cell.to_string()))?;
        }
        csv.flush()?;
        Ok(())
    }

    /// As a JSON array, one object a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, mut out: impl std::io::Write) -> std::io::Result<()> {
        let names = self.names_apart();
        writeln!(out, "[")?;
        for row in 0..self.len() {
            // By hand: in the order of the columns.
            write!(out, "{{")?;
            for (index, (name, cell)) in names.iter().zip(self.row(row)).enumerate() {
                let comma = if index > 0 { "," } else { "" };
                write!(out, "{comma}{}:{}", serde_json::Value::from(name.as_str()), json(cell))?;
            }
            writeln!(out, "}}{}", if row + 1 < self.len() { "," } else { "" })?;
        }
        writeln!(out, "]")
    }

    /// Names of the columns; of those that are called the same, the later ones with a number.
    fn names_apart(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let numbered = (2..).map(|number| format!("{column}_{number}"));
            let mut tried = std::iter::once(column.clone()).chain(numbered);
            names.extend(tried.find(|name| !names.contains(name)));
        }
        names
    }
}

fn json(cell: Cell<'_>) -> serde_json::Value {
    match cell {
        Cell::Null => serde_json::Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Blob(_) => cell.to_string().into(),
    }
}

struct Cells<'a>(&'a [u8]);

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let (tag, rest) = self.0.split_first()?;
        if *tag == NULL {
            self.0 = rest;
            return Some(Cell::Null);
        }
        if matches!(*tag, INTEGER | REAL) {
            let (number, rest) = rest.split_first_chunk::<8>()?;
            self.0 = rest;
            let integer = i64::from_le_bytes(*number);
            return Some(if *tag == INTEGER {
                Cell::Integer(integer)
            } else {
                Cell::Real(f64::from_le_bytes(*number))
            });
        }
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some(if *tag == TEXT {
            Cell::Text(std::str::from_utf8(bytes).unwrap_or_default())
        } else {
            Cell::Blob(bytes)
        })
    }
}

/// Text for people: no more digits than a number means.
pub fn shown(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Real(number) if number.abs() < 1e9 => {
            let text = format!("{number:.3}");
            Cow::Owned(text.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        cell => Cow::Owned(cell.to_string()),
    }
}
