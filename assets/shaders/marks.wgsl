// Points that stand still: circles of the history, and discs that queries plot. Drawn into the kept picture of the
// world. Twin: `Mark` in `components/marks.rs`.

const DISC: u32 = 1u;
/// What is left of a disc's colour in its rim.
const RIM_SHADE: f32 = 0.3;

struct Mark {
    @location(0) lon_lat: vec2<f32>,
    @location(1) srgb: vec4<f32>,   // straight alpha; a circle takes the theme's ink
    @location(2) shape: vec2<u32>,  // radius in 1/64 points, style
}

struct MarkQuad {
    @builtin(position) position: vec4<f32>,
    @location(0) offset_px: vec2<f32>,
    @location(1) @interpolate(flat) colour: vec4<f32>, // linear, straight alpha
    @location(2) @interpolate(flat) radius_px: f32,
    @location(3) @interpolate(flat) style: u32,
}

@vertex
fn mark_vertex(@builtin(vertex_index) index: u32, mark: Mark) -> MarkQuad {
    var quad: MarkQuad;
    // Where the arrows of dots beyond the edge stand.
    let center = px_on_map(mark.lon_lat);
    quad.radius_px = f32(mark.shape.x) / 64.0 * view.pixels_per_point;
    quad.style = mark.shape.y;
    quad.colour = vec4<f32>(linear_from_srgb(mark.srgb.rgb), mark.srgb.a);
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    quad.offset_px = corner * (quad.radius_px + 0.5);
    quad.position = clip_from_px(center + quad.offset_px);
    return quad;
}

@fragment
fn mark_fragment(quad: MarkQuad) -> @location(0) vec4<f32> {
    let away = length(quad.offset_px);
    let shape = disc(away, quad.radius_px);
    let inner = disc(away, quad.radius_px - view.pixels_per_point);
    if (quad.style == DISC) {
        return vec4<f32>(quad.colour.rgb * mix(RIM_SHADE, 1.0, inner), quad.colour.a * shape);
    }
    let ink = mix(view.circle_rim, view.circle, inner);
    return vec4<f32>(ink.rgb, ink.a * shape);
}
