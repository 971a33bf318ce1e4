//! The way up to the graphics card for all that changes while the program runs. What goes up is counted by what it is, so
//! that a benchmark sees that a frame writes no more than what changed in it. Not counted is what a buffer or a texture is
//! made with (the outlines of the world, once), and what Bevy and egui write by themselves.

use bevy::{
    ecs::system::SystemParam,
    prelude::*,
    render::{
        render_resource::{Buffer, Extent3d, TexelCopyBufferLayout, TexelCopyTextureInfo},
        renderer::RenderQueue,
    },
};

/// A table of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Dots,
    Trails,
    Marks,
    /// Of the address space.
    Cells,
}

/// Bytes written since the start. Lives in the render world.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploads {
    /// By [`Table`].
    rows: [u64; 4],
    /// Views, clock and colours.
    pub uniforms: u64,
    /// Ground and heat of the address space.
    pub textures: u64,
}

impl Uploads {
    pub const fn rows(&self, table: Table) -> u64 {
        self.rows[table as usize]
    }
}

#[derive(SystemParam)]
pub(super) struct Upload<'w> {
    queue: Res<'w, RenderQueue>,
    uploads: ResMut<'w, Uploads>,
}

impl Upload<'_> {
    /// Writes rows into the buffer of a table, so many bytes from its beginning.
    pub(super) fn rows(&mut self, (table, buffer): (Table, &Buffer), at: u64, rows: &[u8]) {
        self.uploads.rows[table as usize] += rows.len() as u64;
        self.queue.write_buffer(buffer, at, rows);
    }

    pub(super) fn uniform(&mut self, buffer: &Buffer, bytes: &[u8]) {
        self.uploads.uniforms += bytes.len() as u64;
        self.queue.write_buffer(buffer, 0, bytes);
    }

    pub(super) fn texture(
        &mut self,
        texture: TexelCopyTextureInfo<'_>,
        texels: &[u8],
        layout: TexelCopyBufferLayout,
        size: Extent3d,
    ) {
        self.uploads.textures += texels.len() as u64;
        self.queue.write_texture(texture, texels, layout, size);
    }
}
