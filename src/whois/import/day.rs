//! Of which day the data of a file is: as its first lines say, else as its name says, else that on which the file was last
//! written. A day to come is nobody's: it is not believed, and that is said.

use super::Head;
use crate::{geo::date::Date, whois::delegated::iso_date};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// `YYYY-MM-DD`
    pub date: Option<String>,
    /// See [`crate::whois::index::Meta::is_own_date`].
    pub is_own: bool,
    /// The data itself says it, and not the name of its file alone.
    pub is_inside: bool,
    /// What was not believed, a sentence each.
    pub doubts: Vec<String>,
}

impl Day {
    /// The day of a file with these first lines, of this name (`20260401.as-org2info.txt.gz`), last written on `modified`.
    pub fn of(head: &Head, name: &str, modified: Option<String>, today: Date) -> Self {
        let mut doubts = Vec::new();
        let mut believed = |date: Option<String>, says: &str| {
            let date = date?;
            if is_to_come(&date, today) {
                doubts.push(format!("{says} {date}, a day to come, which is not believed"));
                return None;
            }
            Some(date)
        };
        let inside = believed(head.date.clone(), "its first lines say that it is of");
        let in_name = name.split(|c: char| !c.is_ascii_digit()).find_map(iso_date);
        let own = inside.clone().or_else(|| believed(in_name, "its name says that it is of"));
        let (is_own, is_inside) = (own.is_some(), inside.is_some());
        let date = own.or_else(|| believed(modified, "it was last written on"));
        Self { date, is_own, is_inside, doubts }
    }
}

/// Whether a day (`YYYY-MM-DD`) has not begun anywhere: the east of the world has tomorrow's already.
pub fn is_to_come(date: &str, today: Date) -> bool {
    Date::from_text(date).is_some_and(|date| date > today.next())
}
