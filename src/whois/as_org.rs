//! Lines of CAIDA's as-org2info: two tables in one file, told apart by their `# format:` lines, which also name the
//! columns; or JSON objects, a line each. Owns what a line says and the form in which an index keeps it; joining the
//! tables is the asker's.

mod json;

pub use json::JsonLine;

use crate::geo::date::Date;

/// Which columns of a table are where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    Organisations { id: usize, changed: usize, name: usize, country: usize, source: usize, columns: usize },
    Systems { number: usize, changed: usize, name: usize, id: usize, source: usize, columns: usize },
}

/// The day out of `# program start time: 2026-07-01 00:00:00`, the one comment that tells of which day the data is.
pub fn date_in_comment(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?.strip_prefix('#')?.trim();
    let time = line.strip_prefix("program start time:")?.trim();
    Date::from_text(time.split(' ').next()?).map(|date| date.to_string())
}

/// A record of either table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    Organisation { id: &'a str, changed: &'a str, name: &'a str, country: &'a str, source: &'a str },
    System { number: u32, changed: &'a str, name: &'a str, id: &'a str, source: &'a str },
}

impl Table {
    /// Reads `# format:org_id|changed|...`, with or without blanks; `None` for any other line.
    pub fn from_format_line(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_prefix('#')?.trim();
        let names: Vec<_> = line.strip_prefix("format:")?.split('|').map(str::trim).collect();
        let at = |wanted: &str| names.iter().position(|name| *name == wanted);
        let columns = names.len();
        // A column that is not there reads as empty: its place is behind the last.
        let or_none = |wanted: &str| at(wanted).unwrap_or(columns);
        let (changed, source) = (or_none("changed"), or_none("source"));
        if let Some(number) = at("aut") {
            let (name, id) = (or_none("aut_name"), at("org_id")?);
            return Some(Self::Systems { number, changed, name, id, source, columns });
        }
        let (id, name, country) = (at("org_id")?, at("org_name").or_else(|| at("name"))?, or_none("country"));
        Some(Self::Organisations { id, changed, name, country, source, columns })
    }

    /// Reads a line of this table.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse<'a>(&self, line: &'a str) -> Result<Record<'a>, &'static str> {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let (&Self::Organisations { columns, .. } | &Self::Systems { columns, .. }) = self;
        if fields.len() != columns {
            return Err("not as many fields as its format line names");
        }
        let field = |i: usize| fields.get(i).copied().unwrap_or_default();
        let record = match *self {
            Self::Organisations { id, changed, name, country, source, .. } => Record::Organisation {
                id: field(id),
                changed: field(changed),
                name: field(name),
                country: field(country),
                source: field(source),
            },
            Self::Systems { number, changed, name, id, source, .. } => Record::System {
                number: field(number).parse().map_err(|_| "no AS number")?,
                changed: field(changed),
                name: field(name),
                id: field(id),
                source: field(source),
            },
        };
        match &record {
            Record::Organisation { id: "", .. } => Err("no organisation id"),
            _ => Ok(record),
        }
    }
}

impl<'a> Record<'a> {
    /// The form that an index keeps: the same columns whatever the file's were.
    pub fn to_text(&self) -> String {
        match self {
            Self::Organisation { id, changed, name, country, source } => {
                format!("o|{id}|{changed}|{name}|{country}|{source}")
            }
            Self::System { number, changed, name, id, source } => {
                format!("a|{number}|{changed}|{name}|{id}|{source}")
            }
        }
    }

    /// Reads the form that an index keeps.
    pub fn from_text(text: &'a str) -> Option<Self> {
        let mut fields = text.split('|');
        let mut next = || fields.next();
        match next()? {
            "o" => Some(Self::Organisation {
                id: next()?,
                changed: next()?,
                name: next()?,
                country: next()?,
                source: next()?,
            }),
            "a" => Some(Self::System {
                number: next()?.parse().ok()?,
                changed: next()?,
                name: next()?,
                id: next()?,
                source: next()?,
            }),
            _ => None,
        }
    }
}
