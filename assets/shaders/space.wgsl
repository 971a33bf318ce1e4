// The address space: the ground of each block, what was heard there, the grid that fits the zoom, single cells, and the line
// along all addresses. Drawn into the kept picture, over the world as far as the flight has come; but for the line's head.

@group(1) @binding(0) var ground: texture_2d<u32>;
@group(1) @binding(1) var heat: texture_2d<u32>;
@group(1) @binding(2) var<uniform> palette: array<vec4<f32>, 256>;

/// Cells of order 16 along an edge of one of the finest level, and how many levels there are.
const FINEST_CELL: f32 = 16.0;
const LEVELS: f32 = 5.0;
/// Numbers of ground of which nothing is known, and that nobody may use.
const PLAIN: u32 = 0u;
const APART: u32 = 255u;
/// How much of a block's colour its ground has.
const GROUND: f32 = 0.03;
const PAPER_GROUND: f32 = 0.16;
/// How much of it the faintest that was heard has, and from which brightness on it has all: 8 for each doubling.
const HEARD_LEAST: f32 = 0.34;
const HEARD_FULL: f32 = 96.0;
/// Where a /24 is parted, its cells are lit one by one, and it keeps this much of its light.
const PARTED: f32 = 0.22;
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
    let level = u32(clamp(ceil(-log2(space.px_per_cell * FINEST_CELL)), 0.0, LEVELS - 1.0));
    let at = usual >> vec2<u32>(4u + level);
    let number = textureLoad(ground, at, i32(level)).r;
    let heard = f32(textureLoad(heat, at, i32(level)).r);
    let share = select(GROUND, PAPER_GROUND, frame.style == 1u);
    var colour = space.ground.rgb;
    var light = palette[number].rgb;
    if (number == APART) {
        colour = space.nothing.rgb;
        light = palette[PLAIN].rgb;
    } else if (number != PLAIN) {
        colour = mix(colour, light, share);
    }
    if (heard > 0.0) {
        let parted = smoothstep(7.0, 20.0, space.px_per_cell * FINEST_CELL / view.pixels_per_point);
        let strength = mix(HEARD_LEAST, 1.0, min(heard / HEARD_FULL, 1.0)) * mix(1.0, PARTED, parted);
        colour = mix(colour, ink(light), strength);
    }
    let line = grid(cell, away - whole);
    colour = mix(colour, space.grid.rgb, line * space.grid.a);
    return vec4<f32>(colour, shown);
}

/// On paper what is bright is dark.
fn ink(light: vec3<f32>) -> vec3<f32> {
    return select(light, light * 0.5, frame.style == 1u);
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
    return vec4<f32>(space.curve.rgb, space.curve.a * alpha);
}

struct Cell {
    @location(0) cell: u32,         // column and row of its first cell of order 16, a half each
    @location(1) rgba: vec4<f32>,   // sRGB, straight alpha
    @location(2) size: vec2<u32>,   // cells along its edge; quarters of a point that it has at least
}

struct CellQuad {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) colour: vec4<f32>,
}

@vertex
fn cell_vertex(@builtin(vertex_index) index: u32, instance: Cell) -> CellQuad {
    let first = vec2<u32>(instance.cell & 65535u, instance.cell >> 16u);
    let side_px = f32(instance.size.x) * space.px_per_cell;
    let middle = px_from_cell(first) + (side_px - space.px_per_cell) * 0.5;
    // A hair between cells that are large enough to have one.
    let gap_px = select(0.0, view.pixels_per_point, side_px > 6.0 * view.pixels_per_point);
    let least_px = f32(instance.size.y) * 0.25 * view.pixels_per_point;
    let half_px = max(side_px - gap_px, least_px) * 0.5;
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    var quad: CellQuad;
    quad.position = clip_from_px(middle + corner * half_px);
    quad.colour = vec4<f32>(ink(linear_from_srgb(instance.rgba.rgb)), instance.rgba.a * smoothstep(0.4, 1.0, space.flown));
    return quad;
}

@fragment
fn cell_fragment(quad: CellQuad) -> @location(0) vec4<f32> {
    return quad.colour;
}

/// Of the disc that leads the line, in points; its light reaches further.
const HEAD_RADIUS: f32 = 4.0;
const HEAD_HALO: f32 = 3.0;

struct HeadPart {
    @builtin(position) position: vec4<f32>,
    @location(0) offset_px: vec2<f32>,  // of the disc; of a step of the tail the second is the way across
    @location(1) @interpolate(flat) alpha: f32,
    @location(2) @interpolate(flat) is_disc: u32,
}

fn middle_of_step(step: u32) -> vec2<f32> {
    let half_side = f32(1u << (16u - space.curve_order)) * 0.5 - 0.5;
    return px_from_cell(curve_point(step)) + vec2<f32>(half_side * space.px_per_cell);
}

/// The tail, a step an instance from the oldest, and the disc, the last.
@vertex
fn head_vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) part: u32) -> HeadPart {
    var out: HeadPart;
    let behind = frame.head_steps - min(part, frame.head_steps);
    if (part == frame.head_steps) {
        let from_px = middle_of_step(frame.head_step);
        let middle = mix(from_px, middle_of_step(frame.head_step + 1u), frame.head_rest);
        let reach = HEAD_RADIUS * HEAD_HALO * view.pixels_per_point;
        out.offset_px = (vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0) * reach;
        out.position = clip_from_px(middle + out.offset_px);
        out.alpha = 1.0;
        out.is_disc = 1u;
        return out;
    }
    // The step that the head is on is drawn as far as the head.
    let step = i32(frame.head_step) - i32(behind) + 1;
    if (step < 0) {
        out.position = vec4<f32>(2.0, 2.0, 0.0, 1.0);
        return out;
    }
    let a = middle_of_step(u32(step));
    var b = middle_of_step(u32(step) + 1u);
    let direction = normalize(b - a);
    if (u32(step) == frame.head_step) {
        b = mix(a, b, frame.head_rest);
    }
    let half_px = view.pixels_per_point * 1.1 + 0.5;
    let end = select(a - direction * 0.5, b + direction * 0.5, (index & 1u) == 1u);
    let side = select(-half_px, half_px, index >= 2u);
    out.position = clip_from_px(end + vec2<f32>(-direction.y, direction.x) * side);
    out.offset_px = vec2<f32>(0.0, side);
    let age = f32(behind) / f32(frame.head_steps);
    out.alpha = (1.0 - age) * (1.0 - age);
    return out;
}

@fragment
fn head_fragment(part: HeadPart) -> @location(0) vec4<f32> {
    let colour = ink(space.curve.rgb);
    if (part.is_disc == 0u) {
        let half_px = view.pixels_per_point * 1.1 + 0.5;
        let alpha = clamp(half_px - abs(part.offset_px.y), 0.0, 1.0) * part.alpha * 0.8;
        return vec4<f32>(colour * alpha, alpha);
    }
    let radius = HEAD_RADIUS * view.pixels_per_point;
    let away = length(part.offset_px);
    let core = disc(away, radius);
    let halo = clamp(1.0 - away / (radius * HEAD_HALO), 0.0, 1.0);
    let alpha = max(core, halo * halo * 0.4);
    return vec4<f32>(mix(colour, mix(colour, vec3<f32>(1.0), 0.6), core) * alpha, alpha);
}
