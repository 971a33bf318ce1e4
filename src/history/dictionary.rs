//! Texts that many rows share, kept once: agents, programs, rules, places, organisations. Remembers the numbers of those
//! that were in use lately, so that the tables are asked for the others alone.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, Params, params};

use crate::{
    id_map::ForeignMap,
    model::{Asn, NoPlace, Place},
};

/// Numbers remembered of each kind: some megabytes, and more than a day's places of a busy server.
const MOST_REMEMBERED: usize = 65_536;

#[derive(Default)]
pub struct Dictionaries {
    agents: HashMap<Arc<str>, i64>,
    programs: HashMap<Arc<str>, i64>,
    rules: HashMap<Arc<str>, i64>,
    /// By the bits of their degrees; few have those of another.
    places: ForeignMap<u64, Vec<(Place, i64)>>,
    organisations: ForeignMap<u32, Arc<str>>,
}

impl Dictionaries {
    pub fn agent(&mut self, database: &Connection, name: &Arc<str>) -> rusqlite::Result<i64> {
        text_id(
            database,
            &mut self.agents,
            name,
            ["SELECT id FROM agent WHERE name = ?1", "INSERT INTO agent (name) VALUES (?1)"],
        )
    }

    /// From now on the agent is called so, in all its rows; where another one was called so before, what comes from now
    /// on is that one's. Returns its number.
    pub fn rename_agent(
        &mut self,
        database: &Connection,
        agent: i64,
        name: &Arc<str>,
    ) -> rusqlite::Result<i64> {
        self.agents.retain(|_, known| *known != agent);
        database
            .prepare_cached("UPDATE OR IGNORE agent SET name = ?2 WHERE id = ?1")?
            .execute(params![agent, name])?;
        self.agent(database, name)
    }

    pub fn program(&mut self, database: &Connection, name: &Arc<str>) -> rusqlite::Result<i64> {
        let statements = ["SELECT id FROM program WHERE name = ?1", "INSERT INTO program (name) VALUES (?1)"];
        text_id(database, &mut self.programs, name, statements)
    }

    pub fn rule(&mut self, database: &Connection, label: &Arc<str>) -> rusqlite::Result<i64> {
        text_id(
            database,
            &mut self.rules,
            label,
            ["SELECT id FROM rule WHERE label = ?1", "INSERT INTO rule (label) VALUES (?1)"],
        )
    }

    /// Below 0 where there is none: why.
    pub fn place(&mut self, database: &Connection, place: &Result<Place, NoPlace>) -> rusqlite::Result<i64> {
        let place = match place {
            Ok(place) => place,
            Err(reason) => return Ok(number_of_reason(*reason)),
        };
        let degrees = u64::from(place.lat.to_bits()) << 32 | u64::from(place.lon.to_bits());
        let known =
            self.places.get(&degrees).and_then(|there| there.iter().find(|(it, _)| is_same(it, place)));
        if let Some((_, id)) = known {
            return Ok(*id);
        }
        let country = place.country.as_ref().map_or("", |country| country.as_str());
        let values = params![place.lat, place.lon, place.city, place.region, country];
        let id = id(
            database,
            values,
            [
                "SELECT id FROM place WHERE (lat, lon, city, region, country) = (?1, ?2, ?3, ?4, ?5)",
                "INSERT INTO place (lat, lon, city, region, country) VALUES (?1, ?2, ?3, ?4, ?5)",
            ],
        )?;
        make_room(&mut self.places);
        self.places.entry(degrees).or_default().push((place.clone(), id));
        Ok(id)
    }

    /// Sees to it that the system's name is known as it is called today.
    pub fn system(&mut self, database: &Connection, asn: &Asn) -> rusqlite::Result<()> {
        if self.organisations.get(&asn.number).is_some_and(|known| *known == asn.organisation) {
            return Ok(());
        }
        let statement = "INSERT INTO asn (number, organisation) VALUES (?1, ?2) \
                         ON CONFLICT (number) DO UPDATE SET organisation = excluded.organisation";
        database.prepare_cached(statement)?.execute(params![asn.number, asn.organisation])?;
        make_room(&mut self.organisations);
        self.organisations.insert(asn.number, asn.organisation.clone());
        Ok(())
    }

    /// After something was taken back, the numbers given meanwhile mean nothing.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

fn text_id(
    database: &Connection,
    known: &mut HashMap<Arc<str>, i64>,
    text: &Arc<str>,
    statements: [&str; 2],
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(text) {
        return Ok(*id);
    }
    let id = id(database, [text], statements)?;
    make_room(known);
    known.insert(text.clone(), id);
    Ok(id)
}

/// Its degrees are the same to the bit. Texts that the tables of places share are not compared.
fn is_same(one: &Place, other: &Place) -> bool {
    let same = |one: &Arc<str>, other: &Arc<str>| Arc::ptr_eq(one, other) || one == other;
    one.country == other.country && same(&one.city, &other.city) && same(&one.region, &other.region)
}

fn make_room<K, V, S>(known: &mut HashMap<K, V, S>) {
    if known.len() >= MOST_REMEMBERED {
        known.clear();
    }
}

/// Looks for a row, and makes it where there is none.
fn id(database: &Connection, values: impl Params + Clone, [find, make]: [&str; 2]) -> rusqlite::Result<i64> {
    let found = database.prepare_cached(find)?.query_row(values.clone(), |row| row.get(0)).optional()?;
    match found {
        Some(id) => Ok(id),
        None => database.prepare_cached(make)?.insert(values),
    }
}

const fn number_of_reason(reason: NoPlace) -> i64 {
    -1 - reason as i64
}

/// Why a row has no place, from its number below 0.
pub fn reason_from_number(number: i64) -> Option<NoPlace> {
    let index = usize::try_from(-1 - number).ok()?;
    NoPlace::ALL.get(index).copied()
}
