//! What the colours of the address space stand for, and a key to them: of registries and ages all, of blocks, countries and
//! autonomous systems those that most of the connections in it go to.

use std::sync::Arc;

use bevy::{platform::collections::HashMap, prelude::*};
use bevy_egui::egui::{Align2, Color32, Rect, RichText, Sense, Ui, vec2};

use super::{
    super::{row, style::sans},
    WIDTH, pointed,
};
use crate::{
    components::{
        action::{SpaceAction, UiAction},
        connection::SpaceKey,
        hilbert_view::{HilbertView, SpaceColour},
        space_ground::SpaceGround,
        theme::{Theme, size},
    },
    hilbert::{
        Family, Prefix,
        blocks::{Registry, ipv6_block, octet_label},
        paint::tint,
    },
    model::{CountryCode, LocatedConnection},
    world::country_name,
};

const SWATCH: f32 = 9.0;
/// Kept for the figure at the end of a row.
const FIGURE_WIDTH: f32 = 56.0;
/// Blocks, countries or systems that are named.
const MOST_NAMED: usize = 6;

/// Connections by what the colours stand for.
#[derive(Default)]
pub(in crate::systems::ui) struct Tops {
    /// By the number of the country or the system, or the first key of the block: how many, and the name of a system.
    counts: HashMap<u32, (usize, Arc<str>)>,
    order: Vec<u32>,
}

impl Tops {
    pub(super) fn clear(&mut self) {
        self.counts.clear();
    }

    pub(super) fn add(&mut self, colour: SpaceColour, at: SpaceKey, connection: &LocatedConnection) {
        let (number, name) = match colour {
            SpaceColour::FirstOctet => (block_of(at.family, at.key).first(), None),
            SpaceColour::Asn => match &connection.asn {
                Some(system) => (system.number, Some(&system.organisation)),
                None => return,
            },
            SpaceColour::Country => match connection.place.as_ref().ok().and_then(|place| place.country) {
                Some(code) => (u16::from_be_bytes(code.0).into(), None),
                None => return,
            },
            _ => return,
        };
        let nameless = || (0, name.cloned().unwrap_or_default());
        self.counts.entry(number).or_insert_with(nameless).0 += 1;
    }

    /// The largest first, as many as there is room for.
    fn sort(&mut self, room: usize) {
        self.order.clear();
        self.order.extend(self.counts.keys());
        let counts = &self.counts;
        self.order.sort_unstable_by_key(|number| (std::cmp::Reverse(counts[number].0), *number));
        self.order.truncate(MOST_NAMED.min(room));
    }
}

/// Of IPv4 the /8, of IPv6 what a registry was given; all of it where nobody was given anything.
fn block_of(family: Family, key: u32) -> Prefix {
    match family {
        Family::V4 => Prefix::of(key, 8),
        Family::V6 => ipv6_block(key).map_or(Prefix::ALL, |block| block.block),
    }
}

/// `floor`: how far down the key may reach, in points of the window.
pub(super) fn show(
    ui: &mut Ui,
    space: &HilbertView,
    ground: &SpaceGround,
    (tops, floor): (&mut Tops, f32),
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let faint = theme.colours.text_faint.egui();
    let colour = match (space.colour, space.family) {
        (SpaceColour::FirstOctet, Family::V4) => "colour: first octet  y",
        (SpaceColour::FirstOctet, Family::V6) => "colour: block  y",
        (SpaceColour::Registry, _) => "colour: registry  y",
        (SpaceColour::Country, _) => "colour: country  y",
        (SpaceColour::Asn, _) => "colour: autonomous system  y",
        (SpaceColour::Rule, _) => "colour: rule of the newest  y",
        (SpaceColour::Age, _) => "colour: age of the newest  y",
    };
    let curve = if space.shows_curve {
        "line along all addresses: on  v"
    } else {
        "line along all addresses: off  v"
    };
    for (words, action) in [(colour, SpaceAction::NextColour), (curve, SpaceAction::ToggleCurve)] {
        let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        row::text(ui, line.left_center(), Align2::LEFT_CENTER, words, sans(size::TEXT_SMALL), faint);
        if response.clicked() {
            actions.write(UiAction::Space(action));
        }
    }
    if !ground.shows(space.family, space.colour) {
        let text = RichText::new("colouring…").font(sans(size::TEXT_SMALL));
        ui.label(text.color(theme.colours.text_second.egui()));
        return;
    }
    match space.colour {
        SpaceColour::Registry => {
            chips(ui, Registry::ALL.map(|it| (tint::of_registry(it), it.name())).into_iter(), theme);
        }
        SpaceColour::Age => chips(ui, tint::AGES.map(|(_, rgb, name)| (rgb, name)).into_iter(), theme),
        SpaceColour::FirstOctet | SpaceColour::Country | SpaceColour::Asn => {
            show_tops(ui, space, ground, (tops, floor), theme);
        }
        // It has the colour key.
        SpaceColour::Rule => {}
    }
}

