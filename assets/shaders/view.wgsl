// What every pass of the map shares: the view, the colours and the time. Twins: `ViewUniform` and `FrameUniform`
// in `systems/render/uniforms.rs`, `SpaceUniform` in `systems/render/space.rs`. Goes before each of the other files, after `projection.wgsl`.

struct View {
    center: vec2<f32>,          // map units
    scale_px: f32,              // pixels a map unit
    pixels_per_point: f32,
    viewport_px: vec2<f32>,
    edge_margin_px: f32,        // how far inside the edge a place beyond it is drawn
    is_home: u32,               // whole-world view: places beyond the edge are drawn on it
    ocean_top: vec4<f32>,       // colours: linear light, straight alpha
    ocean_middle: vec4<f32>,
    ocean_bottom: vec4<f32>,
    land: vec4<f32>,
    lines: array<vec4<f32>, 3>, // coast, border, graticule
    line_widths_px: vec4<f32>,
    circle: vec4<f32>,          // of the history: inside, and its rim
    circle_rim: vec4<f32>,
}

struct Frame {
    now_millis: u32,            // since the map clock's epoch
    dot_radius_px: f32,
    halo_radii: f32,            // 0: no halo
    style: u32,                 // 0 glowing, 1 printed
    is_plain: u32,              // thousands of dots on a processor
    pulse_millis: f32,          // how long rings grow, and closed dots fade, on the map's clock
    fade_millis: f32,
    trail_now_millis: u32,      // as above, whatever moves
    trail_fades_millis: f32,    // how long trails fade, on the map's clock; 0: they stay
    trail_radius_px: f32,
    trail_alpha_of_one: f32,    // how much light one connection leaves, and how much a thousand at one place
    trail_alpha_of_many: f32,
    head_step: u32,             // of the line along all addresses: where its head is
    head_rest: f32,             // how far beyond that step, 0..1
    head_steps: u32,            // steps of its tail; 0: no head
    padding: u32,
    agents: array<vec4<f32>, 8>, // linear light: the rings around their dots
}

struct Space {
    middle: vec2<i32>,          // cell in the middle of the window, as the square is held
    middle_rest: vec2<f32>,     // how far into it, from its top left
    px_per_cell: f32,
    flown: f32,                 // 0 the world .. 1 the address space
    is_transposed: u32,
    family: u32,                // a dot with this flag has a cell
    curve_order: u32,           // of the line along all addresses
    ground: vec4<f32>,          // colours: linear light, straight alpha
    nothing: vec4<f32>,         // ground that nobody may use
    grid: vec4<f32>,
    curve: vec4<f32>,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<uniform> frame: Frame;
@group(0) @binding(2) var<uniform> space: Space;

/// Cells along an edge of the address space.
const SPACE_SIDE: i32 = 65536;

/// Middle of a cell, given as on the square held as usual. Whole numbers are taken off first: at the deepest zoom a float
/// has no digits left for both.
fn px_from_cell(usual: vec2<u32>) -> vec2<f32> {
    let cell = vec2<i32>(select(usual, usual.yx, space.is_transposed != 0u));
    let away = vec2<f32>(cell - space.middle) + 0.5 - space.middle_rest;
    return view.viewport_px * 0.5 + away * space.px_per_cell;
}

fn px_from_lon_lat(lon_lat: vec2<f32>) -> vec2<f32> {
    let offset = (map_from_lon_lat(lon_lat.x, lon_lat.y) - view.center) * view.scale_px;
    return view.viewport_px * 0.5 + vec2<f32>(offset.x, -offset.y);
}

fn clip_from_px(px: vec2<f32>) -> vec4<f32> {
    let unit = px / view.viewport_px * 2.0 - 1.0;
    return vec4<f32>(unit.x, -unit.y, 0.0, 1.0);
}

/// The same, but for places beyond the edge of the whole world, which stand on it.
fn px_on_map(lon_lat: vec2<f32>) -> vec2<f32> {
    let px = px_from_lon_lat(lon_lat);
    if (view.is_home != 0u && (any(px < vec2<f32>(0.0)) || any(px > view.viewport_px))) {
        return clamp(px, vec2<f32>(view.edge_margin_px), view.viewport_px - view.edge_margin_px);
    }
    return px;
}

/// The sRGB transfer function (IEC 61966-2-1).
fn linear_from_srgb(srgb: vec3<f32>) -> vec3<f32> {
    return select(pow((srgb + 0.055) / 1.055, vec3<f32>(2.4)), srgb / 12.92, srgb <= vec3<f32>(0.04045));
}

/// How much of a pixel a disc covers.
fn disc(distance_px: f32, radius_px: f32) -> f32 {
    return clamp(radius_px + 0.5 - distance_px, 0.0, 1.0);
}
