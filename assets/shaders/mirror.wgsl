// A picture once more, as large as what it is drawn into.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var between: sampler;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // From the upper left, 0 to 1 each within the picture.
    @location(0) at: vec2<f32>,
}

// One triangle that covers everything.
@vertex
fn mirror_vertex(@builtin(vertex_index) index: u32) -> Corner {
    let at = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return Corner(vec4<f32>(at * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0), 0.0, 1.0), at);
}

@fragment
fn mirror_fragment(corner: Corner) -> @location(0) vec4<f32> {
    return vec4<f32>(textureSampleLevel(picture, between, corner.at, 0.0).rgb, 1.0);
}
