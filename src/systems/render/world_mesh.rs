//! Land, coasts, borders and graticule on the graphics card, in levels of detail. Uploaded once.

use bevy::{
    prelude::*,
    render::{
        render_resource::{Buffer, BufferInitDescriptor, BufferUsages},
        renderer::RenderDevice,
    },
};
use bytemuck::{Pod, Zeroable};

use crate::world::{Level, World as WorldData};

/// One piece of a line. Twin of `Segment` in `world.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Segment {
    from_lon_lat: [f32; 2],
    to_lon_lat: [f32; 2],
    kind: u32,
}
pub(super) const SEGMENT_BYTES: usize = size_of::<Segment>();
const _: () = assert!(SEGMENT_BYTES == 20);

/// Indices into `lines` of `view.wgsl`.
const COAST: u32 = 0;
const BORDER: u32 = 1;
const GRATICULE: u32 = 2;

/// Degrees between the lines of the graticule.
const GRATICULE_STEP: i32 = 30;
pub(super) struct MeshLevel {
    /// Finer levels are for worlds wider than this.
    max_world_width_px: f32,
    pub(super) land_vertices: Buffer,
    pub(super) land_indices: Buffer,
    pub(super) land_index_count: u32,
    pub(super) segments: Buffer,
    pub(super) segment_count: u32,
}

#[derive(Resource)]
pub(super) struct WorldMesh {
    /// From coarse to fine.
    levels: Vec<MeshLevel>,
}

impl WorldMesh {
    /// The coarsest level that looks full when the globe is so many pixels wide.
    pub(super) fn level(&self, world_width_px: f32) -> Option<&MeshLevel> {
        let enough = self.levels.iter().find(|level| world_width_px <= level.max_world_width_px);
        enough.or(self.levels.last())
    }
}

pub(super) fn upload(mut commands: Commands, device: Res<RenderDevice>) {
    match WorldData::embedded() {
        Ok(world) => {
            let levels = world.levels().iter().map(|level| mesh(&device, level)).collect();
            commands.insert_resource(WorldMesh { levels });
        }
        // The bytes are part of the program: only a broken build gets here, and the dots still show.
        Err(error) => error!("the world map cannot be drawn: {error}"),
    }
}

fn mesh(device: &RenderDevice, level: &Level) -> MeshLevel {
    let mut segments = graticule();
    // Coasts last: they lie over the ends of borders.
    for (lines, kind) in [(&level.borders, BORDER), (&level.coasts, COAST)] {
        segments.extend(lines.segments().map(|segment| Segment {
            from_lon_lat: segment.from,
            to_lon_lat: segment.to,
            kind,
        }));
    }
    let buffer = |label, contents: &[u8], usage| {
        device.create_buffer_with_data(&BufferInitDescriptor { label: Some(label), contents, usage })
    };
    MeshLevel {
        max_world_width_px: level.max_world_width_px as f32,
        land_vertices: buffer(
            "land vertices",
            bytemuck::cast_slice(&level.land_vertices),
            BufferUsages::VERTEX,
        ),
        land_indices: buffer("land indices", bytemuck::cast_slice(&level.land_indices), BufferUsages::INDEX),
        land_index_count: level.land_indices.len() as u32,
        segments: buffer("lines", bytemuck::cast_slice(&segments), BufferUsages::VERTEX),
        segment_count: segments.len() as u32,
    }
}

/// Meridians and parallels; on this projection all of them are straight.
fn graticule() -> Vec<Segment> {
    let line = |from_lon_lat, to_lon_lat| Segment { from_lon_lat, to_lon_lat, kind: GRATICULE };
    let steps =
        |from: i32, to: i32| (from..=to).step_by(GRATICULE_STEP as usize).map(|degrees| degrees as f32);
    steps(-150, 150)
        .map(|lon| line([lon, -85.0], [lon, 85.0]))
        .chain(steps(-60, 60).map(|lat| line([-180.0, lat], [180.0, lat])))
        .collect()
}
