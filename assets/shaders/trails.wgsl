// What closed or moved on: a soft dot under the live ones, drawn into the kept picture of the world. How much of it is
// left is worked out here from its end and now, so that a fading trail costs no upload. Twin: `TrailInstance` in
// `components/trails/table.rs`.

/// From the middle, as a share of the radius: how far a trail has its full colour.
const CORE: f32 = 0.1;
/// What is left of a colour on paper.
const INK: f32 = 0.6;

struct Trail {
    @location(0) lon_lat: vec2<f32>,
    @location(1) rgba: vec4<f32>,   // linear light; straight alpha and the exposure, a byte each
    @location(2) ended_millis: u32,
}

struct TrailShape {
    @builtin(position) position: vec4<f32>,
    @location(0) offset: vec2<f32>,                    // in radii
    @location(1) @interpolate(flat) colour: vec4<f32>, // linear, straight alpha, fade included
}

/// What has not come yet, because the clock was put back, shows nothing.
fn strength(trail: Trail) -> f32 {
    if (trail.ended_millis > frame.trail_now_millis) {
        return 0.0;
    }
    let bytes = u32(round(trail.rgba.a * 65535.0));
    let exposure = f32(bytes & 255u) / 255.0;
    let strength = f32(bytes >> 8u) / 255.0 * mix(frame.trail_alpha_of_one, frame.trail_alpha_of_many, exposure);
    if (frame.trail_fades_millis == 0.0) {
        return strength;
    }
    let left = max(1.0 - f32(frame.trail_now_millis - trail.ended_millis) / frame.trail_fades_millis, 0.0);
    // Squared, the last of it goes as slowly to the eye as the first.
    return strength * left * left;
}

/// One triangle around the disc.
@vertex
fn trail_vertex(@builtin(vertex_index) index: u32, trail: Trail) -> TrailShape {
    var shape: TrailShape;
    shape.offset = select(vec2<f32>(f32(index) * 3.4641016 - 1.7320508, -1.0), vec2<f32>(0.0, 2.0), index == 2u);
    shape.colour = vec4<f32>(trail.rgba.rgb, strength(trail));
    if (shape.colour.a <= 0.0) {
        // Off the screen.
        shape.position = vec4<f32>(2.0, 2.0, 0.0, 1.0);
        return shape;
    }
    shape.position = clip_from_px(px_on_map(trail.lon_lat) + shape.offset * frame.trail_radius_px);
    return shape;
}

@fragment
fn trail_fragment(shape: TrailShape) -> @location(0) vec4<f32> {
    let soft = 1.0 - smoothstep(CORE, 1.0, length(shape.offset));
    let ink = select(shape.colour.rgb, shape.colour.rgb * INK, frame.style == 1u);
    return vec4<f32>(ink, shape.colour.a * soft);
}
