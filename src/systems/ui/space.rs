//! What stands beside and on the address space: at the top right what is seen of it, what colours mean, what lies under
//! the pointer and a field to fly somewhere; on the square the names of its blocks.

mod blocks;
mod pointed;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, FontSelection, Key, Order, RichText, Sense, TextEdit, Ui, vec2},
};

use super::{
    panel, row,
    style::{medium, mono, sans},
};
use crate::{
    components::{
        action::{SpaceAction, UiAction},
        connection::{Connection, SpaceKey, Trail},
        dots::DotRow,
        filtering::Passes,
        hilbert_tint::registry_colour,
        hilbert_view::{Family, HilbertView, SpaceColour},
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    hilbert::{Prefix, blocks::Registry, ipv6_key},
};

pub(super) use blocks::show as show_blocks;

const WIDTH: f32 = 236.0;
const SWATCH: f32 = 9.0;
/// Below the corner in which the exit button is.
const TOP: f32 = 46.0;

type Counted = (Option<&'static SpaceKey>, Option<&'static DotRow>, &'static Passes);

/// What is typed to fly to.
#[derive(Default)]
pub(super) struct Draft {
    text: String,
    is_wrong: bool,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    (space, view, theme): (Res<HilbertView>, Res<MapView>, Res<Theme>),
    open: Query<Counted, (With<Connection>, Without<Trail>)>,
    mut draft: Local<Draft>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !space.is_shown || !view.has_room_for_panels() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    // A layer of its own is a panel or a window; the map has none.
    let is_bare =
        |at: &egui::Pos2| context.layer_id_at(*at).is_none_or(|layer| layer.order == Order::Background);
    let pointer = context.input(|input| input.pointer.hover_pos()).filter(is_bare);
    let pointed = pointer.and_then(|at| space.key_at([at.x, at.y].map(|at| at * view.px_per_point)));
    let block = pointed.map(|key| pointed::block(&space, key));
    let mut sums = Sums::default();
    for (key, row, _) in open.iter().filter(|(.., passes)| passes.0) {
        sums.add(key, row, space.family, block);
    }
    let offset = vec2(-size::MARGIN, TOP);
    let (rect, ()) = panel::floating(context, "space", Align2::RIGHT_TOP, offset, &theme, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.set_width(WIDTH);
        head(ui, &space, &sums, &theme, &mut actions);
        colours(ui, &space, &theme, &mut actions);
        field(ui, &space, &mut draft, &theme, &mut actions);
        if let Some(block) = block {
            ui.add_space(size::GRID * 0.5);
            ui.separator();
            pointed::show(ui, &space, block, sums.pointed, &theme);
        }
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

/// How many connections have a cell, and where the others are.
#[derive(Default)]
struct Sums {
    here: usize,
    other_family: usize,
    /// No address of either square.
    nowhere: usize,
    pointed: usize,
}

impl Sums {
    fn add(&mut self, key: Option<&SpaceKey>, row: Option<&DotRow>, family: Family, block: Option<Prefix>) {
        match key {
            // Hidden, as its rule or its agent is.
            Some(_) if row.is_none_or(|row| row.0.is_none()) => {}
            Some(key) if key.family == family => {
                self.here += 1;
                self.pointed += usize::from(block.is_some_and(|block| block.contains(key.key)));
            }
            Some(_) => self.other_family += 1,
            None => self.nowhere += 1,
        }
    }
}

fn head(ui: &mut Ui, space: &HilbertView, sums: &Sums, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let colours = &theme.colours;
    let (title, each, other) = match space.family {
        Family::V4 => ("IPv4, all of it", "one cell an address", "IPv6"),
        Family::V6 => ("IPv6, 2000::/3", "one cell a /35", "IPv4"),
    };
    ui.label(RichText::new(title).font(medium(size::TEXT_LARGE)));
    ui.label(RichText::new(each).font(sans(size::TEXT_SMALL)).color(colours.text_second.egui()));
    let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    row::text(
        ui,
        line.left_center(),
        Align2::LEFT_CENTER,
        "connections here",
        sans(size::TEXT),
        colours.text.egui(),
    );
    row::figure(ui, line, sums.here, colours.text.egui());
    if sums.other_family > 0 {
        let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let text = format!("{other}, not on this view  6");
        row::text(
            ui,
            line.left_center(),
            Align2::LEFT_CENTER,
            &text,
            sans(size::TEXT),
            colours.warning.egui(),
        );
        row::figure(ui, line, sums.other_family, colours.warning.egui());
        if response.clicked() {
            actions.write(UiAction::Space(SpaceAction::ToggleFamily));
        }
    }
    if sums.nowhere > 0 {
        let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let text = "IPv6 outside 2000::/3";
        row::text(
            ui,
            line.left_center(),
            Align2::LEFT_CENTER,
            text,
            sans(size::TEXT),
            colours.text_second.egui(),
        );
        row::figure(ui, line, sums.nowhere, colours.text_second.egui());
    }
}

fn colours(ui: &mut Ui, space: &HilbertView, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let faint = theme.colours.text_faint.egui();
    for (words, action) in [
        (
            match (space.colour, space.family) {
                (SpaceColour::FirstOctet, Family::V4) => "colour: first octet  y",
                (SpaceColour::FirstOctet, Family::V6) => "colour: block  y",
                (SpaceColour::Registry, _) => "colour: registry  y",
            },
            SpaceAction::NextColour,
        ),
        (
            if space.shows_curve {
                "line along all addresses: on  v"
            } else {
                "line along all addresses: off  v"
            },
            SpaceAction::ToggleCurve,
        ),
    ] {
        let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        row::text(ui, line.left_center(), Align2::LEFT_CENTER, words, sans(size::TEXT_SMALL), faint);
        if response.clicked() {
            actions.write(UiAction::Space(action));
        }
    }
    if space.colour == SpaceColour::Registry {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = size::GRID * 0.5;
            for registry in Registry::ALL {
                let (swatch, _) = ui.allocate_exact_size(vec2(SWATCH, SWATCH), Sense::hover());
                ui.painter().rect_filled(swatch, 2.0, registry_colour(registry, theme).egui());
                let name = RichText::new(registry.name()).font(sans(size::TEXT_SMALL));
                ui.label(name.color(theme.colours.text_second.egui()));
                ui.add_space(size::GRID * 0.5);
            }
        });
    }
}

fn field(
    ui: &mut Ui,
    space: &HilbertView,
    draft: &mut Draft,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let hint = match space.family {
        Family::V4 => "fly to 198.51.100.0/24",
        Family::V6 => "fly to 2001:db8::",
    };
    let field = TextEdit::singleline(&mut draft.text)
        .font(FontSelection::FontId(mono(size::TEXT_SMALL)))
        .hint_text(RichText::new(hint).font(mono(size::TEXT_SMALL)))
        .desired_width(WIDTH)
        .margin(egui::Margin::symmetric(6, 4));
    let field = if draft.is_wrong { field.text_color(theme.colours.error.egui()) } else { field };
    let response = ui.add(field);
    if response.changed() {
        draft.is_wrong = false;
    }
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        match block_of(&draft.text, space.family) {
            Some(block) => {
                actions.write(UiAction::Space(SpaceAction::ShowBlock(block)));
            }
            None => draft.is_wrong = true,
        }
    }
}

/// Of an address or a network of the family that is shown.
fn block_of(text: &str, family: Family) -> Option<Prefix> {
    let text = text.trim();
    match family {
        Family::V4 => text.parse().ok(),
        Family::V6 => {
            const BITS_BEFORE: u8 = 3;
            const LONGEST: u8 = 35;
            let (address, length) = text.split_once('/').unwrap_or((text, "35"));
            let length: u8 = length.parse().ok().filter(|length| (BITS_BEFORE..=128).contains(length))?;
            Some(Prefix::of(ipv6_key(address.parse().ok()?)?, length.min(LONGEST) - BITS_BEFORE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_flown_to() {
        assert_eq!(block_of(" 10.1.2.3 ", Family::V4), Some(Prefix::of(0x0a01_0203, 32)));
        assert_eq!(block_of("10.0.0.0/8", Family::V4), Some(Prefix::of(0x0a00_0000, 8)));
        assert_eq!(block_of("2001:db8::/32", Family::V4), None);
        let block = block_of("2001:db8::/32", Family::V6).unwrap();
        assert_eq!(
            (block.length(), block.contains(ipv6_key("2001:db8::1".parse().unwrap()).unwrap())),
            (29, true)
        );
        for wrong in ["fe80::1", "2001:db8::/2", "10.0.0.1", "x"] {
            assert_eq!(block_of(wrong, Family::V6), None, "{wrong}");
        }
    }
}
