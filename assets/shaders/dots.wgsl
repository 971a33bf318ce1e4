// The live connections: one quad a dot, its age worked out here from birth, end and now, so that an unchanged dot
// costs no upload. Twin: `DotInstance` in `components/dots.rs`.

/// Radius, in core radii, at which the rings of a fresh connection have faded away.
const RING_RADII: f32 = 7.5;
/// From the middle of the little arrow to its tip, in core radii.
const ARROW_RADII: f32 = 1.7;

struct Dot {
    @location(0) lon_lat: vec2<f32>,
    @location(1) cell: u32,         // column and row on the Hilbert curve, a half each
    @location(2) rgba: vec4<f32>,   // linear light; straight alpha and flags, a byte each
    @location(3) born_millis: u32,
    @location(4) ended_millis: u32, // 0: open
}

/// Flags: the number of a ring, that the dot has no place on earth.
const RING: u32 = 15u;
const NO_PLACE: u32 = 16u;
/// The last dot leaves this late, as a share of the flight.
const STAGGER: f32 = 0.35;
/// How far a flight bends from the straight line, as a share of its length.
const BEND: f32 = 0.12;

/// How far a dot is on its way from the world to the address space: they do not leave all at once.
fn flown(cell: u32) -> f32 {
    let late = f32((cell * 2654435761u) >> 24u) / 255.0;
    return smoothstep(0.0, 1.0, clamp((space.flown - late * STAGGER) / (1.0 - STAGGER), 0.0, 1.0));
}

struct DotQuad {
    @builtin(position) position: vec4<f32>,
    @location(0) offset_px: vec2<f32>,
    @location(1) @interpolate(flat) colour: vec4<f32>, // linear, straight alpha, fade included
    @location(2) @interpolate(flat) pulse: f32,        // 0 just opened .. 1 settled
    @location(3) @interpolate(flat) outward: vec2<f32>,// where a place beyond the edge lies; 0 on the map
    @location(4) @interpolate(flat) ring: u32,         // number of the agent's colour, from 1; 0: no ring
}

/// Where a dot lies and how it looks, but for the corner of its shape: the corner is given in units of its reach.
fn placed(corner: vec2<f32>, instance: Dot) -> DotQuad {
    var quad: DotQuad;
    let age = f32(max(frame.now_millis, instance.born_millis) - instance.born_millis);
    quad.pulse = clamp(age / frame.pulse_millis, 0.0, 1.0);
    let bytes = u32(round(instance.rgba.a * 65535.0));
    quad.ring = bytes & RING;
    let has_place = (bytes & NO_PLACE) == 0u;
    let has_cell = (bytes & space.family) != 0u;
    var alpha = f32(bytes >> 8u) / 255.0;
    if (instance.ended_millis != 0u) {
        let gone = f32(max(frame.now_millis, instance.ended_millis) - instance.ended_millis) / frame.fade_millis;
        alpha *= 1.0 - clamp(gone, 0.0, 1.0);
    }
    let way = flown(instance.cell);
    if (!has_cell) {
        alpha *= select(0.0, 1.0 - clamp(space.flown * 2.0, 0.0, 1.0), has_place);
    } else if (!has_place) {
        alpha *= way;
    }
    quad.colour = vec4<f32>(instance.rgba.rgb, alpha);

    let true_px = px_from_lon_lat(instance.lon_lat);
    var center = true_px;
    var reach = frame.dot_radius_px * max(frame.halo_radii, 1.0) + 0.5;
    if (quad.ring != 0u) {
        reach = max(reach, ring_radius_px() + view.pixels_per_point);
    }
    if (view.is_home != 0u && (any(true_px < vec2<f32>(0.0)) || any(true_px > view.viewport_px))) {
        center = clamp(true_px, vec2<f32>(view.edge_margin_px), view.viewport_px - view.edge_margin_px);
        if (!has_cell || way < 0.5) {
            quad.outward = sign(true_px - center);
            reach = max(reach, frame.dot_radius_px * ARROW_RADII + 0.5);
        }
    }
    if (has_cell && space.flown > 0.0) {
        let cell_px = px_from_cell(vec2<u32>(instance.cell & 65535u, instance.cell >> 16u));
        let straight = cell_px - center;
        let bend = vec2<f32>(-straight.y, straight.x) * BEND * sin(way * 3.14159265);
        center = select(cell_px, center + straight * way + bend, has_place);
    }
    if (quad.pulse < 1.0 && frame.is_plain == 0u) {
        reach = max(reach, frame.dot_radius_px * RING_RADII);
    }
    // A dot that has faded is moved off the screen.
    quad.offset_px = corner * reach;
    quad.position = select(clip_from_px(center + quad.offset_px), vec4<f32>(2.0, 2.0, 0.0, 1.0), alpha <= 0.0);
    return quad;
}

