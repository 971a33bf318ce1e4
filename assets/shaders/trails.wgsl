// What closed connections leave behind: soft dots under the live ones, their age worked out here from their end and now.
// Drawn into the kept picture of the world. Twin: `TrailInstance` in `components/trails.rs`.

/// Of a dot's radius: a trail is a little smaller.
const CORE: f32 = 0.72;
/// Where its soft edge ends, in core radii.
const EDGE: f32 = 1.9;
/// Of a fresh trail, and of one that never fades: the live dots stay the brightest.
const FRESH_ALPHA: f32 = 0.5;
const KEPT_ALPHA: f32 = 0.34;

struct Trail {
    @location(0) lon_lat: vec2<f32>,
    @location(1) srgb: vec4<f32>,   // straight alpha; 0 where it is hidden
    @location(2) ended_millis: u32,
}

struct TrailQuad {
    @builtin(position) position: vec4<f32>,
    @location(0) offset: vec2<f32>, // in core radii
    @location(1) @interpolate(flat) colour: vec4<f32>, // linear, straight alpha, fade included
}

@vertex
fn trail_vertex(@builtin(vertex_index) index: u32, trail: Trail) -> TrailQuad {
    var quad: TrailQuad;
    var alpha = KEPT_ALPHA;
    if (frame.trail_millis > 0.0) {
        let gone = f32(max(frame.now_millis, trail.ended_millis) - trail.ended_millis) / frame.trail_millis;
        let left = 1.0 - clamp(gone, 0.0, 1.0);
        // Light seems to fade evenly when its square root does.
        alpha = FRESH_ALPHA * left * left;
    }
    // Of a time that has not come yet nothing is seen.
    alpha *= trail.srgb.a * f32(trail.ended_millis <= frame.now_millis);
    quad.colour = vec4<f32>(linear_from_srgb(trail.srgb.rgb), alpha);
    let center = px_on_map(trail.lon_lat);
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    quad.offset = corner * EDGE;
    let offset_px = quad.offset * frame.dot_radius_px * CORE;
    quad.position = select(clip_from_px(center + offset_px), vec4<f32>(2.0, 2.0, 0.0, 1.0), alpha <= 0.0);
    return quad;
}

@fragment
fn trail_fragment(quad: TrailQuad) -> @location(0) vec4<f32> {
    let away = length(quad.offset);
    let soft = 1.0 - smoothstep(0.55, EDGE, away);
    return vec4<f32>(quad.colour.rgb, quad.colour.a * soft);
}
