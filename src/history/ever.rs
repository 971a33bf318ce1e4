//! What there ever was in the recording: countries and autonomous systems, from the tables that keep each once. What was
//! pruned counts too.

use super::Player;
use crate::model::CountryCode;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ever {
    pub countries: Vec<CountryCode>,
    pub systems: Vec<u32>,
}

impl Player {
    /// # Errors
    /// When the file cannot be read.
    pub fn ever(&self) -> rusqlite::Result<Ever> {
        let mut countries = self.database.prepare_cached("SELECT DISTINCT country FROM place")?;
        let countries = countries.query_map([], |row| row.get::<_, String>(0))?;
        let countries = countries.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut systems = self.database.prepare_cached("SELECT number FROM asn")?;
        let systems =
            systems.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Ever {
            countries: countries.iter().filter_map(|code| CountryCode::from_text(code)).collect(),
            systems: systems.into_iter().filter_map(|number| u32::try_from(number).ok()).collect(),
        })
    }
}
