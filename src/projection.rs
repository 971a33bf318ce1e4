//! Spherical Mercator, the one projection of the map art, the dots and the picking. Pure sums on the CPU; the twin
//! that the GPU runs is `assets/shaders/projection.wgsl`. Windows, zoom and pixels are not known here.
//!
//! Map units: the world is one unit wide. `x = lon / 360` runs from -0.5 (180 W) to 0.5 (180 E), and
//! `y = ln(tan(pi/4 + lat/2)) / (2 pi)` runs up, north positive, as Bevy's world axes do.

use std::f64::consts::{PI, TAU};

/// Degrees. Mercator puts the poles at infinity; here (all but at 85.0511, where `y` would be 0.5) the world is square.
pub const MAX_LATITUDE: f32 = 85.05;

/// Where a point of the globe lies on the map, in map units. Latitude is clamped to [`MAX_LATITUDE`], longitude
/// wrapped to -180..=180 degrees; what is not a number counts as 0, so that no vertex is ever lost to infinity.
///
/// Source: Snyder, Map Projections: A Working Manual, USGS 1987, equation 7-2, written as
/// `2 artanh(tan(lat/2))`, which loses no digits near the equator.
pub fn map_from_lon_lat(lon_deg: f32, lat_deg: f32) -> [f32; 2] {
    let lat = f64::from(number_or_zero(lat_deg).clamp(-MAX_LATITUDE, MAX_LATITUDE)).to_radians();
    let y = (lat / 2.0).tan().atanh() / PI;
    [wrapped_lon(lon_deg) / 360.0, y as f32]
}

/// Longitude and latitude in degrees of a point in map units; the inverse of [`map_from_lon_lat`]. Points beyond
/// the top or bottom edge answer the edge, points beyond the sides go round the globe.
pub fn lon_lat_from_map([x, y]: [f32; 2]) -> [f32; 2] {
    let half_gudermannian = (f64::from(number_or_zero(y)) * TAU / 2.0).tanh().atan();
    let lat = (2.0 * half_gudermannian).to_degrees() as f32;
    [wrapped_lon(x * 360.0), lat.clamp(-MAX_LATITUDE, MAX_LATITUDE)]
}

/// Degrees east, in -180..=180. Both ends stay as they are: the map has an edge on either side.
pub fn wrapped_lon(lon_deg: f32) -> f32 {
    let turns = (lon_deg / 360.0).round_ties_even();
    number_or_zero(lon_deg - 360.0 * turns).clamp(-180.0, 180.0)
}

fn number_or_zero(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value }
}

