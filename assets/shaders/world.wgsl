// The quiet world under the data: sea, land, and lines that stay as thin as they are at every zoom.

@vertex
fn sea_vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn sea_fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let down = position.y / view.viewport_px.y * 2.0;
    let upper = mix(view.ocean_top, view.ocean_middle, clamp(down, 0.0, 1.0));
    let water = mix(upper, view.ocean_bottom, clamp(down - 1.0, 0.0, 1.0));
    return vec4<f32>(water.rgb + DARK_STEP * (grain(position.xy) - 0.5), 1.0);
}

/// One step of an 8-bit picture at the darkness of the sea, in linear light.
const DARK_STEP: f32 = 0.0004;

/// A fixed grain that breaks the bands of a faint gradient (interleaved gradient noise, Jimenez 2014).
fn grain(px: vec2<f32>) -> f32 {
    return fract(52.9829189 * fract(dot(px, vec2<f32>(0.06711056, 0.00583715))));
}

@vertex
fn land_vertex(@location(0) lon_lat: vec2<f32>) -> @builtin(position) vec4<f32> {
    return clip_from_px(px_from_lon_lat(lon_lat));
}

@fragment
fn land_fragment() -> @location(0) vec4<f32> {
    return view.land;
}

struct Segment {
    @location(0) from_lon_lat: vec2<f32>,
    @location(1) to_lon_lat: vec2<f32>,
    @location(2) kind: u32,
}

struct Line {
    @builtin(position) position: vec4<f32>,
    @location(0) distance_px: f32,
    @location(1) @interpolate(flat) kind: u32,
}

@vertex
fn line_vertex(@builtin(vertex_index) index: u32, segment: Segment) -> Line {
    let a = px_from_lon_lat(segment.from_lon_lat);
    let b = px_from_lon_lat(segment.to_lon_lat);
    let along = b - a;
    let length_px = length(along);
    let direction = select(vec2<f32>(1.0, 0.0), along / length_px, length_px > 1e-6);
    // Half a pixel more on each side for the soft edge.
    let half_px = view.line_widths_px[segment.kind] * 0.5 + 0.5;
    let end = select(a - direction * 0.5, b + direction * 0.5, (index & 1u) == 1u);
    let side = select(-half_px, half_px, index >= 2u);
    var line: Line;
    line.position = clip_from_px(end + vec2<f32>(-direction.y, direction.x) * side);
    line.distance_px = side;
    line.kind = segment.kind;
    return line;
}

@fragment
fn line_fragment(line: Line) -> @location(0) vec4<f32> {
    let colour = view.lines[line.kind];
    let half_px = view.line_widths_px[line.kind] * 0.5 + 0.5;
    return vec4<f32>(colour.rgb, colour.a * clamp(half_px - abs(line.distance_px), 0.0, 1.0));
}
