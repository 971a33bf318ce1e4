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
    model::Asn,
};

/// From this side of a block on, in points, its octets are written, and a word below them.
const NUMBER_FROM: f32 = 30.0;
const WORD_FROM: f32 = 62.0;
/// The same of smaller ones, whose octets have a dot before them.
const OCTETS_FROM: f32 = 38.0;
/// Height of a number and the word below it, in points.
const LINES: f32 = 34.0;
/// In a block of this side those in it, a 16th as long, say their numbers at the same corner.
const NUMBER_TO: f32 = 16.0 * OCTETS_FROM;
/// A block that is set apart and larger than this has said so.
const WORD_TO: f32 = 1_200.0;
/// Of what is written, from the corner of the block, in points.
const INSET: egui::Vec2 = egui::vec2(4.0, 3.0);
/// Of letters, in points.
const SHADOW: egui::Vec2 = egui::vec2(0.8, 0.8);
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
        let (points, shadow) = (space.px_per_point(), theme.colours.ocean_bottom.egui());
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
                // What was heard may glow as brightly as the letters.
                painter.galley_with_override_text_color(at + SHADOW, galley.clone(), shadow);
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
        let from = if length == 8 { NUMBER_FROM } else { OCTETS_FROM };
        if points < from || (points >= NUMBER_TO && length < 32) {
            return;
        }
        let blocks = f64::from(1_u32 << (length / 2));
        let [from, to] = [[0.0; 2], self.space.size_px()].map(|px| {
            self.space.cell_from_px(px).map(|at| (at / side).floor().clamp(0.0, blocks - 1.0) as u32)
        });
        let block_at = |column: u32, row: u32, orientation| {
            Prefix::at([column, row].map(|at| (f64::from(at) * side) as u16), length, orientation)
        };
        // Whose the blocks of this row are, and of the one above it.
        let (mut owners, mut above): (Vec<Option<Asn>>, Vec<Option<Asn>>) = Default::default();
        for row in from[1]..=to[1] {
            std::mem::swap(&mut owners, &mut above);
            owners.clear();
            for column in from[0]..=to[0] {
                let block = block_at(column, row, self.space.orientation);
                let corner = self.corner([column, row].map(|at| f64::from(at) * side));
                let number = number_of(self.space.family, block, points - 2.0 * INSET.x);
                let colour = self.theme.colours.text_second.egui();
                self.put(corner, number, mono(size::TEXT_SMALL), colour, points, false);
                // What is cut off by the edge says nothing: that beside it does.
                let is_in_sight = corner.x + points > WORD_FROM && corner.y + points > LINES;
                let owner = if points >= WORD_FROM && is_in_sight { self.owner_of(block) } else { None };
                owners.push(owner);
                if points >= WORD_FROM && block.length() == 8 && self.space.family == Family::V4 {
                    self.below(corner, &octet_label(block.ipv4().octets()[0]), points);
                }
            }
            for (at, column) in (from[0]..=to[0]).enumerate() {
                let Some(owner) = &owners[at] else {
                    continue;
                };
                // Of blocks beside each other the first says whose they all are, as far as there is room.
                let is_same = |other: Option<&Option<Asn>>| {
                    other.and_then(Option::as_ref).is_some_and(|other| other.number == owner.number)
                };
                let is_told = at > 0 && is_same(owners.get(at - 1)) || is_same(above.get(at));
                if is_told {
                    continue;
                }
                let run = owners[at..].iter().take_while(|other| is_same(Some(other))).count();
                let corner = self.corner([column, row].map(|at| f64::from(at) * side));
                let name = match &*owner.organisation {
                    "" => format!("AS{}", owner.number),
                    name => name.to_owned(),
                };
                self.below(corner, &name, points * run as f32);
            }
        }
    }

    /// A word below the number of a block.
    fn below(&mut self, corner: egui::Pos2, word: &str, points: f32) {
        let at = corner + egui::vec2(0.0, size::TEXT_SMALL + 4.0);
        let faint = self.theme.colours.text_faint.egui();
        // What begins beyond the edge is told at the edge.
        let shown_at = at.max(egui::Pos2::ZERO + INSET);
        let points = points - (shown_at.x - at.x);
        self.put(shown_at, word.to_owned(), sans(size::TEXT_SMALL), faint, points, false);
    }

    /// Whose all of it is, as far as that is known; blocks that say something else have none.
    fn owner_of(&mut self, block: Prefix) -> Option<Asn> {
        let is_apart = || SPECIAL.iter().any(|special| special.block.holds(block));
        if self.space.family == Family::V4 && (block.length() <= 8 || is_apart()) {
            return None;
        }
        match &self.facts.of(self.space.family, block)?.system {
            Owner::One(system) => Some(system.clone()),
            Owner::Nobody | Owner::Several => None,
        }
    }

    /// What a block is, in its middle, where there is room.
    fn word(&mut self, block: Prefix, word: &str) {
        let [from, to] = self.space.px_of_area(block.area(self.space.orientation));
        let points = (to[0] - from[0]) / self.space.px_per_point();
        if !(NUMBER_FROM..WORD_TO).contains(&points) {
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
