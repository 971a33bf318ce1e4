//! The names of blocks, at their top left: octets, and what a block is set apart for or who looks after it, as far as
//! there is room. Written anew when the view changed; egui remembers how they are laid out.

use bevy::{ecs::system::SystemParam, prelude::*};
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
        hilbert_view::HilbertView,
        panels::{Panels, PxRect},
        space_tables::{Owner, SpaceFacts},
        theme::{Theme, size},
    },
    hilbert::{
        Family, Prefix, SIDE,
        blocks::{SPECIAL, ipv6_blocks, octet_label},
        ipv6_net,
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

/// A block's own name, as long as there is room: of the smaller ones of IPv4 the last octet says enough until then.
fn number_of(family: Family, block: Prefix, room: f32) -> String {
    const OF_A_LETTER: f32 = 0.62 * size::TEXT_SMALL;
    let is_narrow = |text: &str| text.len() as f32 * OF_A_LETTER > room;
    match family {
        Family::V4 => {
            let octets = block.ipv4().octets();
            let written: Vec<String> =
                octets[..usize::from(block.length() / 8)].iter().map(ToString::to_string).collect();
            let whole = written.join(".");
            match written.last() {
                Some(last) if written.len() > 1 && is_narrow(&whole) => format!(".{last}"),
                _ => whole,
            }
        }
        Family::V6 => {
            let (first, length) = ipv6_net(block);
            let whole = format!("{first}/{length}");
            if is_narrow(&whole) { String::new() } else { whole }
        }
    }
}

/// What is written where.
#[derive(Default)]
pub(in crate::systems::ui) struct Names {
    names: Vec<Name>,
    /// The view that they were written for.
    of: Option<HilbertView>,
}

struct Name {
    at: egui::Pos2,
    job: LayoutJob,
    /// Stands in the middle of its block, whole or not at all; others begin at its corner.
    is_centred: bool,
}

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    space: Res<HilbertView>,
    mut names: BlockNames,
    (labels, panels): (Res<LabelLayout>, Res<Panels>),
) -> Result {
    if !space.has_arrived() {
        names.forget();
        return Ok(());
    }
    // Texts beside dots and panels go before.
    let labels = labels.placed.iter().map(|label| &label.rect);
    let taken: Vec<PxRect> = labels.chain(&panels.rects).copied().collect();
    names.show(contexts.ctx_mut()?, &space, &taken);
    Ok(())
}

/// The names on one picture.
#[derive(SystemParam)]
pub(in crate::systems::ui) struct BlockNames<'w, 's> {
    theme: Res<'w, Theme>,
    facts: ResMut<'w, SpaceFacts>,
    names: Local<'s, Names>,
}

impl BlockNames<'_, '_> {
    pub(in crate::systems::ui) fn forget(&mut self) {
        *self.names = Names::default();
    }

    /// Writes them where nothing else is. `taken` is in pixels.
    pub(in crate::systems::ui) fn show(
        &mut self,
        context: &egui::Context,
        space: &HilbertView,
        taken: &[PxRect],
    ) {
        let Self { theme, facts, names } = self;
        let painter = context.layer_painter(LayerId::background());
        if names.of.as_ref() != Some(space) || theme.is_changed() || facts.is_changed() {
            names.of = Some(*space);
            let facts = facts.bypass_change_detection();
            Writer { space, theme, facts, names: &mut names.names }.write();
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
            if !taken.iter().any(|taken| taken.overlaps(&rect)) {
                painter.galley(at, galley, Color32::PLACEHOLDER);
            }
        }
    }
}

struct Writer<'a> {
    space: &'a HilbertView,
    theme: &'a Theme,
    facts: &'a mut SpaceFacts,
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
                for length in [8, 16, 24, 32] {
                    self.numbers(length);
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
        let at = self.corner(cell);
        let colour = self.theme.colours.text_second.egui();
        let room = points - 2.0 * INSET.x;
        self.put(
            at,
            number_of(self.space.family, block, room),
            mono(size::TEXT_SMALL),
            colour,
            points,
            false,
        );
        let word = if points >= WORD_FROM { self.word_of(block) } else { None };
        if let Some(word) = word {
            let below = at + egui::vec2(0.0, size::TEXT_SMALL + 4.0);
            let faint = self.theme.colours.text_faint.egui();
            self.put(below, word, sans(size::TEXT_SMALL), faint, points, false);
        }
    }

    /// Whose it is, or what it is set apart for.
    fn word_of(&mut self, block: Prefix) -> Option<String> {
        if self.space.family == Family::V4 {
            if block.length() == 8 {
                return Some(octet_label(block.ipv4().octets()[0]));
            }
            // What it is set apart for stands in its middle.
            if SPECIAL.iter().any(|special| special.block.holds(block)) {
                return None;
            }
        }
        match &self.facts.of(self.space.family, block)?.system {
            Owner::One(system) if system.organisation.is_empty() => Some(format!("AS{}", system.number)),
            Owner::One(system) => Some(system.organisation.to_string()),
            Owner::Nobody | Owner::Several => None,
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
        if self.names.len() < MOST_NAMES && !text.is_empty() {
            let mut job = LayoutJob::simple_singleline(text, font, colour);
            job.wrap = TextWrapping::truncate_at_width(points - 2.0 * INSET.x);
            self.names.push(Name { at, job, is_centred });
        }
    }
}