@vertex
fn dot_vertex(@builtin(vertex_index) index: u32, instance: Dot) -> DotQuad {
    return placed(vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0, instance);
}

/// Thousands of dots on a processor: a disc in one colour, and nothing around it. One triangle around the disc is
/// drawn faster than the two of a square.
@vertex
fn plain_dot_vertex(@builtin(vertex_index) index: u32, instance: Dot) -> DotQuad {
    let corner = select(vec2<f32>(f32(index) * 3.4641016 - 1.7320508, -1.0), vec2<f32>(0.0, 2.0), index == 2u);
    return placed(corner, instance);
}

@fragment
fn plain_dot_fragment(quad: DotQuad) -> @location(0) vec4<f32> {
    var shape = disc(length(quad.offset_px), frame.dot_radius_px);
    if (any(quad.outward != vec2<f32>(0.0))) {
        shape = arrow(quad.offset_px, quad.outward, frame.dot_radius_px);
    }
    let alpha = shape * quad.colour.a;
    return vec4<f32>(quad.colour.rgb * alpha, alpha);
}

/// Of the thin ring that tells whose connection it is.
fn ring_radius_px() -> f32 {
    return frame.dot_radius_px + 2.2 * view.pixels_per_point;
}

/// How much of a pixel the little arrow covers that stands for a place beyond the edge.
fn arrow(offset_px: vec2<f32>, outward: vec2<f32>, radius_px: f32) -> f32 {
    let direction = normalize(outward);
    let along = dot(offset_px, direction);
    let across = abs(dot(offset_px, vec2<f32>(-direction.y, direction.x)));
    let tip = radius_px * ARROW_RADII;
    let tail = -radius_px * 0.9;
    let slope = (tip - along) * 0.62 - across;
    return clamp(min(slope * 0.85, along - tail) + 0.5, 0.0, 1.0);
}

@fragment
fn dot_fragment(quad: DotQuad) -> @location(0) vec4<f32> {
    let radius = frame.dot_radius_px;
    let away = length(quad.offset_px);
    let colour = quad.colour;
    var shape = disc(away, radius);
    if (any(quad.outward != vec2<f32>(0.0))) {
        shape = arrow(quad.offset_px, quad.outward, radius);
    }
    var core = colour.rgb;
    if (frame.style == 0u) {
        core = mix(core, vec3<f32>(1.0), 0.5 * (1.0 - smoothstep(0.0, radius * 0.75, away)));
    } else {
        // Ink on paper: every colour darker, and its rim darker still.
        core *= mix(0.3, 0.7, disc(away, radius - view.pixels_per_point));
    }
    var alpha = shape * colour.a;
    var light = core * alpha;
    if (frame.halo_radii > 1.0) {
        let fall = 1.0 - clamp((away - radius * 0.6) / (radius * (frame.halo_radii - 0.6)), 0.0, 1.0);
        let halo = 0.42 * fall * fall * colour.a * (1.0 - shape);
        light += colour.rgb * halo;
        // Light more than paint: halos that meet add up.
        alpha += halo * 0.35;
    }
    if (quad.ring != 0u) {
        let line = clamp(0.5 + 0.55 * view.pixels_per_point - abs(away - ring_radius_px()), 0.0, 1.0);
        let strength = line * 0.9 * colour.a * (1.0 - shape);
        light = light * (1.0 - strength) + frame.agents[(quad.ring - 1u) % 8u].rgb * strength;
        alpha += strength * (1.0 - alpha);
    }
    if (quad.pulse < 1.0) {
        for (var ring = 0; ring < 3; ring++) {
            let grown = quad.pulse * 1.5 - 0.25 * f32(ring);
            if (grown > 0.0 && grown < 1.0) {
                let eased = 1.0 - (1.0 - grown) * (1.0 - grown);
                let ring_px = radius * (1.2 + (RING_RADII - 2.0) * eased);
                let line = clamp(0.5 + 0.6 * view.pixels_per_point - abs(away - ring_px), 0.0, 1.0);
                let strength = line * 0.65 * (1.0 - grown) * colour.a * (1.0 - alpha);
                light += colour.rgb * strength;
                alpha += strength;
            }
        }
    }
    return vec4<f32>(light, min(alpha, 1.0));
}
