//! Fewer places: cities are merged into the busiest one nearby, so that a place id fits into two bytes. A city goes
//! to the nearest place of its own country that is already kept, so the country stays exact.

use std::collections::HashMap;

use connmapperl::model::CountryCode;

use crate::{geo_ranges::Range, geo_source::City};

/// Mean radius of the earth.
const EARTH_KM: f64 = 6371.0;
/// Degrees of a grid cell, in which kept places are looked for.
const CELL_DEGREES: f64 = 0.25;

/// How busy each city is: the number of IPv4 /24s and, far less, of IPv6 /48s that it has. No single range counts for
/// more than a /16 or a /32, so that one giant block does not make its registered seat the centre of a region.
pub fn weights(city_count: usize, ipv4: &[Range], ipv6: &[Range]) -> Vec<f64> {
    const IPV4_RANGE_CAP: f64 = 256.0;
    const IPV6_RANGE_CAP: f64 = 65_536.0;
    const IPV6_WEIGHT: f64 = 0.001;
    let mut weights = vec![0.0; city_count];
    let size = |range: &Range| (range.last - range.first) as f64 + 1.0;
    for range in ipv4 {
        weights[range.id as usize - 1] += (size(range) / 256.0).min(IPV4_RANGE_CAP);
    }
    for range in ipv6 {
        let networks = (size(range) / (1_u128 << 80) as f64).min(IPV6_RANGE_CAP);
        weights[range.id as usize - 1] += networks * IPV6_WEIGHT;
    }
    weights
}

/// For each city the index of the city it becomes, possibly its own.
pub fn snapped(cities: &[City], weights: &[f64], radius_km: f64) -> Vec<usize> {
    let mut busiest_first: Vec<usize> = (0..cities.len()).collect();
    busiest_first.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
    let mut kept: HashMap<(CountryCode, i32, i32), Vec<usize>> = HashMap::new();
    let mut becomes: Vec<usize> = (0..cities.len()).collect();
    for index in busiest_first {
        let city = &cities[index];
        let near = cells_within(city, radius_km).filter_map(|cell| kept.get(&cell)).flatten();
        let distances = near.map(|&other| (distance_km(city.lat_lon(), cities[other].lat_lon()), other));
        let nearest = distances.filter(|near| near.0 <= radius_km).min_by(|a, b| a.0.total_cmp(&b.0));
        match nearest {
            Some((_, other)) => becomes[index] = other,
            None => kept.entry(cell(city.country, city.lat_lon())).or_default().push(index),
        }
    }
    becomes
}

fn cell(country: CountryCode, (lat, lon): (f64, f64)) -> (CountryCode, i32, i32) {
    (country, (lat / CELL_DEGREES).floor() as i32, (lon / CELL_DEGREES).floor() as i32)
}

/// All cells that may hold a place within `radius_km` of the city, across the antimeridian too.
fn cells_within(city: &City, radius_km: f64) -> impl Iterator<Item = (CountryCode, i32, i32)> {
    const CELLS_AROUND: i32 = (360.0 / CELL_DEGREES) as i32;
    let country = city.country;
    let (_, row, column) = cell(country, city.lat_lon());
    let cell_km = CELL_DEGREES.to_radians() * EARTH_KM;
    let rows = (radius_km / cell_km).ceil() as i32;
    let narrowest = city.lat_lon().0.abs().min(89.0).to_radians().cos() * 0.9;
    let columns = ((radius_km / cell_km / narrowest).ceil() as i32).min(CELLS_AROUND / 2);
    (row - rows..=row + rows).flat_map(move |row| {
        (column - columns..=column + columns).map(move |column| {
            let half = CELLS_AROUND / 2;
            (country, row, (column + half).rem_euclid(CELLS_AROUND) - half)
        })
    })
}

/// Great-circle distance between points in degrees north and east (haversine formula).
pub fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half_sin_squared = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let h = half_sin_squared(a.0, b.0)
        + a.0.to_radians().cos() * b.0.to_radians().cos() * half_sin_squared(a.1, b.1);
    2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(country: &str, lat_e2: i16, lon_e2: i16) -> City {
        let country = CountryCode::from_text(country).unwrap();
        City { country, region: String::new(), name: String::new(), lat_e2, lon_e2 }
    }

    #[test]
    fn cities_go_to_the_busiest_nearby_in_their_country() {
        // Basel, its suburb Riehen, Lörrach across the border, and Zürich.
        let cities =
            [city("CH", 4756, 759), city("CH", 4758, 765), city("DE", 4762, 766), city("CH", 4738, 854)];
        assert_eq!(snapped(&cities, &[9.0, 1.0, 2.0, 8.0], 10.0), [0, 0, 2, 3]);
    }

    #[test]
    fn neighbours_across_the_antimeridian_are_near() {
        let cities = [city("FJ", -1680, 17999), city("FJ", -1680, -17998)];
        assert_eq!(snapped(&cities, &[1.0, 2.0], 10.0), [1, 1]);
    }

    #[test]
    fn distances_are_on_the_sphere() {
        let berlin_paris = distance_km((52.52, 13.405), (48.8566, 2.3522));
        assert!((berlin_paris - 877.5).abs() < 2.0, "{berlin_paris}");
    }
}
