//! The country table: the codes and names of ISO 3166-1 with label points, from the map's shapes where it has them.

use std::{collections::HashMap, str::FromStr};

use anyhow::{Context, Result, bail};
use connmapperl::{
    model::CountryCode,
    world::{Country, GridPoint, UNITS_PER_DEGREE},
};

/// One a line; facts, not data of the map.
const CODES: &str = include_str!("countries.tsv");

/// `labels` holds alpha-3 code, name and label of each shape. Shapes without an ISO code keep the map's name.
pub fn table(labels: &[(String, String, GridPoint)]) -> Result<Vec<Country>> {
    let by_a3: HashMap<_, _> = labels.iter().map(|(a3, _, label)| (a3.as_str(), *label)).collect();
    let mut known = Vec::new();
    let mut countries = Vec::new();
    for line in CODES.lines().filter(|line| !line.starts_with('#')) {
        let (code, a3, name, fixed) = match line.split('\t').collect::<Vec<_>>()[..] {
            [code, a3, name] => (code, a3, name, None),
            [code, a3, name, lon, lat] => (code, a3, name, Some([grid(lon)?, grid(lat)?])),
            _ => bail!("not a row of the country table: {line}"),
        };
        let label = by_a3.get(a3).copied().or(fixed);
        let label = label.with_context(|| format!("{name} has neither a shape nor a label point"))?;
        countries.push(Country::new(CountryCode::from_text(code), name.to_owned(), label));
        known.push(a3);
    }
    let without_code = labels.iter().filter(|(a3, ..)| !known.contains(&a3.as_str()));
    countries.extend(without_code.map(|(_, name, label)| Country::new(None, name.clone(), *label)));
    Ok(countries)
}

fn grid(degrees: &str) -> Result<i32> {
    Ok((f64::from_str(degrees)? * f64::from(UNITS_PER_DEGREE)).round() as i32)
}