#[cfg(test)]
mod shader_tests;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Name, lon, lat, x, y. The y were computed by Simpson's rule on the integral of sec(lat), 20,000 steps:
    /// another way than the closed form used here.
    #[rustfmt::skip]
    const CITIES: [(&str, f32, f32, f32, f32); 30] = [
        ("Reykjavik", -21.8954, 64.1466, -0.0608206, 0.2342379),
        ("Copenhagen", 12.5683, 55.6761, 0.0349119, 0.1870044),
        ("London", -0.1276, 51.5072, -0.0003544, 0.1674736),
        ("New York", -74.006, 40.7128, -0.2055722, 0.1240192),
        ("Tokyo", 139.6917, 35.6895, 0.3880325, 0.1062503),
        ("Sydney", 151.2093, -33.8688, 0.4200258, -0.1000923),
        ("Auckland", 174.7633, -36.8485, 0.4854536, -0.1102435),
        ("Apia", -171.7667, -13.8333, -0.4771297, -0.0388047),
        ("Suva", 178.4419, -18.1416, 0.4956719, -0.0512571),
        ("Anadyr", 177.5103, 64.7337, 0.4930842, 0.238018),
        ("Honolulu", -157.8583, 21.3069, -0.4384953, 0.0605991),
        ("Quito", -78.4678, -0.1807, -0.2179661, -0.0005019),
        ("Nairobi", 36.8219, -1.2921, 0.1022831, -0.0035895),
        ("Singapore", 103.8198, 1.3521, 0.2883883, 0.0037562),
        ("Ushuaia", -68.303, -54.8019, -0.1897306, -0.1827451),
        ("Cape Town", 18.4241, -33.9249, 0.0511781, -0.10028),
        ("Longyearbyen", 15.6469, 78.2232, 0.0434636, 0.3615544),
        ("Tromsø", 18.9553, 69.6492, 0.0526536, 0.2733745),
        ("Moscow", 37.6173, 55.7558, 0.1044925, 0.1873974),
        ("Delhi", 77.1025, 28.7041, 0.2141736, 0.0832947),
        ("Beijing", 116.4074, 39.9042, 0.3233539, 0.1210737),
        ("Lima", -77.0428, -12.0464, -0.2140078, -0.0337115),
        ("São Paulo", -46.6333, -23.5505, -0.1295369, -0.0673419),
        ("Lagos", 3.3792, 6.5244, 0.0093867, 0.0181626),
        ("Cairo", 31.2357, 30.0444, 0.0867658, 0.0875672),
        ("Tehran", 51.389, 35.6892, 0.1427472, 0.1062492),
        ("Mexico City", -99.1332, 19.4326, -0.27537, 0.0550451),
        ("Vancouver", -123.1207, 49.2827, -0.3420019, 0.1577783),
        ("Anchorage", -149.9003, 61.2181, -0.4163897, 0.2164959),
        ("McMurdo", 166.6863, -77.8419, 0.4630175, -0.356446),
    ];

    #[test]
    fn cities_lie_where_an_independent_sum_puts_them() {
        for (name, lon, lat, x, y) in CITIES {
            let [got_x, got_y] = map_from_lon_lat(lon, lat);
            assert!((got_x - x).abs() < 1e-6 && (got_y - y).abs() < 1e-6, "{name}: {got_x} {got_y}");
        }
    }

    #[test]
    fn edges_and_oddities_stay_on_the_map() {
        assert_eq!(map_from_lon_lat(180.0, 0.0), [0.5, 0.0]);
        assert_eq!(map_from_lon_lat(-180.0, 0.0), [-0.5, 0.0]);
        assert_eq!(map_from_lon_lat(190.0, 0.0), map_from_lon_lat(-170.0, 0.0));
        assert_eq!(map_from_lon_lat(0.0, 90.0), map_from_lon_lat(0.0, MAX_LATITUDE));
        assert!((map_from_lon_lat(0.0, 90.0)[1] - 0.5).abs() < 1e-3, "the world is all but square");
        assert_eq!(map_from_lon_lat(f32::NAN, f32::NAN), [0.0, 0.0]);
        assert_eq!(map_from_lon_lat(f32::INFINITY, f32::NEG_INFINITY)[0], 0.0);
        let [lon, lat] = lon_lat_from_map([0.6, 9.0]);
        assert!((lon + 144.0).abs() < 1e-3 && lat == MAX_LATITUDE, "{lon} {lat}");
    }

    proptest! {
        /// To a ten-thousandth of a degree: 0.03 px of a world 100,000 px wide.
        #[test]
        fn there_and_back(lon in -180.0f32..=180.0, lat in -MAX_LATITUDE..=MAX_LATITUDE) {
            let [lon_back, lat_back] = lon_lat_from_map(map_from_lon_lat(lon, lat));
            prop_assert!((lon - lon_back).abs() < 1e-4, "{lon} {lon_back}");
            prop_assert!((lat - lat_back).abs() < 1e-4, "{lat} {lat_back}");
        }

        #[test]
        fn any_floats_give_a_point_of_the_map(lon: f32, lat: f32) {
            let [x, y] = map_from_lon_lat(lon, lat);
            prop_assert!((-0.5..=0.5).contains(&x) && (-0.5..=0.5).contains(&y));
            let [lon, lat] = lon_lat_from_map([lon, lat]);
            prop_assert!((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat));
        }

        #[test]
        fn north_is_up_and_south_its_mirror(a in -85.0f32..85.0, step in 0.001f32..1.0) {
            let (low, high) = (map_from_lon_lat(0.0, a)[1], map_from_lon_lat(0.0, (a + step).min(85.05))[1]);
            prop_assert!(high >= low);
            prop_assert_eq!(map_from_lon_lat(0.0, -a)[1], -low);
        }
    }
}
