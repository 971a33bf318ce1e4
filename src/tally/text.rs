//! The text of a tally, written and read. A file is taken whole or not at all, and what is wrong with it is told with its
//! line.

use std::{collections::HashSet, fmt::Write, sync::Arc};

use super::{Label, MOST_FILE_BYTES, MOST_ROWS, Spot, Tally};

/// What the first line begins with; the version follows.
const HEAD: &str = "# connmapperl history-places ";
const VERSION: &str = "1";
const COLUMNS: &str = "lat,lon,count,label";
/// Of what stood in a line, as much is shown.
const QUOTED_CHARS: usize = 32;

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TallyError {
    /// Counted from 1.
    pub line: usize,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("this is no history of places: it does not begin with `# connmapperl history-places`")]
    NotOurs,
    #[error("version `{0}` is not known here; this program reads version 1")]
    Version(String),
    #[error("`lat,lon,count,label` should stand here, and not `{0}`")]
    Columns(String),
    #[error("a byte here is not UTF-8")]
    NotUtf8,
    #[error("a row has four fields, and this one has {0}")]
    Fields(usize),
    #[error("the latitude is a number from -90 to 90, and not `{0}`")]
    Lat(String),
    #[error("the longitude is a number from -180 to 180, and not `{0}`")]
    Lon(String),
    #[error("the count is a whole number from 1 on, and not `{0}`")]
    Count(String),
    #[error("the label is text in double quotes, or nothing; `{0}` is neither")]
    Label(String),
    #[error("there are more than {MOST_ROWS} rows")]
    TooManyRows,
    #[error("the file is longer than {} MB", MOST_FILE_BYTES >> 20)]
    TooLong,
    #[error("the file was cut short: its last line, `# {0} rows`, is not there")]
    NoEnd(usize),
    #[error("the last line speaks of {said} rows, and there are {found}")]
    OtherCount { said: String, found: usize },
    #[error("nothing should stand after the last line, but `{0}` does")]
    AfterEnd(String),
}

impl Tally {
    /// The same counts always give the same text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}{VERSION}\n{COLUMNS}\n");
        for (spot, counts) in self.spots() {
            for (label, count) in counts {
                let (lat, lon) = (Degrees(spot.lat_millis), Degrees(spot.lon_millis));
                // Writing to a string does not fail.
                let _ = write!(text, "{lat},{lon},{count},");
                if let Some(label) = label {
                    text.push('"');
                    text.push_str(&label.replace('"', "\"\""));
                    text.push('"');
                }
                text.push('\n');
            }
        }
        let _ = writeln!(text, "# {} rows", self.rows);
        text
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// At the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TallyError> {
        let mut reading = Reading::default();
        if bytes.len() > MOST_FILE_BYTES {
            return Err(TallyError { line: 1, problem: Problem::TooLong });
        }
        // What comes after the last line break is a line only if there is something.
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
        let mut last = 0;
        for (line, content) in (1..).zip(lines) {
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            str::from_utf8(content)
                .map_err(|_| Problem::NotUtf8)
                .and_then(|content| reading.take(line, content))
                .map_err(|problem| TallyError { line, problem })?;
            last = line;
        }
        match reading.has_ended {
            true => Ok(reading.tally),
            false => Err(TallyError { line: last + 1, problem: Problem::NoEnd(reading.rows) }),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    tally: Tally,
    /// Rows of the file; some may be alike.
    rows: usize,
    labels: HashSet<Arc<str>>,
    has_ended: bool,
}

impl Reading {
    fn take(&mut self, line: usize, content: &str) -> Result<(), Problem> {
        match (line, content.strip_prefix("# ")) {
            (1, _) => match content.strip_prefix(HEAD) {
                Some(VERSION) => Ok(()),
                Some(other) => Err(Problem::Version(shown(other))),
                None => Err(Problem::NotOurs),
            },
            (2, _) if content == COLUMNS => Ok(()),
            (2, _) => Err(Problem::Columns(shown(content))),
            _ if self.has_ended => Err(Problem::AfterEnd(shown(content))),
            (_, Some(end)) => {
                let said = end.strip_suffix(" rows").ok_or(Problem::NoEnd(self.rows))?;
                self.has_ended = said.parse() == Ok(self.rows);
                let problem = || Problem::OtherCount { said: shown(said), found: self.rows };
                if self.has_ended { Ok(()) } else { Err(problem()) }
            }
            (_, None) => self.take_row(content),
        }
    }

    fn take_row(&mut self, content: &str) -> Result<(), Problem> {
        let fields: Vec<&str> = content.splitn(4, ',').collect();
        let [lat, lon, count, label] = fields[..]
            .try_into()
            .map_err(|_| Problem::Fields(if content.is_empty() { 0 } else { fields.len() }))?;
        let spot = Spot::from_degrees(
            degrees(lat, 90.0).ok_or_else(|| Problem::Lat(shown(lat)))?,
            degrees(lon, 180.0).ok_or_else(|| Problem::Lon(shown(lon)))?,
        );
        let count =
            count.parse().ok().filter(|count| *count > 0).ok_or_else(|| Problem::Count(shown(count)))?;
        let label = self.label(label)?;
        self.rows += 1;
        if self.rows > MOST_ROWS {
            return Err(Problem::TooManyRows);
        }
        self.tally.add(spot, label, count);
        Ok(())
    }

    /// The label of a field; labels that are alike are one in memory.
    fn label(&mut self, field: &str) -> Result<Label, Problem> {
        let bad = || Problem::Label(shown(field));
        if field.is_empty() {
            return Ok(None);
        }
        let inner = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(bad)?;
        let text = inner.replace("\"\"", "\u{0}");
        if text.contains('"') {
            return Err(bad());
        }
        let text = text.replace('\u{0}', "\"");
        if let Some(known) = self.labels.get(text.as_str()) {
            return Ok(Some(known.clone()));
        }
        let label: Arc<str> = text.into();
        self.labels.insert(label.clone());
        Ok(Some(label))
    }
}

fn degrees(text: &str, most: f64) -> Option<f64> {
    text.parse().ok().filter(|degrees: &f64| (-most..=most).contains(degrees))
}

/// The beginning of a text, without what would steer a terminal.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// Thousandths of a degree, as people write them.
struct Degrees(i32);

impl std::fmt::Display for Degrees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03}", millis / 1000, millis % 1000)
    }
}
