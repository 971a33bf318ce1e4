//! Where the rows of an answer lie on the map: by their columns of latitude and longitude, or by an address in them.

use std::net::IpAddr;

use super::{Cell, Table};
use crate::geo::Geography;

/// Rows on the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plotted {
    /// Row, degrees north, degrees east; in the order of the rows.
    pub points: Vec<(u32, f32, f32)>,
    /// Row, and the address in it; in the order of the rows.
    pub addresses: Vec<(u32, IpAddr)>,
    /// Rows without a place.
    pub without_place: usize,
}

/// The places of all rows; `None` where no column says where anything is.
pub fn points(table: &Table, geography: &Geography) -> Option<Plotted> {
    let column = |names: &[&str]| {
        table.columns().iter().position(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    let lat_lon = column(&["lat", "latitude"]).zip(column(&["lon", "lng", "longitude"]));
    let address = address_column(table);
    if lat_lon.is_none() && address.is_none() {
        return None;
    }
    let mut plotted = Plotted::default();
    for (row, number) in (0..table.len()).zip(0_u32..) {
        let by_columns = lat_lon.and_then(|(lat, lon)| {
            let (lat, lon) = (table.cell(row, lat).as_f64()? as f32, table.cell(row, lon).as_f64()? as f32);
            (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some((lat, lon))
        });
        let found = address.and_then(|column| address_of(table.cell(row, column)));
        plotted.addresses.extend(found.map(|address| (number, address)));
        let by_address = || {
            let place = geography.locate(found?).ok()?;
            Some((place.lat, place.lon))
        };
        match by_columns.or_else(by_address) {
            Some((lat, lon)) => plotted.points.push((number, lat, lon)),
            None => plotted.without_place += 1,
        }
    }
    Some(plotted)
}

/// Rows that are looked at to find out which column holds addresses.
const ROWS_TRIED: usize = 100;

fn address_column(table: &Table) -> Option<usize> {
    let holds_address = |column: usize| {
        (0..table.len().min(ROWS_TRIED)).any(|row| address_of(table.cell(row, column)).is_some())
    };
    let named = table
        .columns()
        .iter()
        .position(|name| ["peer", "ip", "address"].contains(&name.to_lowercase().as_str()));
    named
        .filter(|column| holds_address(*column))
        .or_else(|| (0..table.columns().len()).find(|column| holds_address(*column)))
}

fn address_of(cell: Cell<'_>) -> Option<IpAddr> {
    match cell {
        Cell::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