fn chips(ui: &mut Ui, of: impl Iterator<Item = ([u8; 3], &'static str)>, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID * 0.5;
        for (colour, name) in of {
            let (swatch, _) = ui.allocate_exact_size(vec2(SWATCH, SWATCH), Sense::hover());
            ui.painter().rect_filled(swatch, 2.0, egui(colour));
            let name = RichText::new(name).font(sans(size::TEXT_SMALL));
            ui.label(name.color(theme.colours.text_second.egui()));
            ui.add_space(size::GRID * 0.5);
        }
    });
}

fn show_tops(
    ui: &mut Ui,
    space: &HilbertView,
    ground: &SpaceGround,
    (tops, floor): (&mut Tops, f32),
    theme: &Theme,
) {
    // The last row is the others'.
    let rows = (floor - ui.cursor().top()) / (row::ROW_HEIGHT + ui.spacing().item_spacing.y) - 1.0;
    tops.sort(rows.max(0.0) as usize);
    let mut others: usize = tops.counts.values().map(|(count, _)| count).sum();
    for number in &tops.order {
        let (count, organisation) = &tops.counts[number];
        others -= count;
        let (colour, name) = match space.colour {
            SpaceColour::FirstOctet => block_row(space.family, *number, ground),
            SpaceColour::Asn if organisation.is_empty() => {
                (tint::hue(tint::number(*number)), format!("AS{number}"))
            }
            SpaceColour::Asn => (tint::hue(tint::number(*number)), organisation.to_string()),
            _ => {
                let code = CountryCode((*number as u16).to_be_bytes());
                (tint::hue(tint::country_number(code)), country_name(code).to_owned())
            }
        };
        let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let swatch =
            Rect::from_center_size(line.left_center() + vec2(SWATCH * 0.5, 0.0), vec2(SWATCH, SWATCH));
        ui.painter().rect_filled(swatch, 2.0, egui(colour));
        let text = theme.colours.text_second.egui();
        // The figure stands at the right.
        let room =
            Rect::from_min_max(line.min + vec2(SWATCH + size::GRID, 0.0), line.max - vec2(FIGURE_WIDTH, 0.0));
        row::clipped(ui, room, &name, sans(size::TEXT_SMALL), text);
        row::figure(ui, line, *count, text);
    }
    // The figure of all stands above.
    if others > 0 && !tops.order.is_empty() {
        let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let text = theme.colours.text_faint.egui();
        let at = line.left_center() + vec2(SWATCH + size::GRID, 0.0);
        row::text(ui, at, Align2::LEFT_CENTER, "others", sans(size::TEXT_SMALL), text);
        row::figure(ui, line, others, text);
    }
}

/// Colour and name of the block with a first key.
fn block_row(family: Family, first: u32, ground: &SpaceGround) -> ([u8; 3], String) {
    let name = match family {
        Family::V4 => {
            let octet = (first >> 24) as u8;
            format!("{octet}  {}", octet_label(octet))
        }
        Family::V6 => {
            let block = block_of(family, first);
            let word = ipv6_block(first).map_or("given to nobody", |block| block.label);
            format!("{}  {word}", pointed::names(family, block).0)
        }
    };
    (ground.colour_of(first), name)
}

const fn egui([r, g, b]: [u8; 3]) -> Color32 {
    Color32::from_rgb(r, g, b)
}
