//! Points that stand still on the map: the circles of the history, and what queries plot. They lie in layers, one over
//! the other in the order in which they came, and are drawn into the kept picture of the world; so they cost nothing in
//! a frame in which none of them changed.

use std::ops::Range;

use bevy::prelude::Resource;
use bytemuck::{Pod, Zeroable};

use super::stretches::Stretches;

/// One point. Twin of the vertex inputs of `assets/shaders/marks.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Mark {
    /// Degrees east, degrees north.
    pub lon_lat: [f32; 2],
    /// sRGB with straight alpha; a circle takes the ink of the theme instead.
    pub rgba: [u8; 4],
    /// Of a point (the unit of length) 1/64.
    radius_64ths: u16,
    style: u16,
}

/// Uploaded for one changed point.
pub const MARK_BYTES: usize = size_of::<Mark>();
const _: () = assert!(MARK_BYTES == 16);

/// How a point is drawn; the number is known to the shader.
const CIRCLE: u16 = 0;
const DISC: u16 = 1;

impl Mark {
    /// A circle that lets through what lies under it, in the ink of the theme.
    pub fn circle(lon_lat: [f32; 2], radius_points: f32) -> Self {
        Self { lon_lat, rgba: [0; 4], radius_64ths: sixty_fourths(radius_points), style: CIRCLE }
    }

    /// A plain disc with a dark rim.
    pub fn disc(lon_lat: [f32; 2], rgba: [u8; 4], radius_points: f32) -> Self {
        Self { lon_lat, rgba, radius_64ths: sixty_fourths(radius_points), style: DISC }
    }

    pub fn radius_points(&self) -> f32 {
        f32::from(self.radius_64ths) / 64.0
    }
}

fn sixty_fourths(points: f32) -> u16 {
    (points * 64.0).round() as u16
}

/// Which points belong together: they come and go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayerName {
    /// The circles of the simple history.
    History,
    /// Where connections of a stretch of time went.
    Span,
    /// What a query plotted, by its number.
    Plot(u32),
}

#[derive(Debug)]
pub struct MarkLayer {
    pub name: LayerName,
    points: Vec<Mark>,
    dirty: Stretches,
}

impl MarkLayer {
    pub fn points(&self) -> &[Mark] {
        &self.points
    }

    /// Stretches to upload, in order and apart.
    pub fn take_dirty(&mut self, out: &mut Vec<Range<u32>>) -> u64 {
        self.dirty.take(self.points.len() as u32, out)
    }

    pub fn mark_all(&mut self) {
        self.dirty.mark_all(self.points.len() as u32);
    }
}

#[derive(Resource, Debug, Default)]
pub struct Marks {
    layers: Vec<MarkLayer>,
    /// Counts the changes: the kept picture is as old as the number it was drawn with.
    changes: u64,
}

impl Marks {
    /// The lowest first.
    pub fn layers(&self) -> &[MarkLayer] {
        &self.layers
    }

    /// For the upload alone: what is changed through this is not drawn anew.
    pub fn layers_mut(&mut self) -> &mut [MarkLayer] {
        &mut self.layers
    }

    pub const fn changes(&self) -> u64 {
        self.changes
    }

    pub fn layer(&self, name: LayerName) -> Option<&MarkLayer> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// Puts points in place of those of a layer. Only rows that differ go up; the history lies under all plots.
    pub fn put(&mut self, name: LayerName, points: Vec<Mark>) {
        let layer = self.layer_mut(name);
        let mut is_changed = points.len() != layer.points.len();
        for (row, point) in (0u32..).zip(&points) {
            if layer.points.get(row as usize) != Some(point) {
                layer.dirty.mark(row);
                is_changed = true;
            }
        }
        if !is_changed {
            return;
        }
        layer.points = points;
        self.changes += 1;
    }

    /// Writes one row, or one behind the last. Nothing happens where nothing changes.
    pub fn set(&mut self, name: LayerName, row: usize, point: Mark) {
        let layer = self.layer_mut(name);
        let rows = layer.points.len();
        match layer.points.get_mut(row) {
            Some(known) if *known == point => return,
            Some(known) => *known = point,
            None if row == rows => layer.points.push(point),
            None => return,
        }
        layer.dirty.mark(row as u32);
        self.changes += 1;
    }

    /// Takes a layer off the map.
    pub fn clear(&mut self, name: LayerName) {
        let before = self.layers.len();
        self.layers.retain(|layer| layer.name != name);
        self.changes += u64::from(self.layers.len() != before);
    }

    fn layer_mut(&mut self, name: LayerName) -> &mut MarkLayer {
        let at = self.layers.iter().position(|layer| layer.name == name).unwrap_or_else(|| {
            let at = if name == LayerName::History { 0 } else { self.layers.len() };
            self.layers.insert(at, MarkLayer { name, points: Vec::new(), dirty: Stretches::default() });
            at
        });
        &mut self.layers[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(lon: f32) -> Mark {
        Mark::disc([lon, 0.0], [255, 0, 0, 255], 3.2)
    }

    fn dirty(marks: &mut Marks) -> Vec<Range<u32>> {
        let mut out = Vec::new();
        marks.layers_mut()[0].take_dirty(&mut out);
        out
    }

    #[test]
    fn only_rows_that_differ_go_up_and_only_changes_are_drawn() {
        let (mut marks, plot) = (Marks::default(), LayerName::Plot(1));
        let mut points: Vec<Mark> = (0..100).map(|lon| disc(lon as f32)).collect();
        marks.put(plot, points.clone());
        assert_eq!(dirty(&mut marks), vec![0..100]);
        let drawn = marks.changes();
        marks.put(plot, points.clone());
        marks.set(plot, 7, points[7]);
        assert!(dirty(&mut marks).is_empty());
        assert_eq!(marks.changes(), drawn, "nothing to draw");
        points[50] = disc(-3.0);
        marks.put(plot, points.clone());
        assert_eq!(dirty(&mut marks), vec![50..51]);
        points.truncate(20);
        marks.put(plot, points);
        assert!(dirty(&mut marks).is_empty());
        assert_eq!((marks.changes(), marks.layers()[0].points().len()), (drawn + 2, 20));
        marks.set(plot, 20, disc(9.0));
        assert_eq!(dirty(&mut marks), vec![20..21]);
    }

    #[test]
    fn the_history_lies_under_the_plots_and_layers_go_one_by_one() {
        let mut marks = Marks::default();
        for name in [LayerName::Plot(2), LayerName::Plot(1), LayerName::History] {
            marks.put(name, vec![disc(1.0)]);
        }
        let names = |marks: &Marks| marks.layers().iter().map(|layer| layer.name).collect::<Vec<_>>();
        assert_eq!(names(&marks), [LayerName::History, LayerName::Plot(2), LayerName::Plot(1)]);
        let before = marks.changes();
        marks.clear(LayerName::Plot(2));
        marks.clear(LayerName::Plot(3));
        assert_eq!(names(&marks), [LayerName::History, LayerName::Plot(1)]);
        assert_eq!(marks.changes(), before + 1);
    }

    #[test]
    fn radii_are_kept_to_a_64th() {
        assert!((Mark::circle([0.0; 2], 39.8).radius_points() - 39.8).abs() < 1.0 / 64.0);
    }
}
