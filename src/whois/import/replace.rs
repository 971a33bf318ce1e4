//! Whether what was read is whole, and may take the place of what is kept under its name. What is kept is worth more than
//! a file that has lost some or is another registry's: that is refused, unless whoever imports it says that it is meant.

use std::path::Path;

use super::{Day, is_to_come, read::Reading};
use crate::{
    geo::date::Date,
    whois::{error::WhoisError, index::Meta},
};

/// Of so many records one may be of no use: its maker's slip hides none of the others.
const RECORDS_FOR_A_SLIP: u64 = 100;
/// Sources grow and shrink by some parts of a hundred between two imports; one that has been divided by more than this is
/// cut off, or is of something else.
const MOST_SHRUNK: u64 = 2;
/// What has fewer records than this is somebody's own, and may become what they make of it.
const LEAST_COMPARED: u64 = 100;

/// What is to be replaced by what.
pub struct Place<'a> {
    pub name: &'a str,
    /// Of the file, as it is told.
    pub path: &'a Path,
    /// Of what was read.
    pub day: &'a Day,
    pub today: Date,
    /// See [`super::Order::is_fallback`].
    pub is_fallback: bool,
}

impl Place<'_> {
    /// The day of what is kept, where this is older. A copy may be of any day after that of its data, so the day of the file
    /// that is kept tells nothing of a day that the data tells.
    fn is_older_than<'a>(&self, old: &'a Meta) -> Option<(&str, &'a str)> {
        let kept = old.date.as_deref().filter(|kept| !is_to_come(kept, self.today))?;
        let date = self.day.date.as_deref()?;
        (date < kept && (old.is_own_date || !self.day.is_own)).then_some((date, kept))
    }
}

/// # Errors
/// What of the file is missing, or whose its place is.
pub fn check(read: &Reading, place: &Place, old: Option<&Meta>) -> Result<(), WhoisError> {
    let (path, name) = (|| place.path.to_owned(), || place.name.to_owned());
    let records = read.progress.records;
    let found = records + read.rejects.count;
    let announced = read.announced.unwrap_or_default();
    if found < announced {
        return Err(WhoisError::Incomplete { path: path(), found, told: announced });
    }
    if let Some(problem) = read.cut {
        return Err(WhoisError::Cut { path: path(), problem });
    }
    if let Some((other, count)) = &read.mostly_of {
        let (registry, other, count) = (read.registry.clone(), other.clone(), *count);
        return Err(WhoisError::Mislabelled { path: path(), registry, other, count, records });
    }
    let Some(old) = old else { return Ok(()) };
    if [&read.registry, &old.registry].iter().all(|name| !name.is_empty()) && read.registry != old.registry {
        let of = |registry: &str| format!("{} of {registry}", old.kind.label());
        let (kind, kept) = (of(&read.registry), of(&old.registry));
        return Err(WhoisError::OtherRegistry { path: path(), name: name(), kind, kept });
    }
    if place.is_fallback
        && let Some((date, kept)) = place.is_older_than(old)
    {
        let (date, kept) = (date.to_owned(), kept.to_owned());
        return Err(WhoisError::Older { path: path(), date, name: name(), kept });
    }
    if old.has_header && !read.has_header {
        let problem = "it has no header, and what is kept has one";
        return Err(WhoisError::Cut { path: path(), problem });
    }
    if records < old.records && read.rejects.count > found / RECORDS_FOR_A_SLIP {
        let first = read.rejects.first().unwrap_or_default();
        return Err(WhoisError::Spoilt { path: path(), records, found, kept: old.records, first });
    }
    if old.records >= LEAST_COMPARED && records.saturating_mul(MOST_SHRUNK) < old.records {
        return Err(WhoisError::FarFewer { path: path(), records, name: name(), kept: old.records });
    }
    Ok(())
}
