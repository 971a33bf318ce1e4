//! A wall on several monitors: the windows that show once more what the main one shows, and how its picture lies in each.
//! The windows are `systems/wall/mirrors`'s, the picture is the renderer's.

use bevy::prelude::{Component, Entity};

/// Marks a window that shows what the main one shows, and the monitor that it fills.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorWindow {
    pub monitor: Entity,
}

/// Marks the camera whose picture is in such a window.
#[derive(Component, Clone, Copy, Debug)]
pub struct MirrorCamera {
    pub window: Entity,
}

/// Where a picture lies in another one of another size: as large as it fits as a whole, in the middle. Corner and size in
/// pixels; sizes that are nothing are taken for a pixel.
pub fn fitted(picture_px: [u32; 2], into_px: [u32; 2]) -> ([f32; 2], [f32; 2]) {
    let [picture, into] = [picture_px, into_px].map(|size| size.map(|px| px.max(1) as f32));
    let scale = (into[0] / picture[0]).min(into[1] / picture[1]);
    let size = picture.map(|px| (px * scale).round());
    let corner = [0, 1].map(|axis| ((into[axis] - size[axis]) / 2.0).floor().max(0.0));
    (corner, [0, 1].map(|axis| size[axis].min(into[axis])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_whole_in_the_middle_of_a_monitor_of_another_shape() {
        assert_eq!(fitted([1920, 1080], [1920, 1080]), ([0.0, 0.0], [1920.0, 1080.0]));
        assert_eq!(fitted([1920, 1080], [3840, 2160]), ([0.0, 0.0], [3840.0, 2160.0]));
        assert_eq!(fitted([1920, 1080], [1280, 1024]), ([0.0, 152.0], [1280.0, 720.0]));
        assert_eq!(fitted([1080, 1920], [1920, 1080]), ([656.0, 0.0], [608.0, 1080.0]));
        assert_eq!(fitted([0, 0], [800, 600]), ([100.0, 0.0], [600.0, 600.0]));
    }
}
