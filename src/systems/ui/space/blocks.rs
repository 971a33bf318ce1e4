//! The names of blocks, at their top left: octets, and what a block is set apart for or who looks after it, as far as
//! there is room. Written anew when the view changed; egui remembers how they are laid out.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{
        self, Color32, FontId, LayerId,
        text::{LayoutJob, TextWrapping},
    },
};

use super::super::{
    label_layout::LabelLayout,
    style::{mono, sans},
};
use crate::{
    components::{
        hilbert_view::{Family, HilbertView},
        panels::{Panels, PxRect},
        theme::{Theme, size},
    },
    hilbert::{
        Prefix, SIDE,
        blocks::{SPECIAL, ipv4_holder, ipv4_status, ipv6_blocks},
    },
};

/// From this side of a block on, in points, its octets are written, and a word below them.
const NUMBER_FROM: f32 = 30.0;
const WORD_FROM: f32 = 62.0;
/// A block larger than this has said its name: those in it say theirs.
const NUMBER_TO: f32 = 1_200.0;
/// Of what is written, from the corner of the block, in points.
const INSET: egui::Vec2 = egui::vec2(4.0, 3.0);
/// More than a screen has room for.
const MOST_NAMES: usize = 4_000;

/// What is written where.
#[derive(Default)]
pub(in crate::systems::ui) struct Names {
    names: Vec<Name>,
    is_written: bool,
}

struct Name {
    at: egui::Pos2,
    job: LayoutJob,
    /// Stands in the middle of its block, whole or not at all; others begin at its corner.
    is_centred: bool,
}

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    (space, theme): (Res<HilbertView>, Res<Theme>),
    (labels, panels): (Res<LabelLayout>, Res<Panels>),
    mut names: Local<Names>,
) -> Result {
    if !space.has_arrived() {
        *names = Names::default();
        return Ok(());
    }
    let painter = contexts.ctx_mut()?.layer_painter(LayerId::background());
    if !names.is_written || space.is_changed() || theme.is_changed() {
        names.is_written = true;
        Writer { space: &space, theme: &theme, names: &mut names.names }.write();
    }
    let points = space.px_per_point();
    for Name { at, job, is_centred } in &names.names {
        let galley = painter.layout_job(job.clone());
        // Half a word says nothing.
        if *is_centred && galley.elided {
            continue;
        }
        let at = if *is_centred { *at - galley.size() * 0.5 } else { *at };
        let end = at + galley.size();
        let rect = PxRect { min: [at.x * points, at.y * points], max: [end.x * points, end.y * points] };
        // Texts beside dots and panels go before.
        let labels = labels.placed.iter().map(|label| &label.rect);
        if !labels.chain(&panels.rects).any(|taken| taken.overlaps(&rect)) {
            painter.galley(at, galley, Color32::PLACEHOLDER);
        }
    }
    Ok(())
}

struct Writer<'a> {
    space: &'a HilbertView,
    theme: &'a Theme,
    names: &'a mut Vec<Name>,
}

impl Writer<'_> {
    fn write(&mut self) {
        self.names.clear();
        match self.space.family {
            Family::V4 => {
                for special in SPECIAL.iter().filter(|special| special.block.length() != 8) {
                    self.word(special.block, special.label);
                }
                for length in [8, 16, 24, 32] {
                    self.numbers(length);
                }
            }
            Family::V6 => {
                for block in ipv6_blocks() {
                    self.word(block.block, block.label);
                }
            }
        }
    }

    /// Octets of all blocks of a length that are in sight.
    fn numbers(&mut self, length: u8) {
        let side = f64::from(SIDE >> (length / 2));
        let points = (side * self.space.px_per_cell()) as f32 / self.space.px_per_point();
        if !(NUMBER_FROM..NUMBER_TO).contains(&points) {
            return;
        }
        let blocks = f64::from(1_u32 << (length / 2));
        let [from, to] = [[0.0; 2], self.space.size_px()].map(|px| {
            self.space.cell_from_px(px).map(|at| (at / side).floor().clamp(0.0, blocks - 1.0) as u32)
        });
        for row in from[1]..=to[1] {
            for column in from[0]..=to[0] {
                let cell = [column, row].map(|at| (f64::from(at) * side) as u16);
                let block = Prefix::at(cell, length, self.space.orientation);
                self.number(block, cell.map(f64::from), points);
            }
        }
    }

    fn number(&mut self, block: Prefix, cell: [f64; 2], points: f32) {
        let octets = block.ipv4().octets();
        let written: Vec<String> =
            octets[..usize::from(block.length() / 8)].iter().map(ToString::to_string).collect();
        // Of the smaller ones the last octet says enough, until there is room for all.
        let whole = written.join(".");
        let font = mono(size::TEXT_SMALL);
        let is_narrow = whole.len() as f32 * size::TEXT_SMALL * 0.62 > points - 2.0 * INSET.x;
        let text = match written.last() {
            Some(last) if is_narrow && written.len() > 1 => format!(".{last}"),
            _ => whole,
        };
        let at = self.corner(cell);
        self.put(at, text, font.clone(), self.theme.colours.text_second.egui(), points, false);
        if block.length() == 8 && points >= WORD_FROM {
            let word = SPECIAL.iter().find(|special| special.block.holds(block)).map_or_else(
                || ipv4_holder(octets[0]).map_or_else(|| ipv4_status(octets[0]).to_string(), str::to_owned),
                |special| special.label.to_owned(),
            );
            let below = at + egui::vec2(0.0, size::TEXT_SMALL + 4.0);
            self.put(
                below,
                word,
                sans(size::TEXT_SMALL),
                self.theme.colours.text_faint.egui(),
                points,
                false,
            );
        }
    }

    /// What a block is, in its middle, where there is room.
    fn word(&mut self, block: Prefix, word: &str) {
        let [from, to] = self.space.px_of_area(block.area(self.space.orientation));
        let points = (to[0] - from[0]) / self.space.px_per_point();
        if !(NUMBER_FROM..NUMBER_TO).contains(&points) {
            return;
        }
        let middle = egui::pos2(from[0] + to[0], from[1] + to[1]) / (2.0 * self.space.px_per_point());
        let colour = self.theme.colours.text_second.egui();
        self.put(middle, word.to_owned(), sans(size::TEXT_SMALL), colour, points, true);
    }

    fn corner(&self, cell: [f64; 2]) -> egui::Pos2 {
        let px = self.space.px_from_cell(cell);
        egui::pos2(px[0], px[1]) / self.space.px_per_point() + INSET
    }

    /// What is wider than its block is cut.
    fn put(
        &mut self,
        at: egui::Pos2,
        text: String,
        font: FontId,
        colour: Color32,
        points: f32,
        is_centred: bool,
    ) {
        if self.names.len() < MOST_NAMES {
            let mut job = LayoutJob::simple_singleline(text, font, colour);
            job.wrap = TextWrapping::truncate_at_width(points - 2.0 * INSET.x);
            self.names.push(Name { at, job, is_centred });
        }
    }
}
