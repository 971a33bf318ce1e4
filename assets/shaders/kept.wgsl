// Puts the kept picture of the world under the frame, pixel by pixel.

@group(0) @binding(0) var kept: texture_2d<f32>;

@vertex
fn kept_vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn kept_fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(kept, vec2<i32>(position.xy), 0);
}
