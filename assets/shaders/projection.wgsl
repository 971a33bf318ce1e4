// Spherical Mercator: the twin of src/projection.rs. Map units: the world is one unit wide, x = lon / 360,
// y = ln(tan(pi/4 + lat/2)) / (2 pi), north up.
//
// Built-in sin, cos and tan may be off by 2^-11 after the letter of the WGSL specification, and by 2^-21 on real
// hardware, which steep latitudes magnify. So the tangent comes from polynomials, and only log is built in.

const MAX_LATITUDE: f32 = 85.05;
const RADIANS_PER_DEGREE: f32 = 0.017453292519943295;
const INVERSE_PI: f32 = 0.3183098861837907;

// tan(a) for |a| <= 0.75 radians: Taylor series of sine and cosine, the terms left out are below 1e-9.
fn tan_of_small(a: f32) -> f32 {
    let q = a * a;
    let sine = a * (1.0 + q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q / 362880.0))));
    let cosine = 1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q * (1.0 / 40320.0 - q / 3628800.0))));
    return sine / cosine;
}

// artanh(t) for |t| < 1: the series near 0, where the logarithm would lose its digits to the 1 it adds.
fn artanh(t: f32) -> f32 {
    let q = t * t;
    let series = t * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q / 11.0)))));
    let logarithm = 0.5 * log((1.0 + t) / (1.0 - t));
    return select(logarithm, series, abs(t) < 0.3);
}

// Degrees to map units. Latitude is clamped to MAX_LATITUDE, longitude wrapped to -180..=180.
fn map_from_lon_lat(lon_deg: f32, lat_deg: f32) -> vec2<f32> {
    let lon = lon_deg - 360.0 * round(lon_deg / 360.0);
    let half_lat = 0.5 * RADIANS_PER_DEGREE * clamp(lat_deg, -MAX_LATITUDE, MAX_LATITUDE);
    return vec2<f32>(lon / 360.0, artanh(tan_of_small(half_lat)) * INVERSE_PI);
}
