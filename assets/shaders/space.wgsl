// The address space: the ground of each block, the grid that fits the zoom, and the line along all addresses. Drawn into
// the kept picture, over the world as far as the flight has come.

@group(1) @binding(0) var tint: texture_2d<u32>;
@group(1) @binding(1) var<uniform> palette: array<vec4<f32>, 256>;

/// Cells of order 16 along an edge of one of the finest level of `tint`, and how many levels there are.
const TINT_CELL: f32 = 16.0;
const TINT_LEVELS: f32 = 5.0;
/// How much of a block's colour its ground has.
const GROUND: f32 = 0.03;
const PAPER_GROUND: f32 = 0.16;
/// From this side on, in points, the lines around blocks are seen, and are as strong as they become.
const GRID_FROM: f32 = 9.0;
const GRID_FULL: f32 = 48.0;

@vertex
fn space_vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn space_fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let shown = smoothstep(0.1, 0.9, space.flown);
    let away = (position.xy - view.viewport_px * 0.5) / space.px_per_cell + space.middle_rest;
    let whole = floor(away);
    let cell = space.middle + vec2<i32>(whole);
    let down = position.y / view.viewport_px.y * 2.0;
    let upper = mix(view.ocean_top, view.ocean_middle, clamp(down, 0.0, 1.0)).rgb;
    let outside = mix(upper, view.ocean_bottom.rgb, clamp(down - 1.0, 0.0, 1.0));
    if (any(cell < vec2<i32>(0)) || any(cell >= vec2<i32>(SPACE_SIDE))) {
        return vec4<f32>(outside, shown);
    }
    let usual = select(cell, cell.yx, space.is_transposed != 0u);
    let level = u32(clamp(ceil(-log2(space.px_per_cell * TINT_CELL)), 0.0, TINT_LEVELS - 1.0));
    let number = textureLoad(tint, usual >> vec2<u32>(4u + level), i32(level)).r;
    let share = select(GROUND, PAPER_GROUND, frame.style == 1u);
    var colour = space.nothing.rgb;
    if (number != 0u) {
        colour = mix(space.ground.rgb, palette[number].rgb, share);
    }
    let line = grid(cell, away - whole);
    colour = mix(colour, space.grid.rgb, line * space.grid.a);
    return vec4<f32>(colour, shown);
}

/// How much of a pixel is line: those of /8, /16, /24 and of addresses.
fn grid(cell: vec2<i32>, rest: vec2<f32>) -> f32 {
    var strength = 0.0;
    for (var bits = 0u; bits <= 12u; bits += 4u) {
        let side = 1 << bits;
        let side_px = f32(side) * space.px_per_cell;
        let seen = smoothstep(GRID_FROM, GRID_FULL, side_px / view.pixels_per_point);
        let into = vec2<f32>(cell & vec2<i32>(side - 1)) + rest;
        let nearest = min(into, f32(side) - into) * space.px_per_cell;
        let cover = clamp(1.0 - min(nearest.x, nearest.y), 0.0, 1.0);
        strength = max(strength, seen * cover * (0.4 + 0.15 * f32(bits) / 4.0));
    }
    return strength;
}

/// It is to be followed, and to leave the dots the light.
const CURVE_ALPHA: f32 = 0.2;

struct CurveLine {
    @builtin(position) position: vec4<f32>,
    @location(0) distance_px: f32,
    @location(1) @interpolate(flat) alpha: f32,
}

/// By how the curve lies and by quarter: column, row (a bit each) and how it lies there. Twin: `QUARTERS` in
/// `hilbert/curve.rs`.
const QUARTERS = array<u32, 16>(
    4u, 2u, 3u, 9u,
    0u, 5u, 7u, 14u,
    15u, 10u, 8u, 1u,
    11u, 13u, 12u, 6u,
);

/// Middle of a block of the order at which the curve is drawn, in cells of order 16.
fn curve_point(block: u32) -> vec2<u32> {
    var quarters = QUARTERS;
    var lies = 0u;
    var at = vec2<u32>(0u);
    for (var step = space.curve_order; step > 0u; step--) {
        let pair = (block >> (2u * (step - 1u))) & 3u;
        let found = quarters[lies * 4u + pair];
        at = (at << vec2<u32>(1u)) | vec2<u32>(found & 1u, (found >> 1u) & 1u);
        lies = found >> 2u;
    }
    let below = 16u - space.curve_order;
    return at << vec2<u32>(below);
}

@vertex
fn curve_vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) block: u32) -> CurveLine {
    let half_side = f32(1u << (16u - space.curve_order)) * 0.5 - 0.5;
    let a = px_from_cell(curve_point(block)) + vec2<f32>(half_side * space.px_per_cell);
    let b = px_from_cell(curve_point(block + 1u)) + vec2<f32>(half_side * space.px_per_cell);
    let direction = normalize(b - a);
    let half_px = view.pixels_per_point * 0.5 + 0.5;
    let end = select(a - direction * 0.5, b + direction * 0.5, (index & 1u) == 1u);
    let side = select(-half_px, half_px, index >= 2u);
    var line: CurveLine;
    // While the picture flies, the line is drawn as far as that.
    let last = exp2(2.0 * f32(space.curve_order)) - 1.0;
    let is_drawn = f32(block) <= smoothstep(0.0, 1.0, space.flown) * last;
    line.position = select(vec4<f32>(2.0, 2.0, 0.0, 1.0), clip_from_px(end + vec2<f32>(-direction.y, direction.x) * side), is_drawn);
    line.distance_px = side;
    line.alpha = space.flown;
    return line;
}

@fragment
fn curve_fragment(line: CurveLine) -> @location(0) vec4<f32> {
    let half_px = view.pixels_per_point * 0.5 + 0.5;
    let alpha = clamp(half_px - abs(line.distance_px), 0.0, 1.0) * line.alpha;
    return vec4<f32>(space.curve.rgb, space.curve.a * alpha * CURVE_ALPHA);
}
